"""What it costs that each device has a model of its own: one call of a window each, tick by tick.

Compressors at 1 Hz, one sample a message, a tenth of them in each tick, through the fleet alone:
once all with one provisional model, once each with its own. Prints processor time a second of
samples.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass

os.environ["OMP_NUM_THREADS"] = "1"

from benchmarks.lib.kinds import machine
from detector.engines.fleet import Fleet
from detector.ingest.buffer import TakenBlock
from detector.provisional.learn import learn
from detector.records import Samples
from detector.scoring.bundle import Bundle
from detector.settings.tree import Settings

LEARN_S, WARM_S, KINDS_OF_ONE = 610, 100, 8
TICKS = 10  # a second


@dataclass(frozen=True)
class Own:
    """Each device its own model, or all the first."""

    learnt: Sequence[Bundle]
    count: int

    def model_of(self, device: str) -> Bundle:
        """See ``LearntModels``."""
        return self.learnt[int(device) % self.count]

    def reason(self, device: str) -> str:
        """See ``LearntModels``."""
        return device


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.own_models")
    parser.add_argument("--devices", type=int, default=1000, help="(default: %(default)s)")
    parser.add_argument("--seconds", type=int, default=10, help="(default: %(default)s)")
    args = parser.parse_args(arguments)
    recorded = [
        machine("compressor", seed, LEARN_S + WARM_S + args.seconds) for seed in range(KINDS_OF_ONE)
    ]
    learnt = [learn([_part(one, 0, LEARN_S)], None, LEARN_S, "learnt").bundle for one in recorded]
    print(f"{args.devices} devices at 1 Hz, one sample a message, {TICKS} ticks a second")
    for title, count in (("one model for all", 1), ("each its own", args.devices)):
        models = [_copy(learnt[n % len(learnt)], n) for n in range(count)]
        cpu_s = _measure(recorded, Own(models, count), args.devices, args.seconds)
        print(f"{title:18} {cpu_s:.2f} s of CPU a second of samples")
    return 0


def _copy(bundle: Bundle, number: int) -> Bundle:
    made = Bundle(f"learnt-{number}", bundle.document, deepcopy(bundle.model))
    made.is_provisional = True
    return made


def _measure(recorded: Sequence[Samples], models: Own, count: int, seconds: int) -> float:
    fleet = Fleet(Settings(), lambda *_: ([], []), {})
    fleet.learnt = models
    _feed(fleet, recorded, count, LEARN_S, LEARN_S + WARM_S)
    began = time.process_time()
    for second in range(seconds):
        start = LEARN_S + WARM_S + second
        _feed(fleet, recorded, count, start, start + 1)
    return (time.process_time() - began) / seconds


def _feed(fleet: Fleet, recorded: Sequence[Samples], count: int, start: int, end: int) -> None:
    parts = [_part(one, start, end) for one in recorded]
    for tick in range(TICKS):
        numbers = range(tick, count, TICKS)
        fleet.score([TakenBlock(str(n), parts[n % len(parts)], 0.0, broken=False) for n in numbers])


def _part(samples: Samples, start: int, end: int) -> Samples:
    rows = slice(start, end)
    return Samples(samples.features, samples.ts[rows], samples.values[rows])


if __name__ == "__main__":
    sys.exit(main())
