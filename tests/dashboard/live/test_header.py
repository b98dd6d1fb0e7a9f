"""What the header is told: little, and only when it changed."""

from __future__ import annotations

import json

import pytest

from dashboard.live import header
from dashboard.live.hub import ANSWERS, HEADER, LiveHub
from detector.records import Alarm
from detector.settings.tree import Settings
from detector.store import alarms, commands, devices
from detector.store.schema import open_store
from tests.support.live.feed import Machine, frame, status
from tests.support.live.server import in_a_loop

HEALTH = {"alive": True, "age_s": 0.1, "connection": "connected", "thinned": 1, "flood": 0,
          "disk_full": False, "kept_too_large": False}  # fmt: skip


@pytest.fixture
def store(tmp_path):
    """One device and no alarm."""
    engine = open_store(f"sqlite:///{tmp_path}/store.db")
    machine = Machine("m1", next_ts=1000.0)
    with engine.begin() as connection:
        devices.update(connection, [status(machine, frame(machine, 10, 500.0), 500.0)])
    yield engine
    engine.dispose()


def raised(connection, device="m1", **changes):
    """Store an alarm; returns its number."""
    made = {"kind": "score", "state": "active", "start": 7.0, "end": None, "peak_score": 2.0,
            "contributions": {}, "model": "m", "threshold": 1.0} | changes  # fmt: skip
    return alarms.raise_alarm(connection, Alarm(None, device, **made), 7.0)


def test_the_alarm_to_answer_first_is_the_newest_of_the_highest_priority(store):
    """Answered, held back and quiet ones ask nobody; the counts are by priority."""
    with store.begin() as connection:
        assert header.read(connection, Settings(), HEALTH)["alarm"] is None
        raised(connection, priority="high", life="acknowledged")
        raised(connection, priority="high", life="shelved")
        raised(connection, priority="high", kind="provisional")
        raised(connection, priority="high")
        first = raised(connection, priority="high", life="returned")
        newest = raised(connection, priority="low")
        said = header.read(connection, Settings(), HEALTH)
    assert (said["alarm"]["id"], said["newest"]["id"]) == (first, newest)
    assert said["waiting"] == {"high": 2, "low": 1}
    assert (said["devices"], said["arrival"]) == (1, 500.0)


def test_only_what_changed_is_sent_and_now_and_then_a_sign_of_life(store):
    """Ages move all the time and are no change; a name of any length fits in a kilobyte."""
    sent = header.Header()
    with store.begin() as connection:
        said = header.read(connection, Settings(), HEALTH) | {"now": 100.0}
        assert json.loads(sent.update(said)) == said
        assert sent.update(said | {"now": 100.5, "arrival": 501.0, "age_s": 0.2}) is None
        alive = json.loads(sent.update(said | {"now": 102.5, "arrival": 502.0}))
        assert alive == {"now": 102.5, "arrival": 502.0, "age_s": 0.1}
        raised(connection, "\u202e" + "<b>\\" * 300, priority="high")
        told = sent.update(header.read(connection, Settings(), HEALTH) | {"now": 102.6})
    assert len(told) <= 1000
    assert json.loads(told)["alarm"]["device"].startswith(r"\u202e<b>")


def test_a_newcomer_gets_everything_and_then_nothing(store):
    """From the hub, like any other viewer."""
    hub = LiveHub(Settings, lambda: store)

    async def two_pushes():
        with hub.watching(HEADER) as viewer:
            await hub.push()
            first = await viewer.take()
            await hub.push()
            return json.loads(first), viewer.drained

    first, is_drained = in_a_loop(two_pushes())
    assert {"alive", "alarm", "arrival", "waiting"} <= set(first)
    assert is_drained


def test_pages_hear_at_once_that_an_answer_was_dealt_with(store):
    """Another revision when a command is applied, and none before."""
    hub = LiveHub(Settings, lambda: store)
    with store.begin() as connection:
        number = commands.issue(connection, "m1", "delays", {"delays": None}, "Kim")
    with hub.watching(ANSWERS) as viewer:
        in_a_loop(hub.push())
        first = json.loads(in_a_loop(viewer.take()))["revision"]
        in_a_loop(hub.push())
        assert viewer.drained
        with store.begin() as connection:
            commands.mark_applied(connection, number, "applied")
        in_a_loop(hub.push())
        assert json.loads(in_a_loop(viewer.take()))["revision"] != first
