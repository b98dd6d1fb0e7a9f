"""The outbox in stores of every kind: one row a message, its id for good."""

from __future__ import annotations

from dataclasses import replace

from detector.records import Alarm
from detector.store.outbox import outbox

ALARM = Alarm(7, "pump \u03b1", "score", "active", 0.0, None, 2.0, {"a": 1.0}, "m", 1.0,
              raised_at=100.0)  # fmt: skip


def test_a_message_goes_from_decision_to_delivery(engine):
    """First come, first due, each target for itself."""
    with engine.begin() as connection:
        for target in ("a", "b"):
            outbox.add(connection, target, outbox.RAISED, 100.0, ALARM)
        outbox.add(connection, "a", outbox.FLOOD, 101.0, {"most": 10, "seconds": 600.0})
        outbox.add(connection, "a", outbox.RAISED, 102.0, ALARM, outbox.BATCHED)
    with engine.begin() as connection:
        assert sorted(outbox.heads(connection, 100.0)) == ["a", "b"]
        assert outbox.heads(connection, 99.0) == []
        notice, due = outbox.head(connection, "a")
        assert (notice.alarm, notice.at, notice.attempts, due) == (ALARM, 100.0, 0, 100.0)
        outbox.begin_attempt(connection, notice, 105.0)
        outbox.failed(connection, notice, "no answer", 106.0)
    with engine.begin() as connection:
        assert outbox.heads(connection, 105.0) == ["b"]
        [one, other] = outbox.standings(connection, ["a", "b"])
        assert (one.waiting, one.oldest, one.attempts, one.reason) == (2, 100.0, 1, "no answer")
        assert (other.waiting, other.attempts, other.reason) == (1, 0, None)
        outbox.try_now(connection, 104.0)
        assert sorted(outbox.heads(connection, 104.0)) == ["a", "b"]
        outbox.finish(connection, outbox.head(connection, "a")[0], outbox.SENT, 106.0)
        second, _ = outbox.head(connection, "a")
        assert (second.event, second.alarm, second.content["most"]) == ("flood", None, 10)
        [one] = outbox.standings(connection, ["a"])[:1]
        assert (one.waiting, one.sent, one.last_sent) == (1, 1, 106.0)
        outbox.prune(connection, 106.5)
        assert [notice.event for notice, _ in outbox.every(connection, "a")] == ["flood"]


def test_only_what_nobody_has_begun_to_send_is_brought_up_to_date(engine):
    """Whoever may have seen a message is sent no other one under its id."""
    risen = replace(ALARM, priority="high")
    with engine.begin() as connection:
        outbox.add(connection, "a", outbox.RAISED, 100.0, ALARM)
        assert outbox.replace_waiting(connection, "a", risen, 101.0)
        assert not outbox.replace_waiting(connection, "b", risen, 101.0)
        assert not outbox.replace_waiting(connection, "a", replace(risen, id=8), 101.0)
        notice, _ = outbox.head(connection, "a")
        assert (notice.alarm.priority, notice.at) == ("high", 101.0)
        outbox.begin_attempt(connection, notice, 110.0)
        assert not outbox.replace_waiting(connection, "a", ALARM, 102.0)


def test_floods_are_counted_for_each_target(engine):
    """What happened to alarms, sent or not; messages on the flood itself aside."""
    with engine.begin() as connection:
        outbox.begin_flood(connection, "a", 100.0)
        outbox.add(connection, "a", outbox.FLOOD, 100.0, {"most": 10, "seconds": 600.0})
        for at in (99.0, 100.0, 101.0):
            outbox.add(connection, "a", outbox.RAISED, at, ALARM, outbox.BATCHED)
        outbox.add(connection, "b", outbox.ESCALATED, 150.0, ALARM)
        assert outbox.floods_now(connection) == {"a": 100.0}
        assert outbox.count_since(connection, "a", 99.0) == 2
        assert outbox.batched(connection, "a", 100.0) == {"pump \u03b1": 2}
        assert [outbox.escalated(connection, target, ALARM) for target in "ab"] == [False, True]
        assert not outbox.escalated(connection, "b", replace(ALARM, raised_at=151.0))
        outbox.end_flood(connection, "a")
        assert outbox.flood_since(connection, "a") is None


def test_what_was_too_old_is_counted_until_the_next_that_is_sent(engine):
    """Each is told of once."""
    with engine.begin() as connection:
        for outcome in (outbox.TOO_OLD, outbox.SENT, outbox.TOO_OLD, outbox.TOO_OLD, None):
            outbox.add(connection, "a", outbox.RAISED, 100.0, ALARM, outcome)
        notice, _ = outbox.head(connection, "a")
        assert outbox.dropped_before(connection, notice) == 2
        outbox.finish(connection, notice, outbox.SENT, 100.0)
        assert outbox.dropped_before(connection, notice) == 0
