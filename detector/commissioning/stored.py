"""The stretch of a device's stored samples that it is to be commissioned in."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from detector.errors import CommissionError
from detector.records import DeviceStatus, Frame, Samples, is_backlog, label_of
from detector.store import devices, frames
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


def stored_stretch(connection: Connection, device: str, start: float, end: float) -> list[Samples]:
    """Its live samples from ``start`` to ``end``, UTC seconds of device time, one part a session.

    Raises:
        CommissionError: If there is none.
    """
    found = [one for one in frames.between(connection, device, start, end)
             if not is_backlog(one.session)]  # fmt: skip
    parts = list(_sessions(found, start, end))
    if not parts:
        raise CommissionError(f"{device}: no sample in that stretch, allowed: a time it ran in")
    return parts


def _sessions(found: list[Frame], start: float, end: float) -> Iterator[Samples]:
    names = frames.names_in(found)
    for session, group in groupby(found, key=lambda frame: frame.session):
        whole = frames.joined(list(group), names)
        kept = slice(*(int(at) for at in whole.ts.searchsorted((start, end))))
        if kept.start < kept.stop:
            yield Samples(names, whole.ts[kept], whole.values[kept], label_of(session))
