"""A flight record from what is stored, a piece at a time."""

from __future__ import annotations

import logging
import sys

import numpy as np

from detector.flights.selection import is_set_back, revised, stretches
from detector.records import Alarm
from detector.store.archive.flights import Flight
from detector.store.archive.place import place_at
from detector.store.archive.reading import LostHour, between
from detector.store.schema import Engine

logger = logging.getLogger(__name__)


def gathered(
    store: Engine,
    place: str,
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
        place: Of the archive, where the hours may be closed already.
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
            found = list(
                between(connection, place_at(place), alarm.device, first, after, tell=_tell)
            )
        flight = revised(flight, found, alarm, last)
    assert flight is not None  # there is always a piece
    return flight, len(every) <= most


def _tell(lost: LostHour) -> None:
    logger.warning("flight record of %s: samples are missing, %s", lost.device, lost.reason)
