"""A preview from the store: which scores are read, and what each tuning makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial

import numpy as np

from detector.alarms.replaying.preview import (
    Outcome,
    Picture,
    Tuning,
    best_outcome,
    picture,
)
from detector.alarms.states import PROVISIONAL, SCORE
from detector.errors import AlarmError
from detector.records import Alarm, DeviceStatus, ModelCard
from detector.store import alarms, devices
from detector.store.archive.place import Place
from detector.store.archive.scores import Scores, amount, scores_between
from detector.store.connecting import at_one_moment
from detector.store.history.history import every
from detector.store.history.reading import full_extent
from detector.store.schema import Connection, Engine
from detector.text import inert

MOST_SAMPLES = 20_000_000  # that are read; of more, the highest score of each second


@dataclass(frozen=True, slots=True)
class Preview:
    """What tunings would have meant.

    Attributes:
        device: Name of the machine.
        start: Of the time, UTC seconds.
        end: Of the time.
        samples: Scores that were read.
        lost: Files of the archive that could not be.
        recorded: Alarms of the score that were raised.
        outcomes: One per tuning, in their order.
        picture: Of the score.
    """

    device: str
    start: float
    end: float
    samples: int
    lost: int
    recorded: tuple[Alarm, ...]
    outcomes: tuple[Outcome, ...]
    picture: Picture


def preview(
    store: Engine, place: Place, device: str, start: float, end: float, tunings: Sequence[Tuning]
) -> Preview:
    """Replay what is stored of a time.

    Args:
        store: Open.
        place: Of its archive.
        device: Name of the machine.
        start: UTC seconds of its clock.
        end: After ``start``; not in it.
        tunings: What is tried.

    Raises:
        AlarmError: If the device was never seen, has no model, or nothing of that time is stored.
    """
    with store.connect() as connection:
        at_one_moment(connection)
        card = card_of(devices.one(connection, device), device)
        samples = _samples(connection, place, device, start, end)
        seconds = cache(partial(_seconds, connection, device, start, end))
        shown = seconds() if samples is None else samples
        if not len(shown.ts):
            raise AlarmError(f"device {inert(device)}: no sample of that time is stored, allowed: "
                             "a time of which there are scores")  # fmt: skip
        found = alarms.overlapping(connection, device, start, end)
        recorded = tuple(one for one in found if one.kind in {SCORE, PROVISIONAL})
        outcomes = [best_outcome(samples, seconds, card, one, recorded) for one in tunings]
    return Preview(
        device, start, end, len(shown.ts), shown.lost, recorded, tuple(outcomes),
        picture(shown, start, end),
    )  # fmt: skip


def card_of(status: DeviceStatus | None, device: str) -> ModelCard:
    """Of the model that judges a device.

    Raises:
        AlarmError: If there is none.
    """
    if status is None:
        raise AlarmError(f"device {inert(device)}: was never seen, see `faultline devices`")
    if status.model is None:
        raise AlarmError(f"device {inert(device)}: has no model, so that nothing is scored")
    return status.model


def _samples(
    connection: Connection, place: Place, device: str, start: float, end: float
) -> Scores | None:
    """Every score of the time; None where there are too many, or not all is stored any more."""
    extent = full_extent(connection, device)
    first = next(every(connection, device, 1, start, end), None)
    oldest = None if first is None else float(first.buckets.ts[0])
    is_whole = extent is not None and (oldest is None or extent[0] < max(oldest, start) + 900)
    if not is_whole or amount(connection, device, start, end) > MOST_SAMPLES:
        return None
    return scores_between(connection, place, device, start, end)


def _seconds(connection: Connection, device: str, start: float, end: float) -> Scores:
    """The highest score of each second; one that has judged samples is judged."""
    parts = [pieces.buckets for pieces in every(connection, device, 1, start, end)]
    ts = np.concatenate([np.empty(0), *(part.ts for part in parts)])
    score = np.concatenate([np.empty(0, np.float32), *(part.score for part in parts)])
    judged = np.concatenate([np.empty(0, np.bool_), *(part.judged > 0 for part in parts)])
    return Scores(ts, score, judged)
