"""What the device page costs and how fast it is, beside ``st.plotly_chart`` in a fragment.

Broker, motor, detector, store and dashboard run on this computer, and so do the browser and the
viewers; each figure of the chart has that of the same run of ``st.plotly_chart`` beside it. Exit
code 1 when a target is missed.

    python -m benchmarks.dashboard            # 2,000 updates, 200 of st.plotly_chart
    python -m benchmarks.dashboard --quick    # 100 updates
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import psutil
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.dashboard.browsing import FLAGS, LIVE, METERED, PATIENCE_MS, Seen, look, waits
from benchmarks.dashboard.plant import DEVICE, Plant, cpu_s, start
from benchmarks.dashboard.viewers import Cost, Weight, watch, weigh
from benchmarks.lib.machine import machine
from simulator.demo.children import Children
from simulator.errors import SimulatorError

WATCHED_S = 20.0
VISITS = 5
T = TypeVar("T")
Row = tuple[str, str, str, str, bool | None]


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="100 updates and 100 viewers")
    parser.add_argument("--updates", type=int, help="how many instead")
    args = parser.parse_args(arguments)
    updates = args.updates or (100 if args.quick else 2000)
    print(f"{machine()}, load {os.getloadavg()[0]:.1f} before; a motor at 100 Hz, 3 features\n")
    try:
        with tempfile.TemporaryDirectory() as folder, Children(Path(folder)) as children:
            plant = start(children, Path(folder))
            rows = _measure(plant, updates, [100] if args.quick else [100, 1000])
    except SimulatorError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    return _report(rows)


def _measure(plant: Plant, updates: int, crowds: list[int]) -> list[Row]:
    weight = _told(weigh(plant.page, WATCHED_S))
    costs = [_told(watch(plant.page, plant.dashboard, crowd, WATCHED_S)) for crowd in crowds]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        window = browser.new_context(viewport={"width": 1440, "height": 900})
        waited = _told(waits(window, plant.page, VISITS))
        window.close()
        ours, _ = _told(_look(browser, _ours, plant.page, plant.dashboard, updates))
        fewer = min(updates, METERED)
        theirs, their_cpu = _told(_look(browser, _theirs, plant.baseline, plant.held, fewer))
        browser.close()
    return [*_beside(ours, theirs), *_of_server(weight, costs, theirs, their_cpu),
            *_waited(waited, ours)]  # fmt: skip


def _told(found: T) -> T:
    """The same, said at once: the whole takes a while."""
    print(found, file=sys.stderr)
    return found


def _look(
    browser: Browser,
    opened: Callable[[Page, str], Callable[[], int]],
    url: str,
    process: psutil.Process,
    updates: int,
) -> tuple[Seen, float]:
    """What is seen, and the server's milliseconds per update."""
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    page.set_default_timeout(PATIENCE_MS)
    counter = opened(page, url)
    before, first = cpu_s(process), counter()
    seen = look(page, counter, updates)
    cost = 1000 * (cpu_s(process) - before) / max(1, counter() - first)
    page.close()
    return seen, cost


def _ours(page: Page, url: str) -> Callable[[], int]:
    page.goto(f"{url}/device?device={DEVICE}&window=1+min")
    page.wait_for_selector(LIVE)
    page.wait_for_selector(".js-plotly-plot", state="attached")  # fetched once the page has settled
    page.wait_for_timeout(3000)
    return lambda: int(page.evaluate("document.querySelector('.faultline_device').dataset.updates"))


def _theirs(page: Page, url: str) -> Callable[[], int]:
    page.goto(url)
    page.wait_for_selector(".js-plotly-plot .main-svg")
    page.wait_for_timeout(3000)
    found = "document.body.innerText.match(/updates (\\d+)/)?.[1] ?? 0"
    return lambda: int(page.evaluate(found))


def _beside(ours: Seen, theirs: Seen) -> list[Row]:
    return [
        _row("updates looked at, live", ours.updates, theirs.updates, ",.0f"),
        _row("blank animation frames", ours.blank, theirs.blank, ",.0f", ours.blank == 0),
        _row(f"zooms lost, of {ours.zooms} and {theirs.zooms} updates", ours.lost, theirs.lost,
             ",.0f", ours.lost == 0),
        _row("drawn points of the longest trace", ours.points, theirs.points, ",.0f",
             ours.points <= 1000),
        _row("browser's main thread per update, ms", ours.main_ms, theirs.main_ms, ".0f",
             ours.main_ms <= 50),
        _row("animation frames a second", ours.fps, theirs.fps, ".0f", ours.fps >= 50),
    ]  # fmt: skip


def _of_server(weight: Weight, costs: list[Cost], theirs: Seen, their_ms: float) -> list[Row]:
    kb, first = weight.per_update / 1024, weight.on_connect / 1024
    rows = [
        _row("KB per update, as sent", kb, theirs.kb, ".1f", kb <= 4),
        ("KB on connect, as sent", f"{first:.0f}", "", "", first <= 100),
    ]
    for cost in costs:
        what = f"server's CPU per update and viewer, ms; {cost.viewers} at {cost.hz:.1f} Hz"
        rows.append(_row(what, cost.ms, their_ms, ".3f", cost.ms <= 1))
        is_met = cost.cores <= 0.5 if cost.viewers >= 1000 else None
        rows.append((f"cores of the server, {cost.viewers} viewers", f"{cost.cores:.3f}", "", "",
                     is_met))  # fmt: skip
    return rows


def _waited(waited: dict[str, float], ours: Seen) -> list[Row]:
    most = {"first content": 1.5, "page change": 0.5, "an hour": 0.4}
    rows: list[Row] = [
        (f"{what}, s", f"{seconds:.2f}", "", "", seconds <= most[what])
        for what, seconds in waited.items()
    ]
    age = ours.age_ms
    is_met = None if age is None else age <= 600
    return [
        *rows,
        ("publish to pixel, p95, ms", "-" if age is None else f"{age:.0f}", "", "", is_met),
    ]


def _row(what: str, ours: float, theirs: float, form: str, is_met: bool | None = None) -> Row:
    ratio = f"{ours / theirs:.3g}" if theirs else ""
    return what, format(ours, form), format(theirs, form), ratio, is_met


def _report(rows: list[Row]) -> int:
    print("| what | page | st.plotly_chart | ratio | target |\n|---|---|---|---|---|")
    for what, ours, theirs, ratio, is_met in rows:
        word = {None: "", True: "met", False: "MISSED"}[is_met]
        print(f"| {what} | {ours} | {theirs} | {ratio} | {word} |")
    return 1 if any(is_met is False for *_, is_met in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
