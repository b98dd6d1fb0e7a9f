"""The numbers of one feature, computed in blocks so that a long recording is never copied."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detector.records import Values

BLOCK = 1_000_000  # samples that are looked at in float64 at a time
Exact = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Numbers:
    """One feature over a recording, in its own unit; None where no value is known.

    Attributes:
        known: Finite values.
        missing: The others.
        mean: Of the known values.
        sd: Of the known values, about ``mean``, divided by their count.
        low: Smallest.
        high: Largest.
        resolution: Smallest step between two values that occur; None for a constant.
        levels: Distinct values.
    """

    known: int
    missing: int
    mean: float | None
    sd: float | None
    low: float | None
    high: float | None
    resolution: float | None
    levels: int


def numbers_of(values: Values) -> Numbers:
    """Describe one feature.

    Args:
        values: Shape (n,).
    """
    known = sum(len(block) for block in known_blocks(values))
    missing = len(values) - known
    if not known:
        return Numbers(0, missing, None, None, None, None, None, 0)
    mean = sum(float(block.sum()) for block in known_blocks(values)) / known
    squares = sum(float(np.square(block - mean).sum()) for block in known_blocks(values))
    low = min(float(block.min()) for block in known_blocks(values) if len(block))
    high = max(float(block.max()) for block in known_blocks(values) if len(block))
    resolution, levels = _resolution(values)
    return Numbers(known, missing, mean, (squares / known) ** 0.5, low, high, resolution, levels)


def known_blocks(values: Values) -> Iterator[Exact]:
    """Finite values, ``BLOCK`` samples at a time, in float64."""
    for start in range(0, len(values), BLOCK):
        block = values[start : start + BLOCK].astype(np.float64)
        yield block[np.isfinite(block)]


def spread_out(n: int, most: int) -> npt.NDArray[np.int64]:
    """At most ``most`` indices, spread evenly over ``n`` samples."""
    if n <= most:
        return np.arange(n)
    return np.linspace(0, n - 1, most).astype(np.int64)


def _resolution(values: Values) -> tuple[float | None, int]:
    """Smallest step between distinct values, and how many values there are."""
    ordered = values[np.isfinite(values)]
    ordered.sort()
    smallest, levels = np.inf, 1
    for start in range(0, len(ordered) - 1, BLOCK):
        steps = np.diff(ordered[start : start + BLOCK + 1].astype(np.float64))
        steps = steps[steps > 0]
        levels += len(steps)
        smallest = min(smallest, float(steps.min(initial=np.inf)))
    return (None if np.isinf(smallest) else smallest), levels
