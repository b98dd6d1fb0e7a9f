"""Medians and steps of short arrays, where the plain functions of numpy spend more on asking.

Each device's samples of a tick are a few dozen. All give the plain function's numbers.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from detector.records import Times

Array = npt.NDArray[np.float64]


def middle(values: Array) -> float:
    """Median of at least one number, none of them NaN."""
    return float(middles(values))


def middles(values: Array) -> Array:
    """Medians along the first axis, of numbers without NaN."""
    half, ordered = len(values) // 2, np.sort(values, axis=0)
    found: Array = ordered[half] if len(values) % 2 else (ordered[half - 1] + ordered[half]) / 2
    return found


def steps(ts: Times, before: float) -> Array:
    """From each time to the next, the first one from ``before``; as many as there are times."""
    found = np.empty_like(ts)
    if len(ts):
        found[0] = ts[0] - before
        np.subtract(ts[1:], ts[:-1], out=found[1:])
    return found
