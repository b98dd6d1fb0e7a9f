"""Scaling, fitted in float64 on all training sessions together.

In float32 the sums of milli-g vibration on 1 g of gravity lose their digits.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from detector.errors import TrainingError
from detector.records import Values


def fit_scaling(
    sessions: Sequence[npt.NDArray[np.floating]], method: str, features: Sequence[str]
) -> tuple[list[float], list[float]]:
    """Centre and scale of each feature over the union of ``sessions``.

    Args:
        sessions: Each of shape (n, F), finite.
        method: ``standard``, ``minmax`` or ``robust``.
        features: The F names, for messages.

    Returns:
        Centres and scales, F each, in the features' units.

    Raises:
        TrainingError: If a feature is constant, or ``robust`` finds no spread in its quartiles.
    """
    union = np.concatenate(sessions).astype(np.float64)
    if method == "standard":
        centre, scale = union.mean(axis=0), union.std(axis=0)
    elif method == "minmax":
        low, high = union.min(axis=0), union.max(axis=0)
        centre, scale = (low + high) / 2, (high - low) / 2
    elif method == "robust":
        low, centre, high = np.percentile(union, [25, 50, 75], axis=0)
        scale = high - low
    else:
        raise TrainingError(f"scaling {method!r}, allowed: standard, minmax, robust")
    flat = [name for name, s in zip(features, scale, strict=True) if not s > 0]
    if flat:
        why = (
            "has no spread in its quartiles, use standard"
            if method == "robust"
            else "is constant and tells nothing; allowed: --features with those that change"
        )
        raise TrainingError(f"scaling {method}: feature {', '.join(flat)} {why}")
    return centre.tolist(), scale.tolist()


def fit_known(
    sessions: Sequence[npt.NDArray[np.floating]], method: str, least: Sequence[float]
) -> tuple[list[float], list[float]]:
    """The same for columns of a front end, of which values may be missing.

    Args:
        sessions: Each of shape (n, K), NaN where missing.
        method: As for ``fit_scaling``.
        least: Per column, the smallest scale.

    Returns:
        Centres and scales, K each; a column without any value is only limited by its scale.
    """
    union = np.concatenate(sessions).astype(np.float64)
    found = [_centre_and_scale(column[np.isfinite(column)], method) for column in union.T]
    scales = [max(scale, smallest) for (_, scale), smallest in zip(found, least, strict=True)]
    return [centre for centre, _ in found], scales


def _centre_and_scale(values: npt.NDArray[np.float64], method: str) -> tuple[float, float]:
    if not len(values):
        return 0.0, 0.0
    if method == "standard":
        return float(values.mean()), float(values.std())
    if method == "minmax":
        return float(values.min() + values.max()) / 2, float(np.ptp(values)) / 2
    low, centre, high = np.percentile(values, [25, 50, 75])
    return float(centre), float(high - low)


def scale(
    values: npt.NDArray[np.floating],
    centre: Sequence[float],
    spread: Sequence[float] | npt.NDArray[np.float64],
) -> Values:
    """Values of shape (n, F) in scaled units, computed in float64, returned as float32."""
    scaled: Values = ((values.astype(np.float64) - centre) / np.asarray(spread)).astype(np.float32)
    return scaled


def unscale(
    values: Values, centre: Sequence[float], spread: Sequence[float] | npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Back from scaled units to the features' own, shape (n, F)."""
    return np.asarray(values.astype(np.float64) * np.asarray(spread) + centre)
