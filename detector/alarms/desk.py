"""Frames in, alarms out: runs every device's state machine and writes what changes."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from detector.alarms.ahead import Ahead
from detector.alarms.book import MODEL, Book
from detector.alarms.lifecycle import AlarmState, Transition, advance, rule_of
from detector.alarms.memory import Memory, Peak, at_peak, peak_of, recalled, windows
from detector.alarms.priority import higher, priority_of, shifted
from detector.alarms.states import (
    BASE,
    DRIFT,
    PROVISIONAL,
    QUIET,
    SCORE,
    SENSOR,
    is_on,
    is_told,
    kind_of,
    word_of,
)
from detector.alarms.telling import Telling
from detector.records import HELD, Alarm, Frame, Hold, ModelCard, Priority
from detector.settings.alarms import Delays
from detector.settings.tree import Settings
from detector.store import alarms as store
from detector.store import commands, devices, levels
from detector.store import holds as kept
from detector.store.schema import Connection

logger = logging.getLogger(__name__)


class AlarmDesk:
    """Alarms of all devices that a detector looks after.

    ``update``, then ``report`` and operators' answers, work inside the caller's transaction on a
    copy; ``keep`` makes the copy the truth once the transaction is committed, so a failed commit
    changes nothing here.

    Args:
        settings: Alarm rules.
        alarms: Those that an earlier run left active or unanswered.
        holds: What is held back.
        memories: What the rule remembers, by device and kind.
        clock: The detector's.
        name: Likewise; empty: of nobody in particular.

    Attributes:
        telling: Decides who is told of what.
        name: The detector's.
    """

    def __init__(
        self, settings: Settings, alarms: Sequence[Alarm], holds: Sequence[Hold] = (),
        memories: Mapping[tuple[str, str], Mapping[str, Any]] | None = None,
        clock: Callable[[], float] = time.time, name: str = "",
    ) -> None:  # fmt: skip
        self._settings, self._clock, self.telling = settings, clock, Telling(settings)
        self.name = name
        scored = [(d, one) for (d, kind), one in (memories or {}).items() if kind == SCORE]
        found = {device: recalled(one) for device, one in scored}
        self._ahead = Ahead(memories or {})
        for alarm in alarms:  # of a version without memory
            if alarm.kind in {SCORE, PROVISIONAL} and is_on(alarm):
                found.setdefault(alarm.device, Memory(AlarmState(is_active=True)))
        self._memories, self._book = found, Book(alarms, holds, self.telling.tell)
        self._begin()

    def become(self, other: AlarmDesk) -> None:
        """Go on with the alarms of one that was opened just now, between two transactions."""
        self._memories, self._book, self._ahead = other._memories, other._book, other._ahead
        self.telling = other.telling
        self._begin()

    def follow(self, settings: Settings) -> None:
        """Go by other alarm rules from the next window on."""
        self._settings = settings
        self.telling.follow(settings)

    @property
    def settings(self) -> Settings:
        """The alarm rules in force."""
        return self._settings

    @property
    def book(self) -> Book:
        """The alarms and holds that the transaction of now works on."""
        return self._next[1]

    def restart(self, connection: Connection, device: str, ended: float | None) -> None:
        """A device has another model: none but its windows count from now on.

        An active alarm stays, for the new model to clear. ``keep`` makes it the truth.

        Args:
            connection: Inside a transaction.
            device: Name of the machine.
            ended: Where no model judges it any more, its newest sample time: its alarm ends there.
        """
        self._begin()
        levels.forget(connection, device)
        alarm = self.book.judged(device)
        if alarm is not None and ended is not None:
            self._clear(connection, alarm, Transition("cleared", ended, ended, MODEL))
            alarm = None
        self._remember(device, Memory(AlarmState(is_active=alarm is not None)))
        kept.remember(connection, self._remembered)

    def active(self, device: str, book: Book | None = None) -> Alarm | None:
        """The first active alarm of a device that is not held back; as committed, or in a book."""
        mine = (book or self._book).of(device)
        told = [one for one in mine if is_told(one) and one.kind != DRIFT]
        return min(told, key=lambda one: one.kind not in {SCORE, PROVISIONAL}, default=None)

    @property
    def active_count(self) -> int:
        """Active alarms of all devices, those that nobody is notified of aside."""
        return sum(is_told(alarm) and alarm.kind not in QUIET for alarm in self._book.all)

    def update(self, connection: Connection, frames: Sequence[tuple[Frame, ModelCard]]) -> None:
        """Advance the devices by their newest frames and store what changed."""
        self._begin()
        self.book.expire(connection, self._clock())
        for frame, card in frames:
            if (rest := self._ahead.rest(frame)) is not None:
                self._advance(connection, rest, card)
        kept.remember(connection, self._remembered)
        self.telling.look(connection, self.book.all, self._clock())

    def report(
        self, connection: Connection, device: str, kind: str, *, is_on: bool, ts: float,
        sentence: str, contributions: Mapping[str, float] | None = None,
    ) -> None:  # fmt: skip
        """Say whether the cause of an alarm that is judged elsewhere is there; as often as known.

        Args:
            connection: Inside the transaction of the last ``update``, after it.
            device: Name of the machine; empty: the detector itself.
            kind: ``sensor``, ``silent``, ``detector`` or ``drift``.
            is_on: Whether it is there.
            ts: Sample time since when.
            sentence: What is the matter, one plain sentence.
            contributions: Share per feature, where some are the cause.
        """
        alarm, shares = self.book.active(device, kind), dict(contributions or {})
        if is_on and kind == SENSOR:
            alarm = alarm or self._taken_over(connection, device, ts, shares)
        if is_on and alarm is None:
            base = shifted(BASE[kind], self._settings.criticality_of(device))
            made = Alarm(
                None, device, kind, "active", ts, None, 0.0, shares, "", 0.0,
                priority=base.value, sentence=sentence,
            )  # fmt: skip
            self._begin_alarm(connection, made)
        elif alarm is not None and is_on and kind == SENSOR:
            self.book.restate(connection, alarm, SENSOR, sentence, shares, self._clock())
        elif alarm is not None and not is_on:
            self._clear(connection, alarm, Transition("cleared", max(ts, alarm.start), ts))

    def keep(self) -> set[str]:
        """The transaction of the last ``update`` is committed; returns devices of what changed."""
        self._memories, self._book = self._next
        touched = self._book.touched
        self._begin()
        return touched

    def _begin(self) -> None:
        self._next = (dict(self._memories), self._book.copy())
        self._remembered: dict[kept.Point, dict[str, Any] | None] = {}

    def _taken_over(
        self, connection: Connection, device: str, since: float, features: Mapping[str, float]
    ) -> Alarm | None:
        """The alarm of the machine that a sensor's trouble explains; a provisional one ends."""
        alarm = self.book.explained_by(device, since, features)
        if alarm is not None and alarm.kind == PROVISIONAL:
            self._clear(connection, alarm, Transition("cleared", alarm.start, since, SENSOR))
            return None
        return alarm

    def _advance(self, connection: Connection, frame: Frame, card: ModelCard) -> None:
        self._end_other_kind(connection, frame, card)
        memory = self._next[0].get(frame.device, Memory())
        settings = self._settings.alarms_for(frame.device)
        if memory.state.is_quiet and not settings.start_up_s and not frame.anomaly.any():
            return
        memory = memory.noting(frame)
        rule, levels = rule_of(settings, card), windows(frame, settings.deadband)
        state, transitions = advance(rule, memory.state, levels)
        for transition in transitions:
            alarm = self.book.judged(frame.device)
            if transition.kind == "raised":
                self._raise(connection, frame, card, memory.peak, transition)
            elif alarm is not None:
                self._clear(connection, alarm, transition)
        self._tell_machine(connection, frame, card, state)
        self._note(connection, frame)
        self._remember(frame.device, replace(memory, state=state).settled())

    def _tell_machine(
        self, connection: Connection, frame: Frame, card: ModelCard, state: AlarmState
    ) -> None:
        """Raise what a sensor's trouble had explained, and does not any more."""
        if not state.is_active or self.book.judged(frame.device) or not frame.anomaly.any():
            return
        first = float(frame.ts[frame.anomaly][0])
        self._raise(connection, frame, card, peak_of(frame), Transition("raised", first, first))

    def _remember(self, device: str, memory: Memory) -> None:
        if memory != self._next[0].get(device, Memory()):
            self._next[0][device] = memory
            self._remembered[device, SCORE] = memory.stored()

    def _raise(
        self, connection: Connection, frame: Frame, card: ModelCard, peak: Peak | None,
        transition: Transition,
    ) -> None:  # fmt: skip
        assert peak is not None
        if self.book.is_explained(frame.device, peak.contributions):
            return
        alarm = Alarm(
            id=None,
            device=frame.device,
            kind=kind_of(card),
            state="active",
            start=transition.start,
            end=None,
            peak_score=peak.score,
            contributions=dict(peak.contributions),
            model=card.name,
            threshold=frame.threshold,
            peak_ts=peak.ts,
            priority=Priority.LOW.value,
        )
        self._begin_alarm(connection, self._judged_anew(at_peak(alarm, peak), transition.ts))

    def _begin_alarm(self, connection: Connection, alarm: Alarm) -> None:
        mine = replace(alarm, detector=self.name)
        made = self.book.begin(connection, mine, self._clock())
        word = "raised" if made.life not in HELD else made.life
        logger.warning("%s: %s %s %s, priority %s, %s", made.device or "detector", word_of(made),
                       made.id, word, made.priority, made.sentence)  # fmt: skip

    def _clear(self, connection: Connection, alarm: Alarm, transition: Transition) -> None:
        is_latching = self._settings.alarms_for(alarm.device).latching
        done = self.book.clear(connection, alarm, transition.ts, transition.cause, self._clock(),
                               is_latching=is_latching)  # fmt: skip
        logger.warning(
            "%s: %s %s cleared by %s after %.1f s, peak score %.2f, now %s",
            done.device or "detector", word_of(done), done.id, transition.cause,
            transition.ts - done.start, done.peak_score, done.life,
        )  # fmt: skip

    def _end_other_kind(self, connection: Connection, frame: Frame, card: ModelCard) -> None:
        """Its model was confirmed or replaced: what goes on is raised anew, as what it is now."""
        alarm = self.book.judged(frame.device)
        if alarm is None or alarm.kind == kind_of(card):
            return
        start = float(frame.ts[0])
        self._clear(connection, alarm, Transition("cleared", start, start, MODEL))
        self._remember(frame.device, Memory())

    def _note(self, connection: Connection, frame: Frame) -> None:
        """Follow the peak and the priority of an alarm."""
        alarm, peak = self.book.judged(frame.device), peak_of(frame)
        if alarm is None or peak is None:
            return
        noted = alarm
        if peak.score > alarm.peak_score:
            noted = at_peak(alarm, peak)
        noted = self._judged_anew(noted, float(frame.ts[-1]))
        self.book.follow(connection, alarm, noted, self._clock())

    def _judged_anew(self, alarm: Alarm, ts: float) -> Alarm:
        """With the priority that its peak and its length so far give."""
        ratio = alarm.peak_score / alarm.threshold
        criticality = self._settings.criticality_of(alarm.device)
        found = priority_of(ratio, ts - alarm.start, criticality)
        return replace(alarm, priority=higher(Priority(alarm.priority), found).value)


def open_desk(
    settings: Settings, connection: Connection, clock: Callable[[], float] = time.time,
    name: str | None = None,
) -> AlarmDesk:  # fmt: skip
    """The desk of a detector, or of all, as an earlier run left it, with operators' delays."""
    for device, given in commands.delays(connection).items():
        settings.given[device] = Delays(**given)
    others = set[str]() if name is None else devices.of_others(connection, name)
    return AlarmDesk(settings, store.open_ones(connection, name), kept.held(connection, others),
                     kept.memories(connection, others), clock, name or "")  # fmt: skip
