"""Which columns made a score, and what they say of the inputs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from detector.causes import Cause
from detector.frontends import words
from detector.frontends.contract import FrontEnd
from detector.records import Values

MOST = 5  # columns told of a score


def by_input(front: FrontEnd, shares: Values) -> Values:
    """Share of each input in a score, from those of its columns: the largest counts.

    Args:
        front: Makes the columns.
        shares: Shape (K,).

    Returns:
        Shape (F,), sums to 1, or is all 0.
    """
    found = np.zeros(len(front.inputs), np.float32)
    np.maximum.at(found, list(front.groups), shares)
    total = found.sum()
    return found / total if total > 0 else found


def causes_of(
    front: FrontEnd, shares: Values, window: Values, scale: Sequence[float]
) -> tuple[Cause, ...]:
    """The columns that made a score, the most first.

    Args:
        front: Makes the columns.
        shares: Shape (K,) or more, share of each column in the score.
        window: Shape (L, K), scaled, NaN where a column was not shown; L may be 0.
        scale: Per column, its unit in scaled units.
    """
    shown = np.isfinite(window)
    total = np.where(shown, window, 0.0).sum(axis=0, dtype=np.float64)
    away = total / np.maximum(shown.sum(axis=0), 1) * np.asarray(scale)
    order = np.argsort(-shares[: len(front.columns)], kind="stable")[:MOST]
    found = (
        Cause(front.columns[k], float(shares[k]), float(away[k]), front.units[k])
        for k in order.tolist()
        if shares[k] > 0
    )
    return tuple(
        replace(cause, words=f"{front.saying(cause.column)}, {words.away(cause)}")
        for cause in found
    )
