"""Bad messages and faults of ours: counted, told, and they stop nothing."""

from __future__ import annotations

from typing import Any

import paho.mqtt.client as paho

from detector.ingest.connection import ConnectionState
from detector.ingest.refusals import OTHERS, Refusals
from tests.conftest import wait_for
from tests.support.ingest.subscribing import T0


def test_bad_messages_are_counted_and_stop_nothing(broker, detector, machine, caplog) -> None:
    """Bad payloads are dropped, counted by device and kind, warned of once and acknowledged."""
    watching = detector(broker, receive_maximum=4).start()
    topic = watching.settings.topic.replace("{device}", "bad-1")
    sender = machine(broker)
    bad = [b"{", b'{"ts": "now", "a": 1}', b'{"a": 1e999}', b"[" * 50_000, b"x" * 1_100_000, b"{"]
    for payload in bad:
        sender.send(topic, payload)
    sender.send(topic, {"ts": T0, "a": 1})
    wait_for(lambda: watching.take() == 7)
    assert watching.ts == [T0]
    assert watching.subscriber.refusals() == {
        "bad-1": {"json": 2, "time": 1, "non-finite": 1, "nesting": 1, "size": 1}
    }
    assert (watching.count("bad_payloads"), watching.count("oversized")) == (6, 1)
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith("bad-1: dropped a message: payload: ")


def test_topics_without_a_device_are_counted(broker, detector, machine) -> None:
    """An empty device name is a bad topic."""
    watching = detector(broker).start()
    machine(broker).send(watching.settings.topic.replace("{device}", ""), {"a": 1})
    wait_for(lambda: watching.take() == 1)
    assert (watching.count("bad_topics"), watching.blocks) == (1, [])


def test_a_fault_of_ours_does_not_end_the_thread(
    broker, detector, machine, monkeypatch, caplog
) -> None:
    """An exception in the handler is logged with its traceback, counted and acknowledged."""
    watching = detector(broker).start()
    topic = watching.settings.topic.replace("{device}", "m")
    append, faults = watching.buffer.append, iter([ZeroDivisionError("ours")])

    def append_or_fail(*arguments: Any) -> None:
        if (fault := next(faults, None)) is not None:
            raise fault
        append(*arguments)

    monkeypatch.setattr(watching.buffer, "append", append_or_fail)
    sender = machine(broker)
    sender.send(topic, {"ts": T0, "a": 1})
    sender.send(topic, {"ts": T0 + 1, "a": 1})
    wait_for(lambda: watching.take() == 2)
    assert (watching.ts, watching.count("faults")) == ([T0 + 1], 1)
    assert "ZeroDivisionError: ours" in caplog.text


def test_a_fault_of_the_library_does_not_end_the_thread(
    broker, detector, machine, monkeypatch, caplog
) -> None:
    """When paho itself fails, it begins again with a new connection and loses nothing."""
    watching = detector(broker).start()
    faults = iter([ZeroDivisionError("theirs")])

    def fail_once() -> int:
        if (fault := next(faults, None)) is not None:
            raise fault
        return paho.Client.loop_misc(watching.subscriber._client)

    monkeypatch.setattr(watching.subscriber._client, "loop_misc", fail_once)
    sender = machine(broker)
    sender.send(watching.settings.topic.replace("{device}", "m"), {"ts": T0, "a": 1})
    wait_for(lambda: watching.count("connections") == 2)
    wait_for(lambda: watching.take() and watching.ts[-1:] == [T0])
    assert watching.count("faults") == 1
    assert "ZeroDivisionError: theirs" in caplog.text
    watching.until(ConnectionState.CONNECTED)


def test_warnings_are_few_and_counts_complete(caplog) -> None:
    """One warning per device in ten seconds says how many were not shown; devices are bounded."""
    now = [0.0]
    refusals = Refusals(max_devices=2, clock=lambda: now[0])
    for _ in range(5):
        refusals.add("m1", "json", "line")
    now[0] = 10.0
    refusals.add("m1", "json", "line")
    for name in ("m2", "m3", "m4"):
        refusals.add(name, "type", "line")
    assert [record.getMessage() for record in caplog.records] == [
        "m1: dropped a message: line",
        "m1: dropped a message: line (4 more not shown)",
        "m2: dropped a message: line",
        "m3: dropped a message: line",
    ]
    assert refusals.counts() == {"m1": {"json": 6}, "m2": {"type": 1}, OTHERS: {"type": 2}}
