"""What people are to be told, from the decision to the delivery: one row, one id, for one target.

A target is known by its name in the settings. ``PAGE`` stands for the page, which is told nothing
by a message; its rows are there to know when the alarms of all devices are a flood.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from detector.records import Alarm
from detector.store.schema import floods, outbox

PAGE = ""
RAISED, RISEN, ESCALATED = "raised", "risen", "escalated"  # events
RECLASSIFIED = "reclassified"  # another kind than was told
FLOOD, FLOOD_OVER = "flood", "flood over"
SENT, BATCHED, TOO_OLD, HELD_BACK = "sent", "batched", "too old", "held back"  # outcomes


@dataclass(frozen=True, slots=True)
class Notice:
    """One message to one target.

    Attributes:
        id: The same in each attempt, and of no other message.
        target: Name in the settings.
        event: What happened to the alarm, or ``flood`` or ``flood over``.
        at: Detector clock, when it was decided.
        content: The alarm as it was then, or what there is to say of the flood.
        attempts: So far.
    """

    id: int
    target: str
    event: str
    at: float
    content: dict[str, Any]
    attempts: int

    @property
    def alarm(self) -> Alarm | None:
        """The alarm as it was then; None: it is of a flood."""
        if self.event in {FLOOD, FLOOD_OVER}:
            return None
        return msgspec.convert(self.content, Alarm)


@dataclass(frozen=True, slots=True)
class Standing:
    """How it stands with one target.

    Attributes:
        target: Its name; also of one that is no longer in the settings.
        waiting: Messages that wait.
        oldest: When the first of them was decided; None: none waits.
        attempts: That were made for that one.
        reason: Why the last one failed; None: none did.
        sent: Messages delivered that are still recorded.
        last_sent: When the newest of them was; None: none was.
        dropped: Messages that were too old to be sent.
        flood_since: When its flood began; None: there is none.
    """

    target: str
    waiting: int
    oldest: float | None
    attempts: int
    reason: str | None
    sent: int
    last_sent: float | None
    dropped: int
    flood_since: float | None


def add(
    connection: Connection,
    target: str,
    event: str,
    now: float,
    said: Alarm | dict[str, Any],
    outcome: str | None = None,
) -> None:
    """Decide a message, in the transaction of what it tells; ``outcome``: it is not to be sent."""
    alarm = said if isinstance(said, Alarm) else None
    connection.execute(
        outbox.insert().values(
            target=target, event=event, at=now, next_try=now, outcome=outcome,
            done_at=None if outcome is None else now,
            alarm_id=None if alarm is None else alarm.id,
            content=said if alarm is None else asdict(alarm),
        )
    )  # fmt: skip


def replace_waiting(connection: Connection, target: str, alarm: Alarm, now: float) -> bool:
    """Say the newest of an alarm in a message that nobody has begun to send.

    Returns:
        Whether there was one.
    """
    waiting = sa.and_(
        outbox.c.target == target, outbox.c.outcome.is_(None), outbox.c.attempts == 0,
        outbox.c.alarm_id == alarm.id, outbox.c.event.in_((RAISED, RISEN)),
    )  # fmt: skip
    changed = connection.execute(
        outbox.update().where(waiting).values(content=asdict(alarm), at=now)
    )
    return changed.rowcount > 0


def count_since(connection: Connection, target: str, since: float) -> int:
    """Messages on alarms decided for a target after ``since``, sent or not."""
    query = sa.select(sa.func.count()).where(
        outbox.c.target == target, outbox.c.at > since, outbox.c.alarm_id.is_not(None)
    )
    return int(connection.execute(query).scalar_one())


def escalated(connection: Connection, target: str, alarm: Alarm) -> bool:
    """Whether a target was told that nobody answers an alarm, since that was last raised."""
    query = sa.select(outbox.c.id).where(
        outbox.c.target == target, outbox.c.at >= alarm.raised_at,
        outbox.c.event == ESCALATED, outbox.c.alarm_id == alarm.id,
    )  # fmt: skip
    return connection.execute(query.limit(1)).first() is not None


def was_told(connection: Connection, target: str, alarm: Alarm) -> bool:
    """Whether a target was told that an alarm is there, or may have been, since it was raised."""
    query = sa.select(outbox.c.id).where(
        outbox.c.target == target, outbox.c.alarm_id == alarm.id,
        outbox.c.at >= alarm.raised_at, outbox.c.event.in_((RAISED, RISEN, ESCALATED)),
        sa.or_(
            outbox.c.outcome == SENT,
            sa.and_(outbox.c.outcome.is_(None), outbox.c.attempts > 0),
        ),
    )  # fmt: skip
    return connection.execute(query.limit(1)).first() is not None


def floods_now(connection: Connection) -> dict[str, float]:
    """When the floods of now began, by target."""
    return {row.target: row.since for row in connection.execute(sa.select(floods))}


def flood_since(connection: Connection, target: str) -> float | None:
    """When the flood of a target began; None: there is none."""
    query = sa.select(floods.c.since).where(floods.c.target == target)
    found: float | None = connection.execute(query).scalar()
    return found


def begin_flood(connection: Connection, target: str, now: float) -> None:
    """A flood begins."""
    connection.execute(floods.insert().values(target=target, since=now))


def end_flood(connection: Connection, target: str) -> bool:
    """It is over; returns whether nobody else has said so."""
    ended = connection.execute(floods.delete().where(floods.c.target == target))
    return ended.rowcount == 1


def batched(connection: Connection, target: str, since: float) -> dict[str, int]:
    """Alarms' messages that were only counted since then, by device."""
    query = sa.select(outbox.c.content).where(
        outbox.c.target == target, outbox.c.at >= since, outbox.c.outcome == BATCHED
    )
    found: dict[str, int] = {}
    for content in connection.execute(query).scalars():
        found[content["device"]] = found.get(content["device"], 0) + 1
    return found


