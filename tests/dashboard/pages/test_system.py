"""The page of the system: what is wrong stands out, all else is quiet; it refreshes by itself."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from dashboard.live.detectors import Standing
from dashboard.pages.sheets import sheet
from dashboard.pages.system import tables
from dashboard.pages.system.reading import System
from dashboard.pages.system.troubles import troubles
from detector.account_records import Account, LogLine, SourceAccount
from detector.records import DetectorHealth, Outcome, Unused
from detector.store import unused
from detector.store.measuring.growth import Growth
from detector.store.measuring.usage import Room, StoreUsage
from detector.store.told import facts

NOW = 1.7e9
HOSTILE = "<img src=x onerror=alert(1)>\u202e"
ROOM = Room(10, 1, 1000, None, 5000, None)
USAGE = StoreUsage("sqlite://", "0008", 10, 0, Growth(None, 0.0, 0, None), ROOM, is_exact=True)


def account(at=NOW, **changed):
    """Of a detector that is well."""
    made = Account(
        at=at, pid=7, host="plant", started_at=at - 60, versions={"faultline": "1"},
        memory_bytes=None, cpu_share=0.1, broker="mqtt://b:1883", connection="connected",
        reason="", since=at - 50, lag_s=0.1, committed_at=at, waiting_samples=0, unsaved_frames=0,
    )  # fmt: skip
    return replace(made, **changed)


def standing(name, *, is_alive=True):
    """Of one of several detectors."""
    return Standing(name, is_alive, 1.0, "connected", 3, keeps=is_alive)


def system(counters=None, *, told=None, connection="connected", usage=USAGE, alive=True):
    """All that the page reads."""
    health = DetectorHealth("plant:7", NOW, connection, counters or {})
    return System(NOW, health, alive, told or account(), [], [], usage, 3)


@pytest.mark.parametrize(
    ("found", "keys"),
    [
        (system(), []),
        (system(alive=False), ["system.trouble_stopped"]),
        (replace(system(), standings=[standing("line 1"), standing("line 2", is_alive=False)]),
         ["system.trouble_one_stopped"]),
        (system(connection="refused"), ["system.trouble_broker"]),
        (system({"thinned": 3, "flood": 12}), ["system.trouble_thinned", "system.trouble_flood"]),
        (system({"workers": 3, "workers_alive": 3, "worker_restarts": 9}), []),
        (system({"workers": 3, "workers_alive": 2}), ["system.trouble_workers"]),
        (system({"workers": 2, "workers_alive": 2, "blocks_given_up": 1}),
         ["system.trouble_given_up"]),
        (system({"scoring_faults": 1, "faults": 1}), ["system.trouble_faults"]),
        (system({"overrun_samples": 4}), ["system.trouble_lost"]),
        (system(told=account(NOW - 60)), ["system.trouble_silent"]),
        (system(told=account(lag_s=9.0, unsaved_frames=900)),
         ["system.trouble_lag", "system.trouble_unsaved"]),
        (system({"disk_full": 1}), ["system.trouble_disk"]),
        (system(usage=replace(USAGE, room=replace(ROOM, days_until_full=2.5))),
         ["system.trouble_full_soon"]),
        (system(usage=None), ["system.trouble_unmeasured"]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_and_nothing_else(found, keys):
    """One line each, the worst first."""
    assert [key for key, _ in troubles(found)] == keys


def test_several_detectors_have_a_table_and_one_has_none():
    """With name, connection and age of each; what is stopped is marked."""
    both = replace(system(), standings=[standing("line 1"), standing("<b>", is_alive=False)])
    made = tables.detectors(both)
    assert "line 1" in made
    assert "&lt;b&gt;" in made
    assert made.count("sheet-mark") == 1
    assert tables.detectors(replace(both, standings=both.standings[:1])) == ""


def test_no_value_is_markup():
    """Whatever a device sends stays text, on the line it stands in."""
    made = sheet.table(HOSTILE, [HOSTILE], [[sheet.code(HOSTILE)], [sheet.Cell(HOSTILE, HOSTILE)]],
                       "", HOSTILE)  # fmt: skip
    made += sheet.facts(HOSTILE, [(HOSTILE, HOSTILE)]) + sheet.troubles(HOSTILE, [HOSTILE], "")
    assert "<img" not in made
    assert "\u202e" not in made
    assert made.count("&lt;img") == 11


@pytest.mark.browser
def test_the_page_follows_the_detector(site, feed, page):
    """Sources, refusals with their message, the log; a lost broker shows by itself."""
    source = SourceAccount("plant/{device}", "auto", 10, 100, 1.0, 10.0, {"json": 3})
    refused = Unused("plant/x", None, Outcome.REFUSED, "json", f"not JSON {HOSTILE}", 3, NOW)
    with feed.engine.begin() as store:
        told = account(time.time(), sources=(source,))
        facts.write(store, facts.ACCOUNT, told)
        facts.write(store, facts.LOG, [LogLine(NOW, "ERROR", "detector.x", f"broken {HOSTILE}")])
        unused.write(store, {"plant/x": [refused]})
    page.goto(f"{site.url}/system")
    page.wait_for_selector(".sheet-calm", timeout=30_000)
    said = page.inner_text(".sheet")
    assert "3 refused" in said
    assert "not JSON <img src=x onerror=alert(1)>\\u202e" in said
    assert "broken <img" in said
    feed.connection = "broker mqtt://b:1883: connection lost"
    try:
        page.wait_for_selector("text=Not connected: broker", timeout=30_000)
    finally:
        feed.connection = "connected"
