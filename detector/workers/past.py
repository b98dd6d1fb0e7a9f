"""What a device's newest session holds where part of it is not stored yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from detector.engines.streams import History
from detector.records import Frame, is_backlog
from detector.store import frames
from detector.workers.messages import Past, packed_frame


def pasts_of(
    wants: Mapping[str, tuple[int, int]], history: History, unstored: Sequence[Frame]
) -> dict[str, Past]:
    """What workers want to know of devices.

    Args:
        wants: By device, samples of the baseline and to look back.
        history: Reads what is stored.
        unstored: Frames of all devices after these, in order.

    Raises:
        StoreFailure: If that cannot be read.
    """
    pasts = {}
    for device, (first, newest) in wants.items():
        of_device = [frame for frame in unstored if frame.device == device]
        start, tail = with_unstored(history(device, first, newest), of_device, first, newest)
        pasts[device] = Past([packed_frame(one) for one in start],
                             [packed_frame(one) for one in tail])  # fmt: skip
    return pasts


def with_unstored(
    stored: tuple[Sequence[Frame], Sequence[Frame]],
    unstored: Sequence[Frame],
    first: int,
    newest: int,
) -> tuple[list[Frame], list[Frame]]:
    """The ends of a device's newest session.

    Args:
        stored: The same of what is stored, in order of time.
        unstored: Frames of the device after these, in order; backlogs are left out.
        first: Samples wanted from its beginning.
        newest: Samples wanted from its end.

    Returns:
        Frames that hold at least so many samples, as far as the session has them.
    """
    start, tail = list(stored[0]), list(stored[1])
    live = [frame for frame in unstored if not is_backlog(frame.session)]
    if not live:
        return start, tail
    session = live[-1].session
    added = [frame for frame in live if frame.session == session]
    if tail and tail[-1].session != session:
        start, tail = [], []
    start = frames.enough([*start, *added], first)
    return start, frames.enough(reversed([*tail, *added]), newest)[::-1]
