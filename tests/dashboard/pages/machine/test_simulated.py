"""The panel of a simulated machine: it shows where one is, asks for a fault, measures the delay."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from dashboard.pages.simulated.delays import answered
from detector.records import Alarm
from detector.simulated_records import FaultEvent, Simulated
from detector.store import commands
from detector.store.told import facts
from tests.conftest import wait_for

ALARM = Alarm(7, "sim", "score", "cleared", 101.0, 130.0, 2.0, {}, "m", 1.0, raised_at=103.0)
START = FaultEvent("start", 101.5, 100.9, "spike", "acc_x", 1.0)
END = replace(START, event="end", heard_at=111.5, ts=110.9)


@pytest.mark.parametrize(
    ("alarms", "id_", "delay_s", "was_before"),
    [
        ([ALARM], 7, 1.5, False),
        ([replace(ALARM, id=9, start=108.0), ALARM], 7, 1.5, False),
        ([replace(ALARM, start=90.0)], None, None, True),
        ([replace(ALARM, start=90.0, end=95.0)], None, None, False),
        ([replace(ALARM, start=160.0)], None, None, False),
        ([replace(ALARM, raised_at=160.0)], 7, 58.5, False),
        ([replace(ALARM, raised_at=None)], None, None, False),
        ([], None, None, False),
    ],
)
def test_a_fault_finds_the_first_alarm_after_it(alarms, id_, delay_s, was_before):
    """One that was active before, or came long after, is none of its."""
    [found] = answered([START, END], alarms)
    assert (found.alarm and found.alarm.id, found.delay_s) == (id_, delay_s)
    assert (found.was_before, found.ended_at) == (was_before, 111.5)


def test_a_refusal_is_told_the_newest_first():
    """With the simulator's reason."""
    refused = FaultEvent("refused", 120.0, reason="one fault at a time")
    assert [one.event.event for one in answered([START, END, refused], [])] == ["refused", "start"]


@pytest.mark.browser
def test_a_fault_is_asked_for_on_the_page_of_a_simulated_machine(site, feed, page):
    """As a command, which the detector hands on."""
    machine = Simulated("good-2", time.time() + 60, ("noise", "spike"), ("acc_x",), ())
    with feed.engine.begin() as store:
        facts.write(store, facts.SIMULATED, [machine])
    page.goto(f"{site.url}/device?device=good-2")
    page.click("text=Simulated machine: inject a fault", timeout=60_000)
    feed.applies = False
    page.click("button:has-text('Inject')")
    try:

        def asked():
            with feed.engine.connect() as store:
                return commands.latest(store, "good-2", commands.FAULT)

        found = wait_for(asked, 20, "it is asked for")
    finally:
        feed.applies = True
    value = {"family": "noise", "severity": 1.0, "seconds": 10, "feature": None}
    assert (found.value, found.who) == (value, "dashboard")
