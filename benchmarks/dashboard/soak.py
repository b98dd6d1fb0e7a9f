"""Hours of watching: does the browser's heap grow, do the servers, and does the detector wait?

Broker, motor, detector, store and dashboard run on this computer, a browser has the device page
open, a second tab walks through the other pages, and viewers come and go. The first minute is
without any of them. Exit code 1 when something grows beyond noise, or ingest stalls.

    python -m benchmarks.dashboard.soak                  # 30 minutes
    python -m benchmarks.dashboard.soak --minutes 480    # part of `make soak`
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import urlopen

import numpy as np
import psutil
from playwright.sync_api import Page, sync_playwright
from scipy.stats import theilslopes
from tqdm import tqdm

from benchmarks.dashboard.browsing import FLAGS, LIVE, PATIENCE_MS
from benchmarks.dashboard.plant import DEVICE, Plant, start
from benchmarks.dashboard.viewers import coming_and_going
from benchmarks.lib.aims import Aim, tell
from benchmarks.lib.load import Array
from benchmarks.lib.machine import machine
from detector.store import frames
from detector.store.schema import Engine, open_store
from simulator.demo.children import Children
from simulator.errors import SimulatorError

ALONE_S, EVERY_S = 60.0, 10.0
ASKING, ASKED, PAST_S = 8, 200, 90.0  # at once, and in all; seconds each
WARM = 0.25  # of the time, in which caches fill
NOISE = 0.02  # of what is there: growth below this in the whole time is none
STALL_MS = 50.0
BESIDE = 10  # viewers and their browsers have computers of their own
PAGES = (
    "/", "/alarms", f"/device?device={DEVICE}&range=30m", "/tuning", "/models", "/system",
    f"/device?device={DEVICE}",
)  # fmt: skip


@dataclass(frozen=True)
class Held:
    """What was held at one moment.

    Attributes:
        at_s: Since the first.
        heap: The browser's, after its garbage is collected; 10^6 bytes, as are the next two.
        dashboard: Resident.
        detector: Resident.
        nodes: In the page's document and its leftovers.
    """

    at_s: float
    heap: float
    dashboard: float
    detector: float
    nodes: float


@dataclass(frozen=True)
class Growth:
    """Of one measure: what it is at first, what it gains an hour, with the 95 % interval."""

    what: str
    first: float
    slope: float
    low: float
    high: float
    hours: float

    @property
    def is_none(self) -> bool:
        """Whether it is noise: no slope for sure, or little in the whole time."""
        return self.low <= 0 or self.slope * self.hours <= NOISE * self.first


def main(arguments: list[str] | None = None) -> int:
    """Watch, then print; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=30.0, help="(default: %(default)g)")
    parser.add_argument("--viewers", type=int, default=100, help="at a time (default: %(default)s)")
    args = parser.parse_args(arguments)
    print(f"{machine()}; a motor at 100 Hz, {args.viewers} viewers, {args.minutes:g} minutes\n")
    try:
        with tempfile.TemporaryDirectory() as folder, Children(Path(folder)) as children:
            plant = start(children, Path(folder))
            store = open_store(plant.store)
            began = time.time()
            time.sleep(ALONE_S)
            alone = _late_ms(store, began)
            _ask_at_once(plant.page)
            began = time.time()
            held = list(_watch(plant, 60 * args.minutes, args.viewers))
            watched = _late_ms(store, began)
            store.dispose()
    except SimulatorError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    return _report([_growth(what, held) for what in ("heap", "nodes", "dashboard", "detector")],
                   alone, watched)  # fmt: skip


def _ask_at_once(page: str) -> None:
    def ask(_: int) -> None:
        end = time.time()
        query = urlencode({"device": DEVICE, "from": end - PAST_S, "to": end})
        with urlopen(f"{page}/history?{query}") as answer:  # noqa: S310 -- our own
            answer.read()

    with ThreadPoolExecutor(ASKING) as threads:
        list(threads.map(ask, range(ASKED)))


