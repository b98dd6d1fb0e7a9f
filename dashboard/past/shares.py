"""Which features are behind the score over a stretch of time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice

import numpy as np

from detector.records import Alarm, Frame
from detector.store import alarms, frames
from detector.store.schema import Connection

MOST_FRAMES = 20_000  # read of a stretch; what comes after them is told by the alarms


@dataclass(frozen=True)
class Shares:
    """How much each feature contributed.

    Attributes:
        of: ``anomalies``: of the frames that have any; ``all``: there is none, so of all frames;
            ``alarms``: of the alarms at their peaks, where single samples are gone; ``nothing``.
        shares: By feature, the largest first; together 1.
    """

    of: str
    shares: dict[str, float]


def shares(connection: Connection, device: str, start: float, end: float) -> Shares:
    """The mean share of each feature over a stretch.

    Args:
        connection: To the store.
        device: Name of the machine.
        start: UTC seconds, as ``end``.
        end: Not in it.
    """
    found = of_frames(islice(frames.stream_between(connection, device, start, end), MOST_FRAMES))
    raised = of_alarms(alarms.overlapping(connection, device, start, end))
    if found.of != "anomalies" and raised.of == "alarms":
        return raised
    return found


def of_frames(found: Iterable[Frame]) -> Shares:
    """Of frames, by how many anomalies each has; of all alike where none has any."""
    anomalous: dict[str, float] = {}
    every: dict[str, float] = {}
    for frame in found:
        known = dict(zip(frame.features, frame.contributions.tolist(), strict=True))
        _add(every, known, len(frame.ts))
        _add(anomalous, known, int(np.count_nonzero(frame.anomaly)))
    if anomalous:
        return Shares("anomalies", _together_one(anomalous))
    return Shares("all" if every else "nothing", _together_one(every))


def of_alarms(raised: Iterable[Alarm]) -> Shares:
    """Of alarms at their peaks, each alike."""
    total: dict[str, float] = {}
    for alarm in raised:
        _add(total, alarm.contributions, 1)
    return Shares("alarms" if total else "nothing", _together_one(total))


def _add(total: dict[str, float], known: Mapping[str, float], weight: int) -> None:
    for name, share in known.items():
        if weight and np.isfinite(share):
            total[name] = total.get(name, 0.0) + weight * share


def _together_one(total: dict[str, float]) -> dict[str, float]:
    whole = sum(total.values())
    ordered = sorted(total.items(), key=lambda item: -item[1])
    return {name: round(value / whole, 4) for name, value in ordered} if whole > 0 else {}
