"""What operators say to alarms, done at the desk or refused: all of a command or nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from detector.alarms import requests
from detector.alarms.desk import AlarmDesk
from detector.alarms.requests import Request
from detector.alarms.states import Event, after, is_on
from detector.errors import AlarmError
from detector.records import HELD, Alarm, Command, Hold, Life
from detector.store import alarms as store
from detector.store import devices
from detector.store.schema import Connection

APPLIED, REFUSED = "applied", "refused: "


def answer(connection: Connection, desk: AlarmDesk, command: Command, now: float) -> str:
    """Do what an operator asks.

    Args:
        connection: Inside the transaction of the desk's last ``update``, after it.
        desk: Whose alarms.
        command: Of a kind in ``requests.KINDS``.
        now: Detector clock.

    Returns:
        ``applied``, or ``refused:`` with the reason; nothing is done then.
    """
    try:
        who = requests.who_of(command.who)
        limit_h = desk.settings.alarms_for(command.device).shelve_at_most_h
        request = requests.read(command.kind, command.value, limit_h)
        work = _Work(connection, desk, command.device, who, request, now)
        _DO[command.kind](work)
    except AlarmError as error:
        return f"{REFUSED}{error}"
    return APPLIED


class _Work:
    """One command at work."""

    def __init__(
        self,
        connection: Connection,
        desk: AlarmDesk,
        device: str,
        who: str,
        request: Request,
        now: float,
    ) -> None:
        self._connection, self._book, self._device = connection, desk.book, device
        self._detector = desk.name
        self._who, self._request, self._now = who, request, now

    def acknowledge(self) -> None:
        """Somebody has seen them; checked for all of them before the first is touched."""
        alarms = [self._open(number) for number in self._request.ids]
        for alarm in alarms:
            if after(Life(alarm.life), Event.ACKNOWLEDGE) is None:
                raise AlarmError(_not_now(alarm, "an alarm that nobody has acknowledged"))
        for number in self._request.ids:
            alarm = self._find(number)
            if after(Life(alarm.life), Event.ACKNOWLEDGE) is not None:  # not by a later one yet
                self._book.acknowledge(self._connection, alarm, self._who, self._now)

    def shelve(self) -> None:
        """Put them aside, and what comes of the same kind meanwhile."""
        for alarm in [self._open(number) for number in self._request.ids]:
            minutes = self._request.minutes
            if minutes is None and not is_on(alarm):
                raise AlarmError(_not_now(alarm, "an active alarm, or --minutes"))
        limit_s = None if self._request.minutes is None else self._request.minutes * 60
        for number in self._request.ids:
            self._hold(self._find(number), Life.SHELVED, limit_s)

    def unshelve(self) -> None:
        """Tell of them again."""
        found = []
        for number in self._request.ids:
            alarm = self._find(number)
            shelves = self._holds(alarm.device, Life.SHELVED)
            mine = [one for one in shelves if one.kind == alarm.kind]
            if not mine:
                raise AlarmError(_not_now(alarm, "a shelved alarm"))
            found += mine
        for hold in found:
            self._book.release(self._connection, hold, self._now)

    def comment(self) -> None:
        """The command is the comment, and stays."""
        for number in self._request.ids:
            self._find(number)

    def judge(self) -> None:
        """Say what it was; the newest word counts."""
        for alarm in [self._find(number) for number in self._request.ids]:
            verdict, cause = self._request.verdict, self._request.text
            self._change(replace(alarm, verdict=verdict, cause=cause))

    def note(self) -> None:
        """The command is the note, and stays."""
        self._seen_before()

    def maintain(self) -> None:
        """A maintenance window begins, or ends early."""
        self._of_device(Life.SUPPRESSED, "in maintenance")

    def remove(self) -> None:
        """Take the device's alarms out of service, or put them back."""
        self._of_device(Life.OUT_OF_SERVICE, "out of service")

    def _of_device(self, life: Life, words: str) -> None:
        self._seen_before()
        before = self._holds(self._device, life)
        if self._request.undo:
            if not before:
                raise AlarmError(f"device {self._device}: is not {words}, nothing to undo")
            for hold in before:
                self._book.release(self._connection, replace(hold, who=self._who), self._now)
            return
        if before and life is Life.OUT_OF_SERVICE:
            raise AlarmError(f"device {self._device}: is {words} already, by {before[0].who}")
        until = None if self._request.minutes is None else self._now + self._request.minutes * 60
        hold = Hold(self._device, "", life.value, until, False, self._who, self._request.text)
        self._book.hold(self._connection, hold, self._now)

    def _seen_before(self) -> None:
        if devices.one(self._connection, self._device) is None:
            raise AlarmError(f"device {self._device}: was never seen, see `faultline devices`")

    def _hold(self, alarm: Alarm, life: Life, seconds: float | None) -> None:
        until = None if seconds is None else self._now + seconds
        hold = Hold(
            alarm.device, alarm.kind, life.value, until, until is None, self._who,
            self._request.text,
        )  # fmt: skip
        self._book.hold(self._connection, hold, self._now)

    def _holds(self, device: str, life: Life) -> list[Hold]:
        held = self._book.held_now(device, self._now)
        return [one for one in held if one.life == life.value]

    def _change(self, alarm: Alarm) -> None:
        if alarm.life == Life.NORMAL.value:
            store.update(self._connection, alarm)
        else:
            self._book.change(self._connection, alarm)

    def _find(self, number: int) -> Alarm:
        alarm = store.one(self._connection, number)
        if alarm is None:
            raise AlarmError(f"alarm {number}: there is none, see `faultline alarms`")
        if alarm.detector not in {"", self._detector}:
            raise AlarmError(f"alarm {number}: another detector looks after it ({alarm.detector}), "
                             "allowed: those of one detector at a time")  # fmt: skip
        return alarm

    def _open(self, number: int) -> Alarm:
        alarm = self._find(number)
        if alarm.life == Life.NORMAL.value:
            raise AlarmError(_not_now(alarm, "an alarm that is active or not acknowledged"))
        return alarm


def _not_now(alarm: Alarm, allowed: str) -> str:
    by = f" by {alarm.acknowledged_by}" if alarm.acknowledged_by else ""
    words = "over" if alarm.life == Life.NORMAL.value else alarm.life
    is_answered = alarm.life == Life.ACKNOWLEDGED.value or alarm.life in HELD
    said = f"is {words}" + (by if is_answered or words == "over" else "")
    answered = ", acknowledged" if words == "over" and by else ""
    return f"alarm {alarm.id}: {said.replace('over by', f'over{answered} by')}, allowed: {allowed}"


_DO: dict[str, Callable[[_Work], None]] = {
    requests.ACK: _Work.acknowledge,
    requests.SHELVE: _Work.shelve,
    requests.UNSHELVE: _Work.unshelve,
    requests.COMMENT: _Work.comment,
    requests.VERDICT: _Work.judge,
    requests.MAINTENANCE: _Work.maintain,
    requests.OUT_OF_SERVICE: _Work.remove,
    requests.NOTE: _Work.note,
}
