"""Alarms that no window decides: silent devices, a detector in trouble, drift."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from detector.alarms import drift
from detector.alarms.desk import AlarmDesk
from detector.alarms.states import DETECTOR, DRIFT, SILENT
from detector.records import Frame, ModelCard
from detector.store import levels
from detector.store.schema import Connection
from detector.text import span

LOOK_S = 0.5  # of listening, between two looks
OVERLOAD_S = 60.0  # of thinned scoring before it is an alarm
FULL = (
    "the disk of the store is full: samples wait at the broker, and alarms go on only as long as "
    "it sends more"
)
ITSELF = ""  # the device of an alarm of the detector itself


class Watch:
    """Reports at the desk, in the transaction of its last ``update``.

    Args:
        desk: Where.
        known: Devices of earlier runs, which are expected to send.
    """

    def __init__(self, desk: AlarmDesk, known: Iterable[str]) -> None:
        self._desk = desk
        self._heard = dict.fromkeys(known, 0.0)  # listening seconds
        self._levels: dict[str, drift.HourlyLevel] = {}
        self._looked_at = -LOOK_S
        self._thinned_since: float | None = None
        self._was_full = False

    def look(
        self,
        connection: Connection,
        scored: Sequence[tuple[Frame, ModelCard | None]],
        *,
        listening_s: float,
        now: float,
        thinned: int,
        is_full: bool = False,
    ) -> None:
        """Look at what came, and at what did not.

        Args:
            connection: Inside the transaction of the desk's ``update``, after it.
            scored: What came, with its model.
            listening_s: How long messages could have come since the start, seconds.
            now: Detector clock.
            thinned: One window in so many is scored.
            is_full: Whether the store has no room for samples.
        """
        self._hear(connection, scored, listening_s)
        is_new = is_full or self._was_full  # the clock of listening stands still then
        if not is_new and listening_s - self._looked_at < LOOK_S:
            return
        self._looked_at, self._was_full = listening_s, is_full
        self._say_who_is_silent(connection, listening_s, now)
        if is_full:
            self._report(connection, ITSELF, DETECTOR, True, now, FULL)
        else:
            self._say_how_busy(connection, now, thinned)

    def forget(self, devices: Iterable[str]) -> None:
        """Others expect these to send from now on."""
        for device in devices:
            self._heard.pop(device, None)
            self._levels.pop(device, None)

    def say_how_it_ended(self, connection: Connection, left_at: float | None, now: float) -> None:
        """The detector before ended badly: from then on nobody looked.

        Args:
            connection: Inside a transaction, which ``AlarmDesk.keep`` follows.
            left_at: When it was last alive, detector clock; None: it ended well.
            now: Detector clock.
        """
        if left_at is None:
            return
        blind_s = max(now - left_at, 0.0)
        said = f"the detector ended without a word; nothing was scored for {span(blind_s)}"
        self._report(connection, ITSELF, DETECTOR, True, left_at, said)
        self._report(connection, ITSELF, DETECTOR, False, now, "")

    def _hear(
        self,
        connection: Connection,
        scored: Sequence[tuple[Frame, ModelCard | None]],
        listening_s: float,
    ) -> None:
        for frame, card in scored:
            self._heard[frame.device] = listening_s
            self._report(connection, frame.device, SILENT, False, float(frame.ts[0]), "")
            if card is not None and not card.provisional:
                self._look_for_drift(connection, frame, card.name)

    def _say_who_is_silent(self, connection: Connection, listening_s: float, now: float) -> None:
        for device, heard in self._heard.items():
            limit_s = self._desk.settings.alarms_for(device).silent_s
            silent_s = listening_s - heard
            if limit_s is not None and silent_s > limit_s:
                said = f"no sample for {span(limit_s)}"
                self._report(connection, device, SILENT, True, now - silent_s, said)

    def _say_how_busy(self, connection: Connection, now: float, thinned: int) -> None:
        if thinned == 1:
            self._thinned_since = None
            self._report(connection, ITSELF, DETECTOR, False, now, "")
            return
        self._thinned_since = now if self._thinned_since is None else self._thinned_since
        if now - self._thinned_since >= OVERLOAD_S:
            said = f"overloaded: one window in {thinned} is scored, alarms may come later"
            self._report(connection, ITSELF, DETECTOR, True, self._thinned_since, said)

    def _look_for_drift(self, connection: Connection, frame: Frame, model: str) -> None:
        own = self._levels.setdefault(frame.device, drift.HourlyLevel())
        level = own.take(frame)
        if level is None:
            return
        levels.write(connection, frame.device, model, level.hour, level.value)
        known = levels.of(connection, frame.device, model)
        far = abs(drift.distance(known) or 0.0)
        is_told = self._desk.book.active(frame.device, DRIFT) is not None
        is_on = far >= (drift.BACK if is_told else drift.MOVED)
        self._report(connection, frame.device, DRIFT, is_on, float(frame.ts[-1]),
                     drift.sentence(known))  # fmt: skip

    def _report(
        self, connection: Connection, device: str, kind: str, is_on: bool, ts: float, said: str
    ) -> None:
        self._desk.report(connection, device, kind, is_on=is_on, ts=ts, sentence=said)
