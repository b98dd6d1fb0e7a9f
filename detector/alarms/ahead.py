"""What was judged before it was stored, because its store had no room for samples.

A detector that is killed then gets these samples again, and must not tell of their alarms twice.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from detector.records import Frame, ModelCard
from detector.store import holds as kept
from detector.store.schema import Connection

JUDGED = "judged"  # kind under which it is remembered


class Ahead:
    """Up to where each device was judged ahead of the store, by session.

    Args:
        memories: What an earlier run remembered, by device and kind.
    """

    def __init__(self, memories: Mapping[tuple[str, str], Mapping[str, Any]]) -> None:
        self._until = {device: (str(one["session"]), float(one["until"]))
                       for (device, kind), one in memories.items() if kind == JUDGED}  # fmt: skip

    def rest(self, frame: Frame) -> Frame | None:
        """What of a frame an earlier run has not judged; None: nothing."""
        session, until = self._until.get(frame.device, ("", 0.0))
        if session != frame.session or frame.ts[0] > until:
            return frame
        new = frame.ts > until
        if not new.any():
            return None
        return replace(
            frame, ts=frame.ts[new], values=frame.values[new],
            reconstruction=frame.reconstruction[new], score=frame.score[new], mse=frame.mse[new],
            judged=frame.judged[new], due=None if frame.due is None else frame.due[new],
        )  # fmt: skip


def note(connection: Connection, judged: Sequence[tuple[Frame, ModelCard | None]]) -> None:
    """Remember in the transaction that stores their alarms how far frames were judged."""
    newest = {frame.device: frame for frame, card in judged if card is not None}
    kept.remember(connection, {
        (device, JUDGED): {"session": frame.session, "until": float(frame.ts[-1])}
        for device, frame in newest.items()
    })  # fmt: skip


def forget(connection: Connection, devices: set[str]) -> None:
    """These are stored."""
    kept.remember(connection, {(device, JUDGED): None for device in sorted(devices)})
