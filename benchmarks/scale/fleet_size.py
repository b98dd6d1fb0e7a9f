"""What a sample costs when there are many more devices: the fleet alone, without a store.

Each device sends messages of 25 samples; the same samples go to few devices and to many. What is
timed is all that scoring does: sessions, windows, the network, terms, frames.
"""

from __future__ import annotations

import statistics
import time

import numpy as np
from tqdm import tqdm

from benchmarks.lib.aims import Aim
from benchmarks.scale.batches import BATCH, RATE_HZ
from benchmarks.scale.forms import FOLDED, Form, made
from detector.engines.fleet import Fleet
from detector.ingest.buffer import TakenBlock
from detector.records import Samples
from detector.scoring.bundle import Bundle
from detector.settings.tree import Settings

FEW, MANY = 256, 4000
MOST_RATIO = 1.25
FIRST = 60  # samples of the first message, which fill a window
START = 1_772_366_400.0


class OneForAll:
    """The same model for every device."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle

    def model_of(self, device: str) -> Bundle:
        """See ``LearntModels``."""
        del device
        return self._bundle

    def reason(self, device: str) -> str:
        """See ``LearntModels``."""
        return device


class Feed:
    """A fleet of so many devices, and what they send."""

    def __init__(self, form: Form, devices: int) -> None:
        self._fleet = Fleet(Settings(devices=()), lambda *_: ([], []), {})
        self._fleet.learnt = OneForAll(made(form, RATE_HZ))
        self._devices, self._sent = devices, 0
        rng = np.random.default_rng(devices)
        self._values = rng.normal(size=(64, FIRST, 3)).astype(np.float32)

    def message(self, samples: int = BATCH) -> float:
        """One message of every device, 256 of them a tick; returns CPU seconds of a sample."""
        ts = START + (self._sent + np.arange(samples)) / RATE_HZ
        self._sent += samples
        spent = 0.0
        for start in range(0, self._devices, FEW):
            numbers = range(start, min(start + FEW, self._devices))
            blocks = [self._block(number, ts) for number in numbers]
            began = time.thread_time()
            self._fleet.score(blocks)
            spent += time.thread_time() - began
        return spent / (self._devices * samples)

    def _block(self, number: int, ts: np.ndarray) -> TakenBlock:
        values = self._values[(number + self._sent) % len(self._values), : len(ts)]
        samples = Samples(("acc_x", "acc_y", "acc_z"), ts, values)
        return TakenBlock(f"d{number}", samples, float(ts[-1]), broken=False)


def fleet_size(_: int, rounds: int) -> list[Aim]:
    """Measure, print the table; returns the aims."""
    few, many = Feed(FOLDED, FEW), Feed(FOLDED, MANY)
    for samples in tqdm((FIRST, BATCH), unit="message", desc="warm-up", leave=False):
        few.message(samples)
        many.message(samples)
    pairs = [
        (statistics.median(few.message() for _ in range(5)), many.message())
        for _round in tqdm(range(max(2, rounds // 3)), unit="round", desc="fleet", leave=False)
    ]
    ratio = statistics.median(b / a for a, b in pairs)
    print(f"{FOLDED.title}; scoring alone, {BATCH} samples a message, {FEW} messages a tick\n")
    print("| devices | CPU of a sample |\n|---|---|")
    for devices, column in zip((FEW, MANY), zip(*pairs, strict=True), strict=True):
        print(f"| {devices:,} | {statistics.median(column) * 1e6:.1f} µs |")
    return [
        Aim(f"a sample of {MANY:,} devices costs {ratio:.2f} of one of {FEW}, "
            f"aim: at most {MOST_RATIO:g}", ratio <= MOST_RATIO)
    ]  # fmt: skip
