"""One tier of a device's past read from the store, with what no rollup has counted yet."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from sqlalchemy.engine import Connection

from detector.records import Frame
from detector.store import frames
from detector.store.history import rollups
from detector.store.history.buckets import NOTHING, Buckets, joined, of_frames
from detector.store.history.rolling import uncounted
from detector.store.history.tiers import FULL

AT_ONCE = 500  # frames summed up together
# A longer frame that began before the time is not looked for: the rollups tell what is missing.
LONGEST_S = 3600.0


def tier(
    connection: Connection, device: str, width_s: int, span: tuple[float, float], newer: Buckets
) -> Buckets:
    """Buckets of a width that begin within a span.

    Args:
        connection: All that it reads must be of one moment.
        device: Name of the machine.
        width_s: One of ``rollups.WIDTHS``, or ``FULL``: each sample.
        span: From the first to before the second, UTC seconds, multiples of the width.
        newer: From ``uncounted_yet``.
    """
    if width_s == FULL:
        found = frames.stream_between(connection, device, *span, longest_s=LONGEST_S)
        return _cut(_summed(found, FULL), span)
    counted = rollups.between(connection, device, width_s, *span)
    return joined([counted, _cut(newer, span)], width_s)


def uncounted_yet(
    connection: Connection, device: str, width_s: int, span: tuple[float, float]
) -> Buckets:
    """What no rollup has counted yet, as buckets of a width."""
    return _cut(_summed(uncounted(connection, device, *span), width_s), span)


def _cut(made: Buckets, span: tuple[float, float]) -> Buckets:
    return made[(made.ts >= span[0]) & (made.ts < span[1])]


def _summed(found: Iterator[Frame], width_s: int) -> Buckets:
    """Buckets of frames; of wide ones, only a few hundred frames are in memory at a time."""
    parts = [NOTHING]
    while some := list(islice(found, AT_ONCE)):
        parts.append(of_frames(some, width_s))
        if width_s != FULL:
            parts = [joined(parts, width_s)]
    return joined(parts, width_s)
