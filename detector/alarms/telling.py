"""Who is told what of an alarm, decided in the transaction of what is told.

Each decision is one row of the outbox for each target that wants it, with an id that stays; what
delivers them knows nothing of alarms. In a flood a target is told of that instead, and once more
when it is over. The page is a target too: its flood is that of all alarms.
"""

from __future__ import annotations

from collections.abc import Iterable

from detector.alarms.figures import FLOOD_FROM, FLOOD_S, FLOOD_TO
from detector.alarms.priority import ORDER
from detector.alarms.states import QUIET, SCORE
from detector.records import Alarm, Life, Priority
from detector.settings.targets.notify import NotifySettings
from detector.settings.tree import Settings
from detector.store import alarms as store
from detector.store.outbox import outbox
from detector.store.outbox.outbox import (
    ESCALATED,
    FLOOD,
    FLOOD_OVER,
    PAGE,
    RAISED,
    RECLASSIFIED,
    RISEN,
)
from detector.store.schema import Connection

LOOK_S = 1.0  # between looks for what only time decides
MOST_DEVICES = 5  # named when a flood is over


class Telling:
    """Decides messages; for the scoring thread.

    Args:
        settings: Targets.

    Attributes:
        flood: Alarms of the last ten minutes while they are a flood, else 0; as of the last look.
    """

    def __init__(self, settings: Settings) -> None:
        self._targets = settings.notify
        self._looked: float | None = None
        self._escalated: set[tuple[str, int | None, float | None]] = set()  # seen in the store
        self.flood = 0

    def follow(self, settings: Settings) -> None:
        """Tell other targets from now on."""
        self._targets = settings.notify

    def tell(self, connection: Connection, event: str, alarm: Alarm, now: float) -> None:
        """Decide who is told of something that happened to an alarm.

        Args:
            connection: Inside the transaction that stores it.
            event: One of those in ``NotifySettings``.
            alarm: As it is now; not held back.
            now: Detector clock.
        """
        if alarm.kind in QUIET:
            return
        if event == RECLASSIFIED:
            for target in self._targets:
                self._correct(connection, target, alarm, now)
            return
        if event == RAISED:
            self._add(connection, PAGE, event, alarm, now)
        for target in self._targets:
            if wants(target, event, alarm, now):
                self._add(connection, target.key, event, alarm, now)

    def look(self, connection: Connection, alarms: Iterable[Alarm], now: float) -> None:
        """Decide what only time decides, once a second: escalations and the ends of floods.

        Args:
            connection: Inside a transaction.
            alarms: All that are open.
            now: Detector clock.
        """
        if self._looked is not None and 0 <= now - self._looked < LOOK_S:
            return
        self._looked = now
        self._end_floods(connection, now)
        waiting = [one for one in alarms if _is_unanswered(one)]
        self._escalated &= {(t.key, a.id, a.raised_at) for t in self._targets for a in waiting}
        for target in self._targets:
            if target.escalate_after_minutes is not None:
                self._escalate(connection, target, target.escalate_after_minutes, waiting, now)

    def _add(self, connection: Connection, key: str, event: str, alarm: Alarm, now: float) -> None:
        if event in {RAISED, RISEN} and outbox.replace_waiting(connection, key, alarm, now):
            return
        is_flood = self._is_flood(connection, key, now)
        outcome = outbox.BATCHED if is_flood or key == PAGE else None
        outbox.add(connection, key, event, now, alarm, outcome)

    def _correct(
        self, connection: Connection, target: NotifySettings, alarm: Alarm, now: float
    ) -> None:
        """What waits says what is known now; who was told otherwise is told so, of any kinds."""
        if outbox.replace_waiting(connection, target.key, alarm, now):
            return
        if outbox.was_told(connection, target.key, alarm):
            if target.is_on_duty(now):
                self._add(connection, target.key, RECLASSIFIED, alarm, now)
        elif SCORE not in target.kinds and wants(target, RAISED, alarm, now):
            self._add(connection, target.key, RAISED, alarm, now)

    def _is_flood(self, connection: Connection, key: str, now: float) -> bool:
        """Whether one more message is too many; the first of those becomes the one of the flood."""
        if outbox.flood_since(connection, key) is not None:
            return True
        if outbox.count_since(connection, key, now - FLOOD_S) < FLOOD_FROM:
            return False
        outbox.begin_flood(connection, key, now)
        if key != PAGE:
            outbox.add(connection, key, FLOOD, now, {"most": FLOOD_FROM, "seconds": FLOOD_S})
        return True

    def _end_floods(self, connection: Connection, now: float) -> None:
        self.flood = 0
        keys = {target.key for target in self._targets}
        for key, since in outbox.floods_now(connection).items():
            count = outbox.count_since(connection, key, now - FLOOD_S)
            if count >= FLOOD_TO:
                self.flood = count if key == PAGE else self.flood
                continue
            if outbox.end_flood(connection, key) and key in keys:
                said = _summary(outbox.batched(connection, key, since), since)
                outbox.add(connection, key, FLOOD_OVER, now, said)

    def _escalate(
        self,
        connection: Connection,
        target: NotifySettings,
        minutes: float,
        waiting: Iterable[Alarm],
        now: float,
    ) -> None:
        for alarm in waiting:
            told = (target.key, alarm.id, alarm.raised_at)
            is_due = now - (alarm.raised_at or now) >= minutes * 60
            if not is_due or told in self._escalated or not wants(target, ESCALATED, alarm, now):
                continue
            if outbox.escalated(connection, target.key, alarm):
                self._escalated.add(told)  # only what is committed is seen
            else:
                self._add(connection, target.key, ESCALATED, alarm, now)
                _publish_once(connection, alarm, now)


def wants(target: NotifySettings, event: str, alarm: Alarm, now: float) -> bool:
    """Whether a target is to be told of an event of an alarm at a time, UTC seconds."""
    return (
        event in target.events
        and alarm.kind in target.kinds
        and ORDER.index(Priority(alarm.priority)) >= ORDER.index(Priority(target.priority))
        and target.is_about(alarm.device)
        and target.is_on_duty(now)
    )


def _publish_once(connection: Connection, alarm: Alarm, now: float) -> None:
    """Servers hear of an escalation when the first target does."""
    number, raised_at = alarm.id or 0, alarm.raised_at or now
    log = store.transitions(connection, number)
    if not any(word == ESCALATED and at >= raised_at for word, at in log):
        store.log(connection, number, ESCALATED, alarm.peak_ts or alarm.start, now)


def _is_unanswered(alarm: Alarm) -> bool:
    """Active, told, and nobody has answered it."""
    return alarm.life == Life.UNACKNOWLEDGED.value and alarm.raised_at is not None


def _summary(counts: dict[str, int], since: float) -> dict[str, object]:
    first = sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:MOST_DEVICES]
    return {"since": since, "count": sum(counts.values()), "devices": dict(first)}
