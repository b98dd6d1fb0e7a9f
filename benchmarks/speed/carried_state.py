"""What a sample costs where the encoder's state goes on, beside encoding each window anew.

`python -m benchmarks.speed.carried_state`: one new sample of each device at a time. *One by one* is
the naive reference, `lstm_ae` with one forward for each device's window; *one batch* the same over
all devices, as the detector calls it; then `lstm_ae_stream`, its devices each in another place of
their sessions, so that some have two states. Fresh weights, hidden 64, windows of 60 samples and 3
features, one thread; the ways take turns, and the median of the processor's time counts. *Network*
is from laid-out samples to residuals, *scored* as the detector does it: states found and put back,
and the terms that a score is made of. What lays samples out is not in it.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from torch.nn.utils.rnn import PackedSequence
from tqdm import tqdm

from benchmarks.lib.aims import Aim, tell
from benchmarks.lib.machine import machine
from detector.networks.base import build_network
from detector.networks.contract import CarryingNetwork
from detector.records import Values
from detector.scoring.detectors import detector_for
from detector.scoring.runtimes.carried import AT_ONCE, Carrier, Lanes, Span
from detector.scoring.scorer import score_views

WINDOW, FEATURES, HIDDEN, CHUNK = 60, 3, 64, 256
NAIVE, STREAM = "`lstm_ae`, one by one", "`lstm_ae_stream`"
LEAST = {100: 100.0, 1000: 150.0}  # times faster, by devices


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--devices", type=int, nargs="+", default=[100, 1000])
    parser.add_argument("--turns", type=int, default=15, help="of each (default: %(default)s)")
    parser.add_argument("--samples", type=int, default=20,
                        help="of a turn, but one by one (default: %(default)s)")  # fmt: skip
    args = parser.parse_args()
    torch.set_num_threads(1)
    print(machine())
    print("| devices | way | network, µs a sample | times faster | scored, µs a sample | "
          "times faster |\n|---|---|---|---|---|---|")  # fmt: skip
    aims = []
    for devices in args.devices:
        found = measure(devices, args.samples, args.turns)
        for name, (network_s, scored_s) in found.items():
            faster = found[NAIVE][0] / network_s, found[NAIVE][1] / scored_s
            print(
                f"| {devices} | {name} | {1e6 * network_s / devices:.1f} | {faster[0]:.0f} | "
                f"{1e6 * scored_s / devices:.1f} | {faster[1]:.0f} |",
                flush=True,
            )
        aims += _aims(devices, found[NAIVE][0] / found[STREAM][0])
    return tell(aims)


def _aims(devices: int, faster: float) -> list[Aim]:
    """Of the numbers of devices that something is aimed at for."""
    if (least := LEAST.get(devices)) is None:
        return []
    line = f"{STREAM}, the network: {faster:.0f} times one by one at {devices:,} devices"
    return [Aim(f"{line}, aim: {least:g}", faster >= least)]


class Devices:
    """Devices whose states go on.

    Args:
        carrier: The network.
        windows: Shape (devices, L, F), the newest samples of each; they stay.
    """

    def __init__(self, carrier: Carrier, windows: Values) -> None:
        self._carrier, self._windows = carrier, windows
        begun = np.random.default_rng(0).integers(WINDOW, 2 * carrier.network.restart, len(windows))
        self._ages = begun.astype(np.float64)
        self._lanes = [Lanes(carrier) for _ in windows]
        for lanes, age in zip(self._lanes, begun, strict=True):
            lanes.extend(np.arange(age, dtype=np.float64))
        self._waiting: list[list[Span]] = []
        self.lay_out()
        self.codes()  # the first time states see the whole window

    def lay_out(self) -> int:
        """One more sample of each; returns how many states go on over it."""
        newest, spans = np.array([WINDOW - 1]), list[Span]()
        for i, lanes in enumerate(self._lanes):
            lanes.extend(self._ages[i : i + 1])
            spans += lanes.spans(self._windows[i], newest)
        self._ages += 1
        self._waiting.insert(0, spans)
        return len(spans)

    def codes(self) -> Values:
        """Shape (devices, C), after the next sample that was laid out."""
        return self._carrier.codes(self._waiting.pop())


def measure(devices: int, samples: int, turns: int) -> dict[str, tuple[float, float]]:
    """Processor seconds of one sample of every device, by way: the network's, and scored."""
    rng = np.random.default_rng(1)
    windows = rng.normal(size=(devices, WINDOW, FEATURES)).astype(np.float32)
    x = torch.from_numpy(windows)
    torch.manual_seed(0)
    made = [build_network(name, {"hidden": HIDDEN}, features=FEATURES, window=WINDOW).eval()
            for name in ("lstm_ae", "lstm_ae_stream")]  # fmt: skip
    plain, stream = made
    assert isinstance(stream, CarryingNetwork)
    anew, going_on = (detector_for(network, FEATURES) for network in made)
    assert going_on.carrier is not None
    states, encode = Devices(going_on.carrier, windows), stream.encoding()
    ways: dict[str, tuple[Callable[[], object], Callable[[], object]]] = {
        NAIVE: (
            lambda: [plain.residual(x[i : i + 1]) for i in range(devices)],
            lambda: [anew.examine(windows[i : i + 1]) for i in range(devices)],
        ),
        "`lstm_ae`, one batch": (
            lambda: [plain.residual(part) for part in x.split(CHUNK)],
            lambda: score_views(anew, [windows], CHUNK),
        ),
        STREAM: (
            lambda: [
                stream.residual_of(encode(*one)[0][: len(part)].float(), part)[1].shape
                for one, part in zip(steps, x.split(AT_ONCE), strict=True)
            ],
            lambda: score_views(going_on, [windows], CHUNK, states.codes()),
        ),
    }
    steps: list[tuple[PackedSequence, torch.Tensor]] = []
    taken = []
    for _ in tqdm(range(turns), desc=f"{devices} devices", disable=None, leave=False):
        count = max(states.lay_out() for _ in range(samples))
        rows = [round(count / devices * len(part)) for part in x.split(AT_ONCE)]
        steps = [
            (
                PackedSequence(torch.randn(n, FEATURES).double(), torch.tensor([n])),
                torch.zeros(n, stream.state_width, dtype=torch.float64),
            )
            for n in rows
        ]
        times = [1 if name == NAIVE else samples for name in ways]
        taken.append(
            [[_cpu_s(work, n) for work in way] for way, n in zip(ways.values(), times, strict=True)]
        )
    medians = np.median(taken, axis=0).tolist()
    return {name: (found[0], found[1]) for name, found in zip(ways, medians, strict=True)}


def _cpu_s(work: Callable[[], object], times: int) -> float:
    began = time.process_time()
    with torch.inference_mode():
        for _ in range(times):
            work()
    return (time.process_time() - began) / times


if __name__ == "__main__":
    sys.exit(main())
