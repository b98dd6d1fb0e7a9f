"""What the overview is sent: everything once, then only what changed."""

from __future__ import annotations

import json

import msgspec
import pytest

from dashboard.live.overview import SPARKED, Overview
from detector.store.schema import open_store

HEALTH = {"alive": True, "age_s": 0.1, "connection": "connected", "thinned": 1}


@pytest.fixture
def connection():
    """To a store without frames."""
    store = open_store("sqlite://")
    with store.connect() as connected:
        yield connected
    store.dispose()


def tile(name, **changes):
    """One device as it is read."""
    made = {
        "device": name, "state": "ok", "shown_state": "ok", "reason": None, "score": 0.5,
        "threshold": 1.0, "last_arrival": 1000.0, "model": "m", "provisional": False,
    }  # fmt: skip
    return made | changes


def said(*tiles, alarms=()):
    """What is read for one push."""
    return {"now": 1001.0, "health": HEALTH, "devices": list(tiles), "alarms": list(alarms),
            "broker": "mqtt://b", "topic": "t/{device}"}  # fmt: skip


@pytest.fixture
def overview(connection):
    """One that has sent two devices; gives the next update, read back."""
    sent = Overview()

    def next_of(now):
        return msgspec.json.decode(sent.update(connection, now))

    next_of(said(tile("a"), tile("b")))
    next_of.sent = sent
    return next_of


def test_what_stays_the_same_is_not_sent_again(overview):
    """Only the scores and arrivals are; in the order of the names."""
    update = overview(said(tile("a", score=0.75), tile("b", last_arrival=1002.04)))
    assert update["tiles"] == {}
    assert not {"names", "alarms"} & set(update)
    assert update["scores"] == [0.75, 0.5]
    assert update["arrivals"] == [1000.0, 1002.0]


CHANGES = {
    "a state": (said(tile("a", shown_state="stale"), tile("b")), {"a"}, None),
    "a reason": (said(tile("a"), tile("b", reason="no rule")), {"b"}, None),
    "a newcomer": (said(tile("a"), tile("b"), tile("c")), {"c"}, ["a", "b", "c"]),
    "one gone": (said(tile("b")), set(), ["b"]),
    "none left": (said(), set(), []),
}


@pytest.mark.parametrize("case", CHANGES)
def test_what_changed_is_sent_whole(overview, case):
    """A device with all that lasts; the names where there are others."""
    now, changed, names = CHANGES[case]
    update = overview(now)
    assert set(update["tiles"]) == changed
    assert update.get("names") == names
    assert overview(now)["tiles"] == {}


def test_alarms_come_and_go(overview):
    """And are sent when they do."""
    alarm = {"id": 1, "device": "a"}
    tiles = (tile("a"), tile("b"))
    assert overview(said(*tiles, alarms=[alarm]))["alarms"] == [alarm]
    assert "alarms" not in overview(said(*tiles, alarms=[alarm]))
    assert overview(said(*tiles))["alarms"] == []


def test_after_a_failure_everything_is_sent(overview):
    """Nobody knows what had arrived."""
    now = said(tile("a"), tile("b"))
    assert overview(now)["tiles"] == {}
    overview.sent.forget()
    assert set(overview(now)["tiles"]) == {"a", "b"}


def test_a_newcomer_gets_everything(overview):
    """As much as the others have after all of their updates."""
    now = said(tile("a", reason="x"), tile("b"))
    overview(now)
    full = msgspec.json.decode(overview.sent.full(now))
    assert full["names"] == ["a", "b"] == list(full["tiles"])
    assert full["tiles"]["a"]["reason"] == "x"
    assert (full["broker"], full["topic"], full["alarms"]) == ("mqtt://b", "t/{device}", [])


def test_the_score_of_a_machine_that_stands_still_is_none(overview):
    """Nobody judges it, so it must not stand in the spark as an anomaly."""
    now = said(tile("a", score=9.5, shown_state="not-judged"), tile("b", score=0.7))
    overview(now)
    sparks = msgspec.json.decode(overview.sent.full(now))["sparks"]
    assert (sparks["a"][-1], sparks["b"][-1]) == (None, 0.7)


def test_a_thousand_devices_are_some_kilobytes(connection):
    """An update in which every score moved; a newcomer is sent the past of some."""
    sent = Overview()
    tiles = [tile(f"press-{i}") for i in range(1000)]
    sent.update(connection, said(*tiles))
    moved = said(*(one | {"score": 0.123456 + i / 1e4} for i, one in enumerate(tiles)))
    assert len(sent.update(connection, moved)) < 20_000
    assert len(msgspec.json.decode(sent.full(moved))["sparks"]) == SPARKED


FLEET = """
const {Fleet, groupOf} = await import(`/assets/x/overview/fleet.js`);
const fleet = new Fleet();
const tile = (state, more = {}) => ({shown_state: state, state, model: "m", reason: null, ...more});
fleet.receive({full: true, names: ["p-10", "p-2", "q-1"], sparks: {"p-2": [0.1, null]},
  tiles: {"p-10": tile("ok"), "p-2": tile("ok"), "q-1": tile("unscored", {reason: "no rule"})},
  scores: [0.5, 0.6, null], arrivals: [1, 2, 3]});
const ordered = () => fleet.order.map(one => one.device);
"""


@pytest.mark.browser
@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        ("ordered()", ["q-1", "p-2", "p-10"]),
        ("fleet.totals()", [["unscored", 1], ["ok", 2]]),
        ("fleet.found('P-', new Set()).map(one => one.device)", ["p-2", "p-10"]),
        ("fleet.found('no rule', new Set()).map(one => one.device)", ["q-1"]),
        ("fleet.found('', new Set(['ok'])).length", 2),
        ("fleet.devices.get('p-2').spark", [0.1, None]),
        (
            """(fleet.receive({tiles: {"p-10": tile("alarm")}, scores: [3, 0.7, null],
            arrivals: [4, 5, 6]}), [ordered(), fleet.devices.get("p-2").spark])""",
            [["p-10", "q-1", "p-2"], [0.1, None, 0.7]],
        ),
        (
            """(fleet.receive({tiles: {"p-2": tile("not-judged")}, scores: [0.5, 9, null],
            arrivals: [4, 5, 6]}), fleet.devices.get("p-2").spark)""",
            [0.1, None, None],
        ),
        (
            """(fleet.receive({names: ["p-2"], tiles: {}, scores: [9], arrivals: [4]}),
            [ordered(), fleet.devices.get("p-2").score])""",
            [["p-2"], 9],
        ),
        (
            "['a-line-3', 'press', 'x.y', 'a b/c'].map(groupOf)",
            ["a-line", "press", "x", "a b"],
        ),
    ],
)
def test_the_browser_keeps_the_fleet(run, code, wanted):
    """Worst first and 2 before 10; found by name, model and reason; changed on top of that."""
    assert json.loads(run(f"{FLEET} return JSON.stringify({code});")) == wanted
