"""The alarms that are open and what is held back, as the store has them.

Whatever happens to an alarm goes through here: the table of its states is asked, and what came of
it is written and logged in the caller's transaction.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain

from detector.alarms.states import (
    HOLDING,
    PROVISIONAL,
    QUIET,
    SCORE,
    SENSOR,
    Event,
    after,
    hold_on,
    is_on,
    is_over,
    state_of,
)
from detector.records import HELD, Alarm, Hold, Life
from detector.sensors.trouble import explains
from detector.store import alarms as store
from detector.store import flight_log
from detector.store import holds as kept
from detector.store.schema import Connection

logger = logging.getLogger(__name__)

MODEL = "model"  # what ended an alarm that another model does not go on with
BEFORE_S = 30.0  # that a score may tell of a sensor's trouble before a rule does
Tell = Callable[[Connection, str, Alarm, float], None]  # see ``Telling.tell``


class Book:
    """Open alarms and holds.

    Args:
        alarms: Those that are not over, or not answered yet.
        holds: All.
        tell: Decides who is told of what happens to an alarm.

    Attributes:
        open: The alarms by device, the oldest first.
        touched: Devices that something was changed of, since the copy was made.
    """

    def __init__(self, alarms: Iterable[Alarm], holds: Iterable[Hold], tell: Tell) -> None:
        self._tell = tell
        self.open: dict[str, tuple[Alarm, ...]] = {}
        for alarm in sorted(alarms, key=_id):
            self._file(alarm)
        self._holds = {(one.device, one.kind, one.life): one for one in holds}
        self.touched: set[str] = set()

    def copy(self) -> Book:
        """Another one to work on."""
        other = Book((), self._holds.values(), self._tell)
        other.open = dict(self.open)
        return other

    @property
    def all(self) -> Iterator[Alarm]:
        """The open alarms of all devices."""
        return chain.from_iterable(self.open.values())

    def active(self, device: str, kind: str) -> Alarm | None:
        """The alarm of a kind whose cause is there; None when there is none."""
        return next((one for one in self.of(device) if one.kind == kind and is_on(one)), None)

    def judged(self, device: str) -> Alarm | None:
        """The alarm that a model's windows raised."""
        return self.active(device, SCORE) or self.active(device, PROVISIONAL)

    def is_explained(self, device: str, contributions: Mapping[str, float]) -> bool:
        """Whether a sensor in trouble, not the machine, made a score."""
        trouble = self.active(device, SENSOR)
        return trouble is not None and explains(trouble.contributions, contributions)

    def explained_by(self, device: str, since: float, features: Iterable[str]) -> Alarm | None:
        """The alarm of the machine that trouble of these features since a time explains."""
        alarm = self.judged(device)
        is_it = alarm is not None and explains(features, alarm.contributions)
        return alarm if alarm and is_it and alarm.start >= since - BEFORE_S else None

    def of(self, device: str) -> list[Alarm]:
        """The open alarms of a device, the newest first."""
        return list(reversed(self.open.get(device, ())))

    def held_now(self, device: str, now: float) -> list[Hold]:
        """What is held back of a device."""
        mine = [one for one in self._holds.values() if one.device == device]
        return [one for one in mine if not is_over(one, now)]

    def begin(self, connection: Connection, alarm: Alarm, now: float) -> Alarm:
        """An alarm whose cause is there: a new one, or a latched one that goes on."""
        latched = self._latched(alarm)
        if latched is not None:
            return self._announce(connection, latched, Event.RAISE, now)
        hold = hold_on(self._holds.values(), alarm.device, alarm.kind, now)
        is_told = hold is None
        life = Life.UNACKNOWLEDGED if hold is None else Life(hold.life)
        raised_at = now if is_told and alarm.kind not in QUIET else None
        made = replace(alarm, life=life.value, state="active", raised_at=raised_at)
        number = store.raise_alarm(connection, made, now, is_told=is_told)
        made = replace(made, id=number)
        self._file(made)
        self.touched.add(made.device)
        if is_told:
            self._tell(connection, "raised", made, now)
        return made

    def follow(self, connection: Connection, before: Alarm, alarm: Alarm, now: float) -> None:
        """Store what has changed while an alarm goes on, and tell of a priority that has risen."""
        if alarm == before:
            return
        self.change(connection, alarm)
        is_risen = alarm.priority != before.priority
        if is_risen and alarm.raised_at is not None and alarm.life not in HELD:
            store.log(connection, _id(alarm), "risen", alarm.peak_ts or alarm.start, now)
            self._tell(connection, "risen", alarm, now)

    def change(self, connection: Connection, alarm: Alarm) -> None:
        """Something of an alarm other than its state is another."""
        store.update(connection, alarm)
        self._file(alarm)

    def restate(
        self,
        connection: Connection,
        alarm: Alarm,
        kind: str,
        sentence: str,
        contributions: dict[str, float],
        now: float,
    ) -> None:
        """Its cause is another one than was said, or is said better."""
        same = replace(alarm, kind=kind, sentence=sentence, contributions=contributions)
        if same == alarm:
            return
        if kind != alarm.kind:
            is_told = alarm.raised_at is not None and alarm.life not in HELD
            store.log(connection, _id(alarm), "reclassified", alarm.start, now, is_told=is_told)
            if is_told:
                self._tell(connection, "reclassified", same, now)
            logger.warning("%s: alarm %s is %s now: %s", alarm.device, alarm.id, kind, sentence)
        self._put(connection, same)

    def clear(
        self,
        connection: Connection,
        alarm: Alarm,
        ts: float,
        cause: str,
        now: float,
        *,
        is_latching: bool = False,
    ) -> Alarm:
        """Its cause has gone.

        Args:
            connection: Inside a transaction.
            alarm: Whose.
            ts: Sample time.
            cause: What ended it.
            now: Detector clock.
            is_latching: See ``after``.
        """
        ended = replace(alarm, end=ts, ended_by=cause)
        is_asked = alarm.kind not in QUIET
        if not is_asked and alarm.life == Life.UNACKNOWLEDGED.value:
            ended = replace(ended, life=Life.ACKNOWLEDGED.value)
        is_told = alarm.raised_at is not None or (alarm.kind in QUIET and alarm.life not in HELD)
        done = self._move(ended, Event.CLEAR, is_latching=is_latching and is_asked)
        if done.life != Life.LATCHED.value:
            store.log(connection, _id(done), "cleared", ts, now, is_told=is_told)
            if is_told and alarm.life not in HELD:
                self._tell(connection, "returned", done, now)
        self._put(connection, done)
        self._end_one_shots(connection, done, now)
        return done

    def acknowledge(self, connection: Connection, alarm: Alarm, who: str, now: float) -> None:
        """Somebody has seen it, and with it what had returned of the same kind before."""
        earlier = [
            one
            for one in self.of(alarm.device)
            if one.kind == alarm.kind and _id(one) < _id(alarm) and one.life == Life.RETURNED.value
        ]
        for one in (*earlier, alarm):
            answered = replace(one, acknowledged_at=now, acknowledged_by=who)
            self._answer(connection, answered, Event.ACKNOWLEDGE, "acknowledged", now)

    def hold(self, connection: Connection, wanted: Hold, now: float) -> None:
        """Hold alarms back, those of now and those to come."""
        self._holds[wanted.device, wanted.kind, wanted.life] = wanted
        kept.hold(connection, wanted)
        self._settle(connection, wanted.device, now, wanted.who)

    def release(self, connection: Connection, ended: Hold, now: float) -> None:
        """Hold them back no more; those that are still there are told."""
        self._holds.pop((ended.device, ended.kind, ended.life), None)
        kept.release(connection, ended)
        self._settle(connection, ended.device, now, ended.who)

    def expire(self, connection: Connection, now: float) -> None:
        """End the holds whose time has passed."""
        for hold in [one for one in self._holds.values() if is_over(one, now)]:
            logger.info("%s: no longer %s", hold.device, hold.life)
            self.release(connection, hold, now)

    def _settle(self, connection: Connection, device: str, now: float, who: str) -> None:
        """Bring the alarms of a device to what its holds ask for."""
        self.touched.add(device)
        for alarm in self.of(device):
            hold = hold_on(self._holds.values(), device, alarm.kind, now)
            if hold is None:
                if alarm.life in HELD:
                    self._announce(connection, alarm, Event.RELEASE, now)
            elif alarm.life != hold.life:
                life = Life(hold.life)
                answered = alarm if is_on(alarm) else replace(
                    alarm, acknowledged_at=now, acknowledged_by=who
                )  # fmt: skip
                self._answer(connection, answered, HOLDING[life], hold.life, now, is_told=False)

    def _answer(
        self,
        connection: Connection,
        alarm: Alarm,
        event: Event,
        word: str,
        now: float,
        *,
        is_told: bool = True,
    ) -> None:
        done = self._move(alarm, event)
        store.log(connection, _id(done), word, done.end or done.start, now, is_told=is_told)
        if event is Event.ACKNOWLEDGE:
            self._tell(connection, word, done, now)
        if alarm.life == Life.LATCHED.value:
            store.log(connection, _id(done), "cleared", done.end or done.start, now)
        self._put(connection, done)

    def _announce(self, connection: Connection, alarm: Alarm, event: Event, now: float) -> Alarm:
        """Tell of an alarm again, for somebody to answer."""
        told = replace(
            self._move(alarm, event), end=None, ended_by=None, raised_at=now,
            acknowledged_at=None, acknowledged_by=None,
        )  # fmt: skip
        if told.kind in QUIET:
            told = replace(told, raised_at=None)
        store.log(connection, _id(told), "raised", told.start, now)
        flight_log.reopen(connection, _id(told))
        self._tell(connection, "raised", told, now)
        self._put(connection, told)
        return told

    def _move(self, alarm: Alarm, event: Event, *, is_latching: bool = False) -> Alarm:
        life = after(Life(alarm.life), event, is_latching=is_latching)
        assert life is not None, f"alarm {alarm.id}: {event} while {alarm.life}"
        return replace(alarm, life=life.value, state=state_of(life))

    def _put(self, connection: Connection, alarm: Alarm) -> None:
        self.change(connection, alarm)
        self.touched.add(alarm.device)

    def _file(self, alarm: Alarm) -> None:
        """Keep an alarm while it is open."""
        before = self.open.pop(alarm.device, ())
        others = tuple(one for one in before if one.id != alarm.id)
        mine = () if alarm.life == Life.NORMAL.value else (alarm,)
        if others or mine:
            self.open[alarm.device] = tuple(sorted((*others, *mine), key=_id))

    def _latched(self, alarm: Alarm) -> Alarm | None:
        mine = (one for one in self.of(alarm.device) if one.kind == alarm.kind)
        return next((one for one in mine if one.life == Life.LATCHED.value), None)

    def _end_one_shots(self, connection: Connection, alarm: Alarm, now: float) -> None:
        mine = [
            one
            for one in self._holds.values()
            if one.one_shot and (one.device, one.kind) == (alarm.device, alarm.kind)
        ]
        for hold in mine:
            self.release(connection, hold, now)


def _id(alarm: Alarm) -> int:
    assert alarm.id is not None
    return alarm.id
