"""What front ends cost, how many waveforms are heard at once, and how long a burst waits.

`python -m benchmarks.speed.front_end`: blocks of kind ``window`` described one at a time and many
at once; devices of three axes at 12.8 kHz, all the time, through decoding and the whole scoring;
bursts through a mosquitto and `serve`, from their end to the score in the store. Processor time is
the process's own, of one thread.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import msgspec
import numpy as np

from benchmarks.lib import load
from benchmarks.lib.machine import machine
from benchmarks.lib.services import DetectorUnderTest, start_broker, start_detector
from detector.engines.fleet import Fleet
from detector.frontends.plans import WindowPlan
from detector.frontends.table import front_end
from detector.ingest.buffer import TakenBlock
from detector.ingest.sources import Sources
from detector.records import Samples
from detector.settings.devices import DeviceRule
from detector.settings.tree import Settings
from detector.store import frames
from detector.store.schema import Engine, open_store
from simulator.demo.children import Children
from simulator.live.publisher import Publisher

RATE_HZ, AXES = 100.0, ("acc_x", "acc_y", "acc_z")
PLAN = WindowPlan(
    inputs=AXES, units=("g",) * 3, block=100, hop=10, sampling_period_s=1 / RATE_HZ,
    centre=(0.0,) * 3, scale=(1.0,) * 3, speed="rpm",
)  # fmt: skip
MODEL = Path("models") / "motor-waveform"
WAVE_HZ, RPM, PIECE_S = 12_800.0, 1200.0, 0.5  # of waveform in a message
BURST_S, EVERY_S, LOOK_S, WITHIN_S = 1.0, 1.5, 0.005, 20.0
FIRST = 5  # bursts that show that nothing comes between two; each waits for a second


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--blocks", type=int, default=2000, help="described in all (default: 2000)")
    parser.add_argument("--seconds", type=int, default=20, help="of waveform (default: 20)")
    parser.add_argument("--bursts", type=int, default=40, help="sent in all; 0: none (default: 40)")
    args = parser.parse_args()
    print(machine())
    print("| blocks at once | µs a block | devices at ten blocks a second, of one core |")
    print("|---|---|---|")
    for count in (1, 10, 100, 500):
        cost_s = cost(count, max(args.blocks // count, 1))
        print(f"| {count} | {1e6 * cost_s:.0f} | {PLAN.hop / RATE_HZ / cost_s:.0f} |")
    _print_devices(args.seconds)
    if args.bursts:
        _print_delays(args.bursts)
    return 0


def cost(count: int, calls: int) -> float:
    """Processor seconds a block, of ``count`` described at once."""
    front, rng = front_end(PLAN), np.random.default_rng(0)
    blocks = rng.normal(0, 1, (count, PLAN.block, len(AXES))).astype(np.float32)
    speeds = rng.uniform(400, 1500, (count, PLAN.block, 1)).astype(np.float32)
    return _cpu_s(lambda: front.describe(blocks, speeds), calls) / count


def _cpu_s(work: Callable[[], object], calls: int) -> float:
    """Processor seconds a call."""
    began = time.process_time()
    for _ in range(calls):
        work()
    return (time.process_time() - began) / calls


def _print_devices(seconds: int) -> None:
    """How many devices of three axes at 12.8 kHz, heard all the time, are carried."""
    decode_s, score_s = decoding(), scoring(seconds)
    print(
        "\n| 3 axes and the speed at 12.8 kHz, all the time | ms of one core a second | devices |"
    )
    print("|---|---|---|")
    for what, cost_s in (("JSON decoded, the network thread", decode_s),
                         ("front end and score, the scoring thread", score_s)):  # fmt: skip
        print(f"| {what} | {1e3 * cost_s:.1f} | {1 / cost_s:.0f} |")
    print(f"| both, on two cores | {1e3 * (decode_s + score_s):.1f} "
          f"| {2 / (decode_s + score_s):.0f} |")  # fmt: skip


def decoding() -> float:
    """Processor seconds for a second of waveform, in messages of half a second."""
    columns = waveform(PIECE_S)
    message = {name: column.tolist() for name, column in columns.items()}
    payload = msgspec.json.encode({**message, "ts": 0.0, "fs": WAVE_HZ})
    sources = Sources(Settings().all_sources)
    return _cpu_s(lambda: sources.decode("sensors/m", payload, 0.0), 20) / PIECE_S


def scoring(seconds: int) -> float:
    """Processor seconds for a second of waveform through the scoring of one device."""
    fleet = Fleet(Settings(devices=(DeviceRule(match="*", model=MODEL),)), lambda *_: ([], []), {})
    columns = waveform(PIECE_S)
    names = (*AXES, "rpm")
    values = np.column_stack([columns[name] for name in names]).astype(np.float32)

    def feed(first: float, last: float) -> None:
        for at in np.arange(first, last, PIECE_S):
            block = TakenBlock("m", Samples(names, columns["ts"] + at, values), at, broken=False)
            fleet.begin([block])
            fleet.score([block])

    feed(0.0, 3.0)  # what is done once
    return _cpu_s(lambda: feed(3.0, 3.0 + seconds), 1) / seconds


def waveform(seconds: float, seed: int = 0) -> dict[str, np.ndarray]:
    """Columns of a machine at a constant speed, a little noise on each axis."""
    n = round(seconds * WAVE_HZ)
    noise = np.random.default_rng(seed).normal(0, 0.005, (n, len(AXES))).round(6)
    columns = {"ts": np.arange(n) / WAVE_HZ, **dict(zip(AXES, noise.T, strict=True))}
    return {**columns, "rpm": np.full(n, RPM)}


def _print_delays(bursts: int) -> None:
    delays = 1e3 * np.array(burst_delays(bursts + FIRST))[FIRST:]
    median, p95 = np.percentile(delays, [50, 95])
    print(f"\nburst of {BURST_S:g} s at 12.8 kHz, its end to its score in the store, through a "
          f"mosquitto and serve: median {median:.0f} ms, p95 {p95:.0f} ms of {len(delays)} "
          f"after the first {FIRST}")  # fmt: skip


def burst_delays(count: int) -> list[float]:
    """Seconds from the end of each burst, when it is sent, to the score of its last block."""
    with tempfile.TemporaryDirectory() as name, Children(Path(name)) as children:
        folder = Path(name)
        _, url = start_broker(children, folder)
        store = open_store(f"sqlite:///{folder / 'faultline.db'}")
        start_detector(children, DetectorUnderTest(MODEL.absolute(), 256), url, store, folder)
        device, columns = f"{load.PREFIX}hf", waveform(BURST_S)
        with Publisher(url) as publisher:
            found = []
            for _ in range(count):
                begun = time.time()
                stamped = {**columns, "ts": columns["ts"] + begun - BURST_S}
                publisher.publish(device, stamped, rate_hz=WAVE_HZ)
                found.append(_scored_at(store, device, begun - 2 / WAVE_HZ) - begun)
                time.sleep(max(EVERY_S - (time.time() - begun), 0.0))
        store.dispose()
    return found


def _scored_at(store: Engine, device: str, end: float) -> float:
    """When the block that ends with a burst has its score in the store, UTC seconds."""
    deadline = time.time() + WITHIN_S
    while time.time() < deadline:
        with store.connect() as connection:
            scored = frames.between(connection, device, end, np.inf)
        if any(np.isfinite(frame.score).any() for frame in scored):
            return time.time()
        time.sleep(LOOK_S)
    raise TimeoutError(f"front_end: no score of a burst within {WITHIN_S:g} s")


if __name__ == "__main__":
    sys.exit(main())
