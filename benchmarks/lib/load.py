"""What the pipeline benchmark publishes, and the process that publishes it.

``python -m benchmarks.lib.load URL FOLDER`` reads ``load.json`` and ``signals.npy`` of the folder
and publishes them on an absolute schedule; ``BEGUN`` tells when it began and ``HANDED`` when each
batch was handed to the broker.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from simulator.live.publisher import Publisher
from simulator.machines.motor import FEATURES, MOTORS, Motor
from simulator.machines.profile import CALM, STEADY
from simulator.machines.sensor import Probe

Array = npt.NDArray[np.float64]

PREFIX = "bench-"
SIGNALS, LOAD, BEGUN, HANDED = "signals.npy", "load.json", "begun", "handed.npy"
ALWAYS_RUN = replace(CALM, durations=STEADY)
SETTLING = 50  # samples at the start of a motor that are left out
FAULT_S = 2.0  # how long a planted fault lasts
FAULT_SIGMAS = 10.0
FAULT_FIRST_S = 1.0  # after the warm-up
FAULT_EVERY_S = 28.0  # an alarm has cleared long before the device's next fault
FAULT_ROOM_S = 4.0  # between the last faults and the end
GOLDEN = 0.618034  # multiples of it, modulo 1, are spread evenly


@dataclass(frozen=True)
class Load:
    """How much is published: ``devices``, each ``rate_hz`` in batches of ``batch`` samples."""

    devices: int
    rate_hz: float
    batch: int
    seconds: float
    warm_up_s: float

    @property
    def batch_s(self) -> float:
        """Seconds between two batches of a device."""
        return self.batch / self.rate_hz

    @property
    def batches(self) -> int:
        """Batches per device, warm-up included."""
        return round((self.warm_up_s + self.seconds) / self.batch_s)

    @property
    def total_s(self) -> float:
        """Seconds of publishing."""
        return self.batches * self.batch_s

    def due_s(self) -> Array:
        """When each batch is complete and goes out, seconds after the beginning.

        Devices follow each other evenly; shape (devices, batches).
        """
        first = (1 + np.arange(self.devices) / self.devices)[:, None]
        return (first + np.arange(self.batches)) * self.batch_s

    def schedule(self) -> Iterator[tuple[int, int]]:
        """Device and batch in the order they are due."""
        return ((d, b) for b in range(self.batches) for d in range(self.devices))

    def faults(self) -> list[tuple[int, int]]:
        """Device and batch of every planted fault's onset: one or two per device in a minute."""
        last_s = self.seconds - FAULT_ROOM_S
        reach_s = min(FAULT_EVERY_S, last_s - FAULT_FIRST_S)
        found = []
        for device in range(self.devices):
            first_s = FAULT_FIRST_S + device * GOLDEN % 1 * reach_s
            onsets_s = np.arange(first_s, last_s + 1e-9, FAULT_EVERY_S)
            found += [(device, round((self.warm_up_s + s) / self.batch_s)) for s in onsets_s]
        return found


def name_of(device: int) -> str:
    """The name a device publishes under."""
    return f"{PREFIX}{device:03d}"


def healthy(seed: int, samples: int, rate_hz: float) -> Array:
    """One running motor, shape (samples, 3)."""
    design = MOTORS["motor-600"]
    probe = Probe(rate_hz=rate_hz)
    motor = Motor(design, seed=seed, probe=probe, habits=ALWAYS_RUN, begin_running=True)
    return motor.block(SETTLING + samples).acc[SETTLING:]


def make_signals(load: Load, seed: int, motors: int | None = None) -> Array:
    """All devices with their planted faults, shape (devices, samples, 3).

    Args:
        load: How much.
        seed: Of the first motor.
        motors: Different ones at most, since simulating takes time; None: each device its own.
    """
    samples = load.batches * load.batch
    count = min(motors or load.devices, load.devices)
    different = [healthy(seed + number, samples, load.rate_hz) for number in range(count)]
    signals = np.stack([different[device % count] for device in range(load.devices)])
    bias = FAULT_SIGMAS * signals[..., 0].std()
    for device, batch in load.faults():
        first = batch * load.batch
        signals[device, first : first + round(FAULT_S * load.rate_hz), 0] += bias
    return signals.round(7)


def write_load(load: Load, signals: Array, folder: Path) -> None:
    """Leave what the publishing process needs in ``folder``."""
    (folder / LOAD).write_bytes(msgspec.json.encode(load))
    np.save(folder / SIGNALS, signals)


def main(url: str, folder: Path) -> None:
    """Publish; every message is acknowledged by the broker when it returns."""
    load = msgspec.json.decode((folder / LOAD).read_bytes(), type=Load)
    signals = np.load(folder / SIGNALS)
    with Publisher(url) as publisher:
        unfinished, began = folder / f"{BEGUN}.part", time.time()
        unfinished.write_text(repr(began))
        unfinished.rename(folder / BEGUN)
        handed = publish(load, signals, publisher, began)
        publisher.flush()
    np.save(folder / HANDED, handed)


def publish(load: Load, signals: Array, publisher: Publisher, began: float) -> Array:
    """Publish all batches when they are due; returns when each went, shape (devices, batches)."""
    due, handed = began + load.due_s(), np.full((load.devices, load.batches), np.nan)
    ages_s = np.arange(load.batch - 1, -1, -1) / load.rate_hz  # a batch ends with the newest
    for device, batch in load.schedule():
        rows = signals[device, batch * load.batch :][: load.batch]
        columns = dict(zip(FEATURES, rows.T, strict=True))
        time.sleep(max(0.0, due[device, batch] - time.time()))
        handed[device, batch] = time.time()
        publisher.publish(name_of(device), {"ts": due[device, batch] - ages_s, **columns})
    return handed


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
