"""The threshold that serves labelled data best, without too many false alarms. NumPy only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from detector.errors import TrainingError

Array = npt.NDArray[np.float64]

EVENT_GAP_S = 10.0  # crossings less far apart are one false alarm
CANDIDATES = 1000  # thresholds that are looked at; with more faulty scores an even choice


def false_alarm_events(
    normal: Sequence[npt.NDArray[np.floating]], threshold: float, period_s: float
) -> int:
    """How often normal scores cross a threshold; crossings within 10 s are one event.

    Args:
        normal: Shape (n,) each, stretches without gaps; NaN crosses nothing.
        threshold: In the unit of the scores.
        period_s: Seconds between scores, > 0.
    """
    events = 0
    for scores in normal:
        above = np.flatnonzero(scores > threshold)
        events += int(len(above) > 0) + int((np.diff(above) * period_s > EVENT_GAP_S).sum())
    return events


def f2_threshold(
    normal: Sequence[Array], faulty: Array, period_s: float, false_alarms_per_hour: float
) -> float:
    """Place the threshold with the best F2 among those with few enough false alarms.

    F2 is point-wise over judged samples, recall weighted twice; nothing is adjusted.

    Args:
        normal: Shape (n,) each, stretches without gaps; NaN is not judged.
        faulty: Shape (m,), scores of samples labelled as a fault; NaN is not judged.
        period_s: Seconds between scores, > 0.
        false_alarms_per_hour: Most that may be seen in the normal data, >= 0.

    Returns:
        Threshold in the unit of the scores.

    Raises:
        TrainingError: If no sample is labelled, or no allowed threshold finds any.
    """
    calm, found = _sorted(np.concatenate([np.empty(0), *normal])), _sorted(faulty)
    if not len(found):
        raise TrainingError(
            "threshold f2: no scored sample is labelled as a fault, allowed: labelled sessions; "
            "max, quantile, sigma and pot need no labels"
        )
    candidates = _candidates(calm, found)
    hits = len(found) - np.searchsorted(found, candidates, side="right")
    false = len(calm) - np.searchsorted(calm, candidates, side="right")
    f2 = 5 * hits / (hits + false + 4 * len(found))
    allowed = false_alarms_per_hour * len(calm) * period_s / 3600
    for best in np.lexsort((-candidates, -f2)):  # of equal ones the highest threshold
        threshold = float(candidates[best])
        if hits[best] and false_alarm_events(normal, threshold, period_s) <= allowed:
            return threshold
    raise TrainingError(
        f"threshold f2: no threshold finds a labelled sample, allowed: {false_alarms_per_hour:g} "
        "false alarms per hour at most"
    )


def _sorted(scores: Array) -> Array:
    return np.sort(scores[np.isfinite(scores)])


def _candidates(calm: Array, found: Array) -> Array:
    """Thresholds just below a faulty score, half way to the next score: no others can be best."""
    scores = np.unique(np.concatenate([calm, found]))
    faulty = np.unique(found)
    chosen = np.linspace(0, len(faulty) - 1, min(CANDIDATES, len(faulty))).round().astype(np.int64)
    place = np.searchsorted(scores, faulty[chosen])
    below = np.where(place > 0, scores[place - 1], 0.0)
    return np.asarray((below + scores[place]) / 2)
