"""Stretches of time of which samples are stored, as the holes between them tell."""

from __future__ import annotations

import numpy as np

from detector.records import Times

HOLE = 1.5  # usual steps; a longer one is a hole
MOST = 200  # stretches; of a clock without a usual step only the widest holes are told


def stretches(ts: Times) -> list[tuple[float, float]]:
    """First and last sample of each stretch; every sample lies in one, no hole does.

    Args:
        ts: Shape (n,), n > 0, in any order.
    """
    ordered = np.sort(ts)
    steps = np.diff(ordered)
    if not len(steps):
        return [(float(ts[0]), float(ts[0]))]
    longest = np.sort(steps)[-min(MOST, len(steps))]
    is_hole = steps > max(HOLE * float(np.median(steps)), 0.0 if len(steps) < MOST else longest)
    at = np.flatnonzero(is_hole)
    firsts, lasts = ordered[np.r_[0, at + 1]], ordered[np.r_[at, len(ordered) - 1]]
    return list(zip(firsts.tolist(), lasts.tolist(), strict=True))
