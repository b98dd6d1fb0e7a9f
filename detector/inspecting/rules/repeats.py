"""Values that repeat the one before: a sensor that hangs, or a slower one that is held."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from detector.inspecting.measures.numbers import ROUNDING
from detector.inspecting.measures.seen import Column, Seen
from detector.inspecting.measures.speed import in_state
from detector.text import counted

SHORTEST = 10  # samples of a stretch that hangs
BY_CHANCE = 5.0  # times the longest run that chance would make
HELD = 0.9  # share of runs that are as long as the period of a slower sensor
MOST_HELD = 1000  # samples

Runs = npt.NDArray[np.int64]


def stuck(column: Column, seen: Seen) -> str | None:
    """One value for far longer than is usual, while the machine runs."""
    if not column.varies:
        return None
    starts, lengths = _runs(column)
    ends = starts + lengths
    if seen.running is not None:
        signal = seen.recording.samples.features.index(seen.running.feature)
        speeds = seen.recording.samples.values[:, signal]
        runs = in_state(speeds[ends - 1], seen.running, runs=True)
        starts, lengths = starts[runs], lengths[runs]
    chance = _longest_by_chance(lengths)
    long = lengths > max(BY_CHANCE * chance, SHORTEST)
    if not long.any() or _held_for(lengths) > 1:
        return None
    period_s = seen.timing.period_s or 0.0
    longest = int(lengths[long].max())
    at_s = float(seen.recording.samples.ts[starts[lengths.argmax()]] - seen.recording.samples.ts[0])
    return (
        f"hangs {counted(int(long.sum()), 'time')}, longest {longest} samples "
        f"({longest * period_s:.3g} s) at {at_s:.6g} s, where {max(chance, 1):.0f} would be "
        "usual; look at the sensor and its wiring, and leave these stretches out of training"
    )


def held(column: Column, seen: Seen) -> str | None:
    """Every value stands k times: the sensor is slower than the file."""
    if not column.varies:
        return None
    times = _held_for(_runs(column)[1])
    if times < 2 or seen.timing.rate_hz is None:
        return None
    own = seen.timing.rate_hz / times
    return (
        f"every value stands {times} times: it is sampled at {own:.4g} Hz and held; it tells "
        f"nothing above {own / 2:.3g} Hz, and is better recorded at its own rate"
    )


def _runs(column: Column) -> tuple[Runs, Runs]:
    """First sample and length of each run of one value; missing values are in none."""
    values = column.values
    with np.errstate(invalid="ignore"):
        changes = ~(np.abs(np.diff(values)) <= ROUNDING * np.abs(values[1:]))
    starts = np.concatenate([[0], np.flatnonzero(changes) + 1]).astype(np.int64)
    lengths = np.diff(starts, append=len(values))
    known = np.isfinite(values[starts])
    return starts[known], lengths[known]


def _longest_by_chance(lengths: Runs) -> float:
    """Longest run if each sample repeated the one before as often as usual, the longest aside."""
    usual = np.sort(lengths)[: max(len(lengths) * 99 // 100, 1)]
    n, repeats = float(usual.sum()), float((usual - 1).sum())
    if n < 2 or not repeats:
        return 1.0
    return float(max(np.log(n) / -np.log(repeats / n), usual[-1]))


def _held_for(lengths: Runs) -> int:
    """How long nearly all runs are, samples; 1: they have no common length."""
    inner = lengths[1:-1]
    if len(inner) < SHORTEST:
        return 1
    times = int(np.median(inner))
    if not 2 <= times <= MOST_HELD or (inner % times == 0).mean() < HELD:
        return 1
    return times if (inner == times).mean() > 0.5 else 1
