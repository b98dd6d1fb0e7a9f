"""The fault lab: what is tried, a run begun and cancelled, results kept and compared."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import pytest
from playwright.sync_api import TimeoutError as Late

from dashboard.jobs.job import ENDED, REQUEST, RESULT
from dashboard.pages.lab import request as asking
from dashboard.pages.lab.request import KIND, Request
from dashboard.pages.lab.results import matrix, models, own, rows_of, shares, totals
from tests.conftest import wait_for

RUN = Request(("models/a", "models/b"), ("spike", "bias"), (0.5, 1.0), folder="runs")


def row(row_="a", family="all", severity=None, found=1, faults=2):
    """As ``evaluate --json`` prints one."""
    return {
        "model": "a", "row": row_, "family": family, "severity": severity, "faults": faults,
        "faults_found": found, "event_recall": found / faults, "normal_hours": 1.0,
        "false_alarms": 0, "f2": 0.5, "average_precision": 0.9, "median_delay_s": None,
        "false_alarms_per_hour": 0.0, "false_alarms_per_hour_bound": 3.0, "other": {"x": 1},
    }  # fmt: skip


ROWS = [row(), row("|z|", found=0), row(family="spike", severity=0.5), row(family="spike"),
        row(family="bias", severity=1.0, found=0)]  # fmt: skip


def test_rows_are_looked_at_from_a_few_sides():
    """In all, by family and severity, and what else the command prints is left alone."""
    rows = rows_of(ROWS)
    assert [one.row for one in totals(rows)] == ["a", "|z|"]
    assert models(rows) == ["a"]
    assert len(own(rows, "a")) == 4
    found = matrix(rows, "a")
    assert found.severities == (0.5, 1.0)
    assert found.cells == {"spike": ((1, 2), None), "bias": (None, (0, 2))}
    assert shares(rows, "a") == {"spike": 0.5}
    assert rows_of({"error": 1}) is None


def test_a_device_is_written_to_a_file_first(tmp_path):
    """Then the command judges that; names that look like options are none."""
    asked = Request(("m",), ("all",), (1.0,), device="--x", start=1.7e9, end=1.7e9 + 60)
    export, evaluate = asking.steps(asked, tmp_path)
    assert export[:4] == [sys.executable, "-m", "detector", "export"]
    assert "--device=--x" in export
    assert "--start=2023-11-14T22:13:20+00:00" in export
    assert evaluate[evaluate.index("--sessions") + 1] == str(tmp_path / "sessions")
    [only] = asking.steps(RUN, tmp_path)
    assert only[only.index("--sessions") + 1] == str(Path("runs").absolute())
    assert {"--faults=spike,bias", "--severities=0.5,1", "--json"} <= set(only)


def kept(site, number):
    """A run that ended before, as its folder tells it."""
    folder = Path(site.log).parent / "lab" / f"20260101T00000{number}-abc"
    folder.mkdir(parents=True)
    request = {"kind": KIND, "who": "Ann", "at": 1.7e9 + number, "about": asdict(RUN), "steps": []}
    (folder / REQUEST).write_text(json.dumps(request))
    (folder / RESULT).write_text(json.dumps(ROWS))
    (folder / ENDED).write_text('{"code": 0, "at": 1700000060}')


def choose(page, key, option):
    """Open a list and take something; a page that is drawn anew meanwhile shuts it again."""

    def is_taken():
        page.click(f".st-key-{key} input", timeout=30_000)
        try:
            page.click(option, timeout=5_000)
        except Late:
            return False
        return True

    wait_for(is_taken, 30, option)


@pytest.mark.browser
def test_a_run_outlives_a_reload_and_is_cancelled(site, feed, page):
    """Beside it stand the results of those before, and two are compared."""
    kept(site, 1)
    kept(site, 2)
    page.goto(f"{site.url}/lab")
    page.click("button:has-text('Recordings')", timeout=30_000)
    page.fill("input[aria-label='File or folder of recordings']", str(site.log.parent))
    page.keyboard.press("Tab")
    choose(page, "lab-models", "[role=option]:has-text('models/motor-600rpm')")
    page.keyboard.press("Escape")
    page.click(".st-key-run button:enabled")
    page.wait_for_selector("button:has-text('Cancel')", timeout=30_000)
    page.reload()
    page.click("button:has-text('Cancel')", timeout=30_000)
    page.wait_for_selector(".sheet-wrong:has-text('cancelled')", timeout=30_000)
    choose(page, "lab-compared", "[role=option] >> nth=0")
    page.wait_for_selector(".sheet-table:has-text('a: faults found, by severity') >> nth=1",
                           timeout=30_000)  # fmt: skip
    assert "0/2 missed" in page.inner_text(".stMain")
