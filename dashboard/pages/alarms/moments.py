"""A flight record as some hundred moments, which the page's slider moves through."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from detector.records import Alarm
from detector.store.archive.flights import Flight

Array: TypeAlias = npt.NDArray[Any]

MOMENTS = 400


def moments_of(
    flight: Flight, alarm: Alarm, features: Sequence[str], moments: int = MOMENTS
) -> dict[str, Any]:
    """What the chart and the slider need; a moment without samples has None everywhere.

    Args:
        flight: At least one sample.
        alarm: Whose it is.
        features: To show, in this order.
        moments: Steps of equal length from the first sample to the last.

    Returns:
        ``start`` and ``step_s`` of the moments, per feature ``low``, ``high``, ``mean``, ``model``
        (mean reconstruction) and ``share`` (of the error, see ``shares``), highest ``score``,
        lowest ``threshold``, ``above`` (an anomaly is in it) and the moment of the ``peak``.
    """
    start, end = float(flight.ts[0]), float(flight.ts[-1])
    step_s = max((end - start) / moments, 1e-3)
    place = np.minimum(((flight.ts - start) / step_s).astype(np.int64), moments - 1)
    bins = _Bins(place, moments)
    columns = [flight.note.features.index(name) for name in features]
    score = np.where(flight.judged, flight.score, np.nan)
    share = shares(bins, flight, alarm.start)
    highest = bins.highest(score)
    return {
        "start": start, "step_s": step_s, "began": alarm.start, "ended": alarm.end,
        "features": [
            {
                "name": name,
                "low": _told(-bins.highest(-flight.values[:, i])),
                "high": _told(bins.highest(flight.values[:, i])),
                "mean": _told(bins.mean(flight.values[:, i])),
                "model": _told(bins.mean(flight.reconstruction[:, i])),
                "share": _told(share[:, i]),
            }
            for name, i in zip(features, columns, strict=True)
        ],
        "score": _told(highest),
        "threshold": _told(-bins.highest(-flight.threshold)),
        "above": (bins.highest(flight.anomaly.astype(float)) > 0).tolist(),
        "peak": 0 if np.isnan(highest).all() else int(np.nanargmax(highest)),
    }  # fmt: skip


def shares(bins: _Bins, flight: Flight, began: float) -> Array:
    """Share of each feature in the error of each moment, shape (moments, F); NaN without one.

    The squared error is set against its own mean before the alarm, where there is a time before,
    so that a feature whose error is always large does not hide the others.
    """
    with np.errstate(invalid="ignore"):
        squared = flight.error.astype(np.float64) ** 2
    before, whole = _mean(squared[flight.ts < began]), _mean(squared)
    normal = np.where(before > 0, before, whole)
    relative = np.stack([bins.mean(squared[:, i]) for i in range(squared.shape[1])], axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        relative = relative / np.where(normal > 0, normal, np.nan)
        found: Array = relative / np.nansum(relative, axis=1, keepdims=True)
    return found


class _Bins:
    """Samples in moments.

    Args:
        place: Shape (n,), the moment of each sample, ascending.
        moments: How many there are.
    """

    def __init__(self, place: Array, moments: int) -> None:
        self._place, self._moments = place, moments

    def highest(self, values: Array) -> Array:
        """Shape (moments,); NaN where nothing is there."""
        found = np.full(self._moments, np.nan)
        np.fmax.at(found, self._place, values.astype(np.float64))
        return found

    def mean(self, values: Array) -> Array:
        """Shape (moments,); NaN where nothing is there."""
        is_there = np.isfinite(values)
        place = self._place[is_there]
        total = np.bincount(place, values[is_there].astype(np.float64), self._moments)
        count = np.bincount(place, minlength=self._moments)
        return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _mean(squared: Array) -> Array:
    is_there = np.isfinite(squared)
    total, count = np.where(is_there, squared, 0.0).sum(axis=0), is_there.sum(axis=0)
    mean: Array = total / np.maximum(count, 1)
    return mean


def _told(values: Array) -> list[float | None]:
    """Four digits are more than a screen shows."""
    return [float(f"{v:.4g}") if np.isfinite(v) else None for v in values.tolist()]
