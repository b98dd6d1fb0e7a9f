"""The newest stretch of healthy running of a machine, to hold another stretch against."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from detector.records import Flags
from detector.store import alarms
from detector.store.archive.place import Place
from detector.store.history.history import History, history
from detector.store.schema import Connection

LOOK_BACK_S = (3600.0, 86_400.0, 7 * 86_400.0)
APART_S = 10.0  # from what is anomalous: a fault begins before its first anomaly
RUNNING = 0.95  # of the samples are judged
PARTS, MOST_POINTS = 30, 4000  # buckets in a stretch, if there is room for so many


def healthy_before(
    connection: Connection, place: Place, device: str, start: float, end: float
) -> float | None:
    """Where the newest healthy stretch begins that is as long as another.

    It lies before that one's first alarm, in one piece, and the machine runs in it without an
    anomaly or an alarm.

    Args:
        connection: To the store; nothing was read in its transaction yet.
        place: Of the archive.
        device: Name of the machine.
        start: Of the other, UTC seconds.
        end: Of the other, after ``start``.

    Returns:
        UTC seconds; None: there is none in the week before.
    """
    first = [one.start for one in alarms.overlapping(connection, device, start, end)]
    before = min([start, *first]) - APART_S
    connection.rollback()  # each history reads at a moment of its own
    length = end - start
    for back in LOOK_BACK_S:
        if back < length:
            continue
        points = min(MOST_POINTS, round(PARTS * back / length) + 1)
        past = history(connection, place, device, before - back, before, points)
        raised = alarms.overlapping(connection, device, before - back, before)
        connection.rollback()
        found = newest(past, length, [(one.start, one.end or end) for one in raised])
        if found is not None:
            return found
    return None


def newest(past: History, length: float, raised: list[tuple[float, float]]) -> float | None:
    """Where the newest clean stretch of a length begins; None: there is none.

    Args:
        past: In order of time.
        length: Seconds, > 0.
        raised: First and last moment of each alarm.
    """
    runs = list(_runs(_clean(past, raised), past.breaks))
    # The first and the last bucket of a run may be half empty.
    begin, stop = past.ts + past.width_s, past.ts
    for first, last in reversed(runs):
        if stop[last] - begin[first] >= length:
            return float(stop[last] - length)
    return None


def _clean(past: History, raised: list[tuple[float, float]]) -> Flags:
    clean: Flags = (past.anomalies == 0) & (past.running_share >= RUNNING)
    clean &= np.isfinite(past.score)
    for start, end in raised:
        clean &= (past.ts + past.width_s <= start - APART_S) | (past.ts >= end + APART_S)
    return clean


def _runs(clean: Flags, breaks: Flags) -> Iterator[tuple[int, int]]:
    """First and last place of each run without a gap."""
    if not len(clean):
        return
    cuts = np.flatnonzero(np.append(True, (clean[1:] != clean[:-1]) | breaks[1:]))
    for first, after in pairwise([*cuts.tolist(), len(clean)]):
        if clean[first]:
            yield first, after - 1
