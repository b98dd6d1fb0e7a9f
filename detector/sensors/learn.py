"""The largest measures of normal sessions, by the watch that will judge by them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from detector.records import Samples
from detector.sensors.normal import SensorNormal
from detector.sensors.rules.table import RULES
from detector.sensors.watch import SensorWatch

MOST_S = 10_800.0  # of sessions that are looked at, spread over all there are


def learn(sessions: Sequence[Samples]) -> SensorNormal | None:
    """What is normal of the sensors of some machines.

    Args:
        sessions: Normal ones, each of one machine and without a gap.

    Returns:
        None where no session was long enough to say anything.
    """
    largest: dict[str, dict[str, float]] = {rule.name: {} for rule in RULES}
    seconds = 0.0
    total = sum(float(one.ts[-1] - one.ts[0]) for one in sessions if len(one))
    for session in sessions[:: max(round(total / MOST_S), 1)]:
        watch = SensorWatch(session.features)
        watch.push(session)
        seconds += float(session.ts[-1] - session.ts[0])
        for rule, measures in zip(RULES, watch.largest, strict=True):
            _join(largest[rule.name], session.features, measures)
    known = {name: found for name, found in largest.items() if found}
    return SensorNormal(known, seconds) if known else None


def _join(largest: dict[str, float], features: tuple[str, ...], measures: np.ndarray) -> None:
    for name, measure in zip(features, measures.tolist(), strict=True):
        if np.isfinite(measure):
            largest[name] = max(largest.get(name, 0.0), round(measure, 6))
