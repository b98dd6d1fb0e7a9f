"""Values that repeat the one before: a sensor that hangs, or a slower one that is held."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detector.inspecting.measures.numbers import BLOCK
from detector.inspecting.measures.seen import Column, Seen
from detector.inspecting.measures.speed import in_state
from detector.records import Flags, Values
from detector.text import counted

SHORTEST = 10  # samples of a stretch that hangs
BY_CHANCE = 5.0  # times the longest run that chance would make
HELD = 0.9  # share of runs that are as long as the period of a slower sensor
MOST_HELD = 1000  # samples


@dataclass(frozen=True, slots=True)
class Runs:
    """Runs of one value.

    Attributes:
        starts: Shape (r,), first sample of each run of at least two.
        lengths: Shape (r,), samples.
        singles: Values that stand once.
    """

    starts: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int64]
    singles: int

    def where(self, flags: Flags) -> Runs:
        """Some of them."""
        return Runs(self.starts[flags], self.lengths[flags], self.singles)


def stuck(column: Column, seen: Seen) -> str | None:
    """One value for far longer than is usual, while the machine runs."""
    if not column.varies:
        return None
    runs = _runs(column.values)
    if _held_for(runs) > 1:
        return None
    runs = _while_running(runs, seen)
    chance = _longest_by_chance(runs)
    long = runs.where(runs.lengths > max(BY_CHANCE * chance, SHORTEST))
    if not len(long.lengths):
        return None
    ts, period_s = seen.recording.samples.ts, seen.timing.period_s or 0.0
    longest = int(long.lengths.max())
    at_s = float(ts[long.starts[long.lengths.argmax()]] - ts[0])
    return (
        f"hangs {counted(len(long.lengths), 'time')}, longest {longest} samples "
        f"({longest * period_s:.3g} s) at {at_s:.6g} s, where {chance:.0f} would be usual; look at "
        "the sensor and its wiring, and leave these stretches out of training"
    )


def held(column: Column, seen: Seen) -> str | None:
    """Every value stands k times: the sensor is slower than the file."""
    if not column.varies or seen.timing.rate_hz is None:
        return None
    runs = _runs(column.values)
    times = _held_for(runs)
    if times < 2 or _creeps(column, runs):
        return None
    own = seen.timing.rate_hz / times
    return (
        f"every value stands {times} times: it is sampled at {own:.4g} Hz and held; it tells "
        f"nothing above {own / 2:.3g} Hz, and is better recorded at its own rate"
    )


def _runs(values: Values) -> Runs:
    """Find runs; missing values are in none."""
    same = np.zeros(len(values), np.bool_)  # as the one before
    for at in range(1, len(values), BLOCK):
        block = values[at - 1 : at + BLOCK]
        same[at : at + BLOCK] = block[1:] == block[:-1]
    edges = np.flatnonzero(np.diff(same, append=False))
    starts, ends = edges[::2], edges[1::2]
    lengths = ends - starts + 1
    return Runs(starts, lengths, int(np.isfinite(values).sum() - lengths.sum()))


def _while_running(runs: Runs, seen: Seen) -> Runs:
    """Those that end while the machine runs; all without a running signal."""
    if seen.running is None:
        return runs
    samples = seen.recording.samples
    signal = samples.values[:, samples.features.index(seen.running.feature)]
    return runs.where(in_state(signal[runs.starts + runs.lengths - 1], seen.running, runs=True))


def _creeps(column: Column, runs: Runs) -> bool:
    """Whether it mostly moves by one step of its sensor, as a slow ramp does at any rate."""
    steps = np.abs(np.diff(column.values[runs.starts[:BLOCK]].astype(np.float64)))
    return bool(np.median(steps) < 1.5 * (column.numbers.resolution or 0.0))


def _longest_by_chance(runs: Runs) -> float:
    """Longest run if samples repeated the one before as often as usual, the longest 1 % aside."""
    unusual = (len(runs.lengths) + runs.singles) // 100
    usual = np.sort(runs.lengths)[: max(len(runs.lengths) - max(unusual, 1), 0)]
    n, repeats = float(usual.sum()) + runs.singles, float((usual - 1).sum())
    if not repeats:
        return 1.0
    by_chance = np.log(n) / -np.log(repeats / n)
    return float(max(by_chance, usual[-1]))


def _held_for(runs: Runs) -> int:
    """How long nearly all runs are, samples; 1: they have no common length."""
    inner = runs.lengths[1:-1][:BLOCK]
    if len(inner) < SHORTEST:
        return 1
    of = len(inner) * (1 + runs.singles / len(runs.lengths))  # runs, single values among them
    times = int(np.median(inner))
    is_usual = (inner == times).sum() > of / 2 and (inner % times == 0).sum() >= HELD * of
    return times if is_usual and times <= MOST_HELD else 1