def _watch(plant: Plant, seconds: float, viewers: int) -> Iterator[Held]:
    servers = _sessions()
    with coming_and_going(plant.page, viewers), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        _give_way({os.getsid(0), *(_sessions() - servers)})
        page, walker = browser.new_page(), browser.new_page()
        for tab in (page, walker):
            tab.set_default_timeout(PATIENCE_MS)
        page.goto(f"{plant.page}/device?device={DEVICE}")
        page.wait_for_selector(LIVE)
        session = page.context.new_cdp_session(page)
        session.send("Performance.enable")
        began, paths = time.monotonic(), cycle(PAGES)
        with tqdm(total=round(seconds), unit="s", desc="watched") as bar:
            while (at_s := time.monotonic() - began) < seconds:
                walker.goto(plant.page + next(paths))
                page.wait_for_timeout(1000 * EVERY_S)
                session.send("HeapProfiler.collectGarbage")
                found = session.send("Performance.getMetrics")["metrics"]
                told = {one["name"]: float(one["value"]) for one in found}
                yield Held(at_s, told["JSHeapUsedSize"] / 1e6, _resident(plant.dashboard),
                           _resident(plant.detector), told["Nodes"])  # fmt: skip
                bar.update(round(time.monotonic() - began) - bar.n)
        _is_alive(page)
        browser.close()


def _sessions() -> set[int]:
    """Of all that was started from here."""
    return {os.getsid(one.pid) for one in psutil.Process().children(recursive=True)}


def _give_way(sessions: set[int]) -> None:
    """Linux shares the processor out by session first, so that is where to be nice."""
    for session in sessions:
        with suppress(OSError):  # where it does not
            Path(f"/proc/{session}/autogroup").write_text(str(BESIDE))


def _is_alive(page: Page) -> None:
    drawn = "document.querySelector('.faultline_device').dataset.draws"
    page.wait_for_function(f"before => {drawn} !== before", arg=page.evaluate(drawn))


def _resident(process: psutil.Process) -> float:
    family = [process, *process.children(recursive=True)]
    return sum(one.memory_info().rss for one in family) / 1e6


def _late_ms(store: Engine, began: float) -> Array:
    """Of each frame that came since, how long after its last sample it was taken in."""
    with store.connect() as connection:
        came = frames.between(connection, DEVICE, began, time.time())
    return np.array([1000 * (frame.arrival - frame.ts[-1]) for frame in came])


def _growth(what: str, held: list[Held]) -> Growth:
    warm = held[int(WARM * len(held)) :]
    hours = np.array([one.at_s for one in warm]) / 3600
    values = np.array([getattr(one, what) for one in warm])
    slope, _, low, high = theilslopes(values, hours)
    first = float(np.median(values[: max(1, len(values) // 10)]))
    return Growth(what, first, float(slope), float(low), float(high), float(hours[-1] - hours[0]))


def _report(growths: list[Growth], alone: Array, watched: Array) -> int:
    print("| what | at first | an hour | 95 % |\n|---|---|---|---|")
    units = {"heap": "the browser's heap, MB", "nodes": "its nodes",
             "dashboard": "dashboard, MB", "detector": "detector, MB"}  # fmt: skip
    for growth in growths:
        print(f"| {units[growth.what]} | {growth.first:.1f} | {growth.slope:+.2f} "
              f"| {growth.low:+.2f} to {growth.high:+.2f} |")  # fmt: skip
    print("\n| ingest, ms after the sample | median | p99 | longest |\n|---|---|---|---|")
    for what, late in (("nobody watches", alone), ("watched", watched)):
        print(f"| {what} | {np.median(late):.1f} | {np.quantile(late, 0.99):.1f} "
              f"| {late.max():.1f} |")  # fmt: skip
    stall = float(watched.max() - np.median(watched))
    return tell(
        [
            *(Aim(f"{units[one.what]}: {one.slope:+.2f} an hour", one.is_none) for one in growths),
            Aim(f"the longest stall is {stall:.0f} ms, at most {STALL_MS:.0f}", stall <= STALL_MS),
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
