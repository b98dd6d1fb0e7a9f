"""The stretch of a device's stored samples that it is to be commissioned in."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from detector.errors import CommissionError
from detector.records import DeviceStatus, Frame, Samples, is_backlog, label_of
from detector.store import devices, frames
from detector.store.archive.place import Place
from detector.store.archive.reading import LostHour, between
from detector.store.connecting import at_one_moment
from detector.store.schema import Connection


def known(connection: Connection, device: str) -> DeviceStatus:
    """The latest word on a device.

    Raises:
        CommissionError: If the store has none.
    """
    status = devices.one(connection, device)
    if status is None:
        names = [one.device for one in devices.every(connection)][:8]
        allowed = ", ".join(names) or "one that has sent samples"
        raise CommissionError(f"{device}: not in the store, allowed: {allowed}")
    return status


def stored_stretch(
    connection: Connection, place: Place, device: str, start: float, end: float
) -> list[Samples]:
    """Its live samples from ``start`` to ``end``, one part a session, from closed hours too.

    Args:
        connection: To the store; nothing was read in its transaction yet.
        place: Of the archive.
        device: Name of the machine.
        start: UTC seconds of device time, as ``end``.
        end: Not in it.

    Raises:
        CommissionError: If there is none, or an hour of it cannot be read.
    """
    at_one_moment(connection)
    found = [one for one in between(connection, place, device, start, end, tell=_refuse)
             if not is_backlog(one.session)]  # fmt: skip
    parts = list(_sessions(found, start, end))
    if not parts:
        raise CommissionError(f"{device}: no sample in that stretch, allowed: a time it ran in")
    return parts


def _refuse(lost: LostHour) -> None:
    raise CommissionError(
        f"{lost.device}: an hour of that stretch cannot be read ({lost.reason}), allowed: another"
    )


def _sessions(found: list[Frame], start: float, end: float) -> Iterator[Samples]:
    names = frames.names_in(found)
    for session, group in groupby(found, key=lambda frame: frame.session):
        whole = frames.joined(list(group), names)
        kept = slice(*(int(at) for at in whole.ts.searchsorted((start, end))))
        if kept.start < kept.stop:
            yield Samples(names, whole.ts[kept], whole.values[kept], label_of(session))
