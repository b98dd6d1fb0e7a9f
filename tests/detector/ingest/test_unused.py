"""The inventory of what was not used: bounded, and told to the store once."""

from __future__ import annotations

import pytest

from detector.ingest.buffer import SharedBuffer
from detector.ingest.receiver import Receiver
from detector.ingest.sources import Sources
from detector.ingest.unused import (
    MOST_ENTRIES,
    MOST_TOPICS,
    OTHERS,
    REFRESH_S,
    UnusedInventory,
)
from detector.records import Outcome
from detector.settings.sources import SourceSettings

NOW = 1_800_000_000.0


def told(inventory, most=10_000):
    """Outcome, channel, kind and count of what changed, by topic."""
    return {
        topic: [(entry.outcome, entry.channel, entry.kind, entry.count) for entry in entries]
        for topic, entries in inventory.changed(most).items()
    }


@pytest.mark.parametrize(
    ("payload", "entry"),
    [
        (b'{"x": 1, "mode": "auto"}', (Outcome.LEFT_OUT, "mode", "")),
        (b'{"mode": "auto"}', (Outcome.LEFT_OUT, "mode", "")),
        (b"", (Outcome.IGNORED, None, "")),
        (b"{'x': 1}", (Outcome.REFUSED, None, "json")),
        (b'{"x": ' + b"[" * 20 + b"]" * 20 + b"}", (Outcome.LEFT_OUT, "x", "")),
    ],
)
def test_what_a_message_leaves_unused(payload, entry):
    """A channel, or the whole message, with its topic."""
    receiver = Receiver(
        Sources([SourceSettings(topic="plant/{device}")]), SharedBuffer(100, 10), lambda *_: None
    )
    receiver.receive("plant/m1", payload, is_retained=False, receipt=None)
    assert told(receiver.unused) == {"plant/m1": [(*entry, 1)]}


def test_devices_beyond_the_cap_are_named():
    """Their samples are dropped."""
    receiver = Receiver(
        Sources([SourceSettings(topic="plant/{device}")]), SharedBuffer(100, 1), lambda *_: None
    )
    for name in ("m1", "m2", "m2"):
        receiver.receive(f"plant/{name}", b'{"x": 1}', is_retained=False, receipt=None)
    [entry] = receiver.unused.changed(9)["plant/m2"]
    assert (entry.outcome, entry.count) == (Outcome.NOT_HELD, 2)
    assert entry.reason == "device m2: beyond buffer.max_devices"


def test_a_topic_is_told_when_it_is_new_and_then_now_and_then():
    """Counts that grow are no news for a minute; the newest reason counts."""
    inventory = UnusedInventory()
    for i in range(3):
        inventory.left_out("a/b", {"mode": f"word {i}"}, NOW + i)
    assert told(inventory) == {"a/b": [(Outcome.LEFT_OUT, "mode", "", 3)]}
    inventory.left_out("a/b", {"mode": "word 3"}, NOW + 4)
    assert told(inventory) == {}
    inventory.left_out("a/b", {"mode": "word 4"}, NOW + REFRESH_S)
    [entry] = inventory.changed(9)["a/b"]
    assert (entry.reason, entry.count, entry.last_seen) == ("word 4", 5, NOW + REFRESH_S)


def test_few_are_told_at_once_and_what_got_lost_again():
    """So that no tick writes for long."""
    inventory = UnusedInventory()
    for i in range(5):
        inventory.left_out(f"a/{i}", {"mode": "word"}, NOW)
    first = inventory.changed(2)
    assert list(first) == ["a/0", "a/1"]
    inventory.again(first)
    assert list(inventory.changed(9)) == ["a/2", "a/3", "a/4", "a/0", "a/1"]


def test_it_is_bounded():
    """Topics, channels of a topic, and the length of what was sent."""
    inventory = UnusedInventory()
    channels = {str(i): "word" for i in range(MOST_ENTRIES + 50)}
    inventory.left_out("many", channels, NOW)
    for i in range(MOST_TOPICS + 50):
        inventory.message(f"a/{i}", Outcome.REFUSED, "json", "line " * 1000, NOW)
    inventory.left_out("x" * 9000, {"y" * 9000: "word"}, NOW)
    found = inventory.changed(10_000)
    assert len(found) == MOST_TOPICS + 1
    assert len(found["many"]) == MOST_ENTRIES + 1
    assert found["many"][-1].channel == OTHERS
    assert found[OTHERS][0].count == 51
    assert max(len(entry.reason) for entries in found.values() for entry in entries) == 300
    assert max(len(entry.channel or "") for entry in found[OTHERS]) == 200
