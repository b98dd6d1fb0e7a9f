"""A flight record from what is stored, a piece at a time."""

from __future__ import annotations

import sys

import numpy as np

from detector.flights.selection import is_set_back, revised, stretches
from detector.records import Alarm
from detector.store import frames
from detector.store.archive.flights import Flight
from detector.store.schema import Engine


def gathered(
    store: Engine,
    alarm: Alarm,
    before: Flight | None,
    *,
    newest: float | None,
    since: float | None = None,
    most: int = sys.maxsize,
) -> tuple[Flight, bool]:
    """A record with what is stored since it was written.

    Args:
        store: Open; no connection is held for long.
        alarm: As it is now.
        before: Its record so far; None: there is none.
        newest: Sample time of the device's newest sample; None: the device is not known.
        since: Up to which time nothing was found, where there is no record.
        most: Pieces to read.

    Returns:
        The record, and whether that was all.
    """
    every = list(stretches(alarm, since if before is None else before.note.until, newest))
    flight = None if is_set_back(alarm) else before
    for first, last in every[:most]:
        with store.connect() as connection:
            after = np.nextafter(last, np.inf)
            found = list(frames.stream_between(connection, alarm.device, first, after))
        flight = revised(flight, found, alarm, last)
    assert flight is not None  # there is always a piece
    return flight, len(every) <= most