def heads(connection: Connection, now: float) -> list[str]:
    """Targets whose first waiting message is due."""
    first = (
        sa.select(sa.func.min(outbox.c.id).label("id"))
        .where(outbox.c.outcome.is_(None))
        .group_by(outbox.c.target)
        .subquery()
    )
    query = sa.select(outbox.c.target).join(first, first.c.id == outbox.c.id)
    return list(connection.execute(query.where(outbox.c.next_try <= now)).scalars())


def head(connection: Connection, target: str) -> tuple[Notice, float] | None:
    """The first message that waits for a target, and when it is due; None: none waits."""
    query = (
        sa.select(outbox)
        .where(outbox.c.target == target, outbox.c.outcome.is_(None))
        .order_by(outbox.c.id)
        .limit(1)
    )
    row = connection.execute(query).first()
    return None if row is None else (_notice(row), row.next_try)


def try_now(connection: Connection, now: float) -> None:
    """All that waits is due: what kept it may have gone with the detector that tried before."""
    connection.execute(outbox.update().where(outbox.c.outcome.is_(None)).values(next_try=now))


def begin_attempt(connection: Connection, notice: Notice, next_try: float) -> None:
    """From here on a message may have been seen; a crash in it leads to another attempt."""
    _change(connection, notice, attempts=notice.attempts + 1, next_try=next_try)


def failed(connection: Connection, notice: Notice, reason: str, next_try: float) -> None:
    """An attempt did not work; there is another one."""
    _change(connection, notice, reason=reason, next_try=next_try)


def finish(connection: Connection, notice: Notice, outcome: str, now: float) -> None:
    """It is sent, or will not be."""
    _change(connection, notice, outcome=outcome, done_at=now)


def dropped_before(connection: Connection, notice: Notice) -> int:
    """Messages to the same target that were too old, since the one that was last sent."""
    mine = outbox.c.target == notice.target
    last = sa.select(sa.func.coalesce(sa.func.max(outbox.c.id), 0)).where(
        mine, outbox.c.outcome == SENT
    )
    query = sa.select(sa.func.count()).where(
        mine, outbox.c.outcome == TOO_OLD, outbox.c.id > last.scalar_subquery()
    )
    return int(connection.execute(query).scalar_one())


def prune(connection: Connection, before: float) -> None:
    """Forget what was done before then."""
    connection.execute(outbox.delete().where(outbox.c.done_at < before))


def every(connection: Connection, target: str) -> list[tuple[Notice, str | None]]:
    """All that is recorded for a target with what came of it, in order."""
    query = sa.select(outbox).where(outbox.c.target == target).order_by(outbox.c.id)
    return [(_notice(row), row.outcome) for row in connection.execute(query)]


def standings(connection: Connection, targets: Iterable[str]) -> list[Standing]:
    """How it stands with targets, and with any other that something waits for."""
    query = sa.select(outbox.c.target).where(outbox.c.outcome.is_(None)).distinct()
    waited_for = sorted(connection.execute(query).scalars())
    names: Sequence[str] = list(dict.fromkeys([*targets, *waited_for]))
    return [_standing(connection, name) for name in names]


def _standing(connection: Connection, target: str) -> Standing:
    first, mine = head(connection, target), outbox.c.target == target
    counts = {
        row.outcome: (row.n, row.newest)
        for row in connection.execute(
            sa.select(
                outbox.c.outcome, sa.func.count().label("n"),
                sa.func.max(outbox.c.done_at).label("newest"),
            ).where(mine).group_by(outbox.c.outcome)
        )
    }  # fmt: skip
    reason = None if first is None else connection.execute(
        sa.select(outbox.c.reason).where(outbox.c.id == first[0].id)
    ).scalar()  # fmt: skip
    return Standing(
        target=target,
        waiting=counts.get(None, (0, None))[0],
        oldest=None if first is None else first[0].at,
        attempts=0 if first is None else first[0].attempts,
        reason=reason,
        sent=counts.get(SENT, (0, None))[0],
        last_sent=counts.get(SENT, (0, None))[1],
        dropped=counts.get(TOO_OLD, (0, None))[0],
        flood_since=flood_since(connection, target),
    )


def _change(connection: Connection, notice: Notice, **values: Any) -> None:  # noqa: ANN401
    connection.execute(outbox.update().where(outbox.c.id == notice.id).values(values))


def _notice(row: sa.Row[Any]) -> Notice:
    return Notice(row.id, row.target, row.event, row.at, row.content, row.attempts)
