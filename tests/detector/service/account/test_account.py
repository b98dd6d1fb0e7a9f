"""What the detector tells of itself: bounded, free of what does not print, kept over a restart."""

from __future__ import annotations

import logging

import pytest

from detector.ingest.buffer import SharedBuffer
from detector.ingest.connection import ConnectionLog, ConnectionState
from detector.ingest.sources import Sources
from detector.service.account.log_tail import MOST_LINES, LogTail
from detector.service.account.process import Rates
from detector.service.account.writer import AccountWriter
from detector.service.figures import PipelineFigures
from detector.settings.sources import SourceSettings
from detector.store.schema import open_store
from detector.store.told import facts

FIGURES = PipelineFigures([], 0, 5, 2, 0, 1, 0.08, 1.7e9)


@pytest.fixture
def log():
    """A logger of its own with a tail on it."""
    tail, logger = LogTail(), logging.Logger("detector.test")
    logger.addHandler(tail)
    return logger, tail


def writer(store, tail, sources=None):
    """As the detector makes one."""
    connection = ConnectionLog("broker mqtt://b:1883")
    connection.note(ConnectionState.CONNECTED, "connected")
    return AccountWriter(
        store, sources or Sources([SourceSettings(topic="sensors/{device}")]),
        SharedBuffer(100, 10), connection=lambda: connection.now, broker="mqtt://b:1883", tail=tail,
    )  # fmt: skip


def test_the_last_warnings_are_kept_in_order_and_bounded(log):
    """Information is no warning; one that comes again is counted; what does not print is shown."""
    logger, tail = log
    logger.info("nothing")
    assert tail.changed() is None
    for number in range(MOST_LINES + 5):
        logger.warning("line %d", number)
    for _ in range(3):
        logger.error("x\x1b[31m\u202e%s", "y" * 900)
    lines = tail.changed()
    assert (len(lines), lines[0].text) == (MOST_LINES, "line 6")
    assert (lines[-1].count, lines[-1].level, len(lines[-1].text)) == (3, "ERROR", 500)
    assert lines[-1].text.startswith(r"x\x1b[31m\u202ey")
    assert tail.changed() is None


def test_an_account_is_in_the_store_and_warnings_outlive_a_restart(tmp_path, log):
    """The process, its broker, its sources and what they refused."""
    logger, tail = log
    store = open_store(f"sqlite:///{tmp_path}/store.db")
    sources = Sources([SourceSettings(topic="sensors/{device}")])
    sources.decode("sensors/a", b'{"x": 1}', 1.7e9)
    logger.warning("before the end")
    first = writer(store, tail, sources)
    first.begin()
    first.write(lambda: FIGURES)
    with store.connect() as connection:
        told = facts.account(connection)
    assert (told.connection, told.waiting_samples, told.lag_s) == ("connected", 5, 0.08)
    assert [(one.topic, one.messages, one.samples) for one in told.sources] == [
        ("sensors/{device}", 1, 1)
    ]
    assert told.memory_bytes is None or told.memory_bytes > 1e6
    again = LogTail()
    writer(store, again).begin()
    with store.connect() as connection:
        assert facts.account(connection) is None
    again.again()
    assert [line.text for line in again.changed()] == ["before the end"]
    store.dispose()


def test_rates_are_growth_per_second():
    """A counter that is new or was set back has none."""
    rates = Rates()
    assert rates.look({"a": 5.0}) == {"a": 0.0}
    found = rates.look({"a": 3.0, "b": 2.0})
    assert found == {"a": 0.0, "b": 0.0}
    assert rates.look({"a": 4.0})["a"] > 0
