"""A stretch of a device's past as the browser asks for it, as bytes.

A short one is sent sample by sample, as a live update is (``live/wire.py``), a long one in buckets:
``ts`` f8, ``width`` f4, then ``low``, ``mean`` and ``high`` f4 by column, ``score`` f4,
``threshold`` f4, ``anomalies`` f4, ``running`` f4, ``breaks`` u1. ``assets/wire.js``
reads it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from dashboard.live import wire
from dashboard.past.asked import Asked
from dashboard.past.gaps import told
from detector.records import Frame
from detector.store import alarms, commands
from detector.store.archive.place import Place
from detector.store.archive.reading import LostHour, between
from detector.store.history import reading
from detector.store.history.history import History, history
from detector.store.schema import Connection

MOST_VALUES = 48_000  # of a stretch that is sent sample by sample
EACH_SAMPLE = "full"
BY_COLUMN = ("low", "mean", "high")
BY_SAMPLE = ("ts", "values", "reconstruction", "score", "mse", "judged")


def stretch(connection: Connection, place: Place, asked: Asked) -> bytes:
    """What is stored of a time, with its gaps, alarms and notes.

    Args:
        connection: To the store; nothing was read in its transaction yet.
        place: Of the archive.
        asked: A device that was never seen has one gap; where samples are too many they come in
            about as many buckets as points are asked for.
    """
    device, start, end = asked.device, asked.start, asked.end
    past = history(connection, place, device, start, end, asked.points)
    if asked.features:
        past = _only(past, asked.features)
    held = reading.extent(connection, device)
    head: dict[str, Any] = {
        "device": device,
        "from": start,
        "to": end,
        "tier": past.tier,
        "held": held,
        "gaps": told(past.gaps, held),
        "lost": [hour.reason for hour in past.lost],
        "alarms": [asdict(one) for one in alarms.overlapping(connection, device, start, end)],
        "notes": [asdict(one) for one in commands.notes(connection, device)],
        "anomalies": int(past.anomalies.sum()),
        "samples": int(past.samples.sum()),
    }
    if is_sent_by_sample(past):
        frames = _frames(connection, place, past)
        return wire.encode({**head, "kind": "samples"}, frames, asked.features or None)
    shape = {"kind": "buckets", "n": len(past), "features": past.features}
    return wire.message({**head, **shape}, _arrays(past))


def _only(past: History, features: Sequence[str]) -> History:
    """The same with some of its columns, in their order."""
    kept = [at for at, name in enumerate(past.features) if name in features]
    columns = {name: getattr(past, name)[:, kept] for name in BY_COLUMN}
    return replace(past, features=tuple(past.features[at] for at in kept), **columns)


def is_sent_by_sample(past: History) -> bool:
    """Whether it is whole in single samples, and they are few enough."""
    values = int(past.samples.sum()) * max(len(past.features), 1)
    return past.tier == EACH_SAMPLE and values <= MOST_VALUES and not _is_coarse(past)


def _is_coarse(past: History) -> bool:
    """Whether rollups stand in for samples that are gone."""
    return bool(np.ptp(past.width_s) > 0) if len(past) else False


def _frames(connection: Connection, place: Place, past: History) -> list[Frame]:
    lost: list[LostHour] = []
    found = between(connection, place, past.device, past.start, past.end, lost.append)
    cut = (_cut(frame, past.start, past.end) for frame in found)
    # Numbers of its own: those of late samples are not in order of time.
    return [replace(frame, frame_id=n) for n, frame in enumerate(cut, 1) if len(frame.ts)]


def _cut(frame: Frame, start: float, end: float) -> Frame:
    first, last = (int(at) for at in frame.ts.searchsorted((start, end)))
    cut = {name: getattr(frame, name)[first:last] for name in BY_SAMPLE}
    return replace(frame, **cut)


def _arrays(past: History) -> list[npt.NDArray[Any]]:
    wide = [column.T.astype("<f4") for column in (past.low, past.mean, past.high)]
    narrow: list[npt.NDArray[Any]] = [
        past.score,
        past.threshold,
        past.anomalies,
        past.running_share,
    ]
    return [
        past.ts.astype("<f8"),
        past.width_s.astype("<f4"),
        *wide,
        *(column.astype("<f4") for column in narrow),
        past.breaks.astype("u1"),
    ]
