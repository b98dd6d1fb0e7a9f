"""What times and holes say of the sampling: channels at other rates, a period that changes."""

from __future__ import annotations

import numpy as np

from detector.records import Times, Values
from detector.text import inert

FEWEST = 40  # samples that say something of a change
BLOCKS, EACH = 50, 10  # at most so many blocks, of so many steps at least
STEADY = 1.3  # upper over lower quartile of a block's steps
CHANGED = 1.4  # between periods
SPARSE = 0.6  # share of rows with a value, at most
PAUSE = 3.0  # periods; longer steps say nothing of the rate
OTHER = 0.1  # between two rates, as a share; less is a clock that runs a little fast


def rate_notes(ts: Times, values: Values, names: tuple[str, ...]) -> list[str]:
    """What is worth knowing of the sampling, a sentence each.

    Args:
        ts: Shape (n,), rising.
        values: Shape (n, F).
        names: Of the columns.
    """
    notes = []
    for name, column in zip(names, values.T, strict=True):
        every = _every(np.isfinite(column))
        if every:
            notes.append(f"{inert(name)}: a value in every {every}th row only")
    changed = _change(ts)
    if changed:
        row, before, after = changed
        found = f"from {before:.4g} s to {after:.4g} s at sample {row + 1:,}"
        notes.append(f"the sampling period changes {found}")
    return notes


def other_rate(ts: Times, told_hz: float) -> float | None:
    """The rate that times have, where it is not the one that was told; None: they agree.

    Args:
        ts: Shape (n,), rising.
        told_hz: By the caller or by the file.
    """
    steps = np.diff(ts)
    if not len(steps):
        return None
    steps = steps[steps <= PAUSE * np.median(steps)]
    found = float(1 / steps.mean())
    return None if abs(found / told_hz - 1) <= OTHER else found


def _every(known: np.ndarray) -> int:
    """Rows from one value to the next, where most have none; 0 where that is no rule."""
    places = np.flatnonzero(known)
    if len(places) < 3 or len(places) > SPARSE * len(known):
        return 0
    steps = np.diff(places)
    every = int(np.median(steps))
    return every if every > 1 and (steps == every).mean() > 0.8 else 0


def _change(ts: Times) -> tuple[int, float, float] | None:
    """Where the period becomes another, and both; None where it does not."""
    if len(ts) < FEWEST:
        return None
    steps = np.diff(ts)
    blocks = np.array_split(steps, min(BLOCKS, len(steps) // EACH))
    periods = np.array([_steady_period(block) for block in blocks])
    steady = np.flatnonzero(~np.isnan(periods))
    if not len(steady):
        return None
    first = periods[steady[0]]
    ratio = periods[steady] / first
    other = steady[(ratio > CHANGED) | (ratio < 1 / CHANGED)]
    if not len(other):
        return None
    after = periods[other[0]]
    start = sum(len(block) for block in blocks[: max(other[0] - 1, 0)])
    near = np.abs(np.log(np.maximum(steps[start:], 1e-12) / after)) < abs(np.log(after / first)) / 2
    return start + int(np.argmax(near)) + 1, float(first), float(after)


def _steady_period(steps: Times) -> float:
    """Median step of a block; NaN where they vary."""
    low, middle, high = np.quantile(steps, [0.25, 0.5, 0.75])
    return float(middle) if low > 0 and high < STEADY * low else np.nan
