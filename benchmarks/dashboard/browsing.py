"""What a browser shows: blank frames, lost zooms, its main thread, how long people wait."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import BrowserContext, CDPSession, Page

from benchmarks.dashboard.first_seen import NAMED, watching
from benchmarks.dashboard.painted import ROWS
from benchmarks.dashboard.plant import DEVICE

PLOT = "document.querySelector('.js-plotly-plot')"
LIVE = ".faultline_device[data-draws]"
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
PATIENCE_MS = 120_000
METERED = 200  # updates, at most
# Whether all rows of a chart are there now: in a strip of the painted one, which lines of every
# row cross; of a chart of Plotly's its lines, less two that may be short. Then the points of the
# longest trace. A chart that is drawn anew with every update has none of it now and then.
WHOLE = """() => {
  const chart = document.querySelector(".fl-chart");
  const isPainted = chart?.classList.contains("fl-painted");
  const plot = isPainted ? chart.figure : document.querySelector(".js-plotly-plot");
  if (!plot?.data) return null;
  const drawn = () => [...plot.querySelectorAll(".scatterlayer .js-line")].filter(
    line => (line.getAttribute("d") || "").length > 100);
  const full = isPainted ? ROWS(chart)[0] : drawn().length - 2;
  return full > 2 && [full, Math.max(...plot.data.map(trace => trace.x.length))];
}""".replace("ROWS", ROWS)
FILM = """seconds => new Promise(done => {
  const seen = {frames: 0, blank: 0, ages: []}, began = performance.now(), whole = WHOLE;
  let drawn = null;
  const look = now => {
    seen.frames++;
    if (!(whole()?.[0] >= LINES)) seen.blank++;
    const facts = document.querySelector(".faultline_device")?.dataset;
    if (facts && facts.draws !== drawn) {
      if (drawn !== null) seen.ages.push(Date.now() / 1000 - Number(facts.newest));
      drawn = facts.draws;
    }
    if (now - began < seconds * 1000) requestAnimationFrame(look);
    else done({...seen, fps: seen.frames / (now - began) * 1000});
  };
  requestAnimationFrame(look);
})""".replace("WHOLE", WHOLE)


@dataclass(frozen=True)
class Seen:
    """Of a chart that was looked at for a while.

    Attributes:
        updates: That came meanwhile.
        blank: Animation frames without a whole chart.
        lost: Zooms that an update undid, of ``zooms``.
        zooms: Updates that came while zoomed.
        points: Drawn of the longest trace.
        main_ms: Of the browser's main thread per update.
        fps: Animation frames a second.
        kb: Of the page's sockets per update, as text and bytes, before compression.
        age_ms: From the time of the newest sample to its drawing, p95; None: not told.
    """

    updates: int
    blank: int
    lost: int
    zooms: int
    points: int
    main_ms: float
    fps: float
    kb: float
    age_ms: float | None


def look(page: Page, counter: Callable[[], int], updates: int) -> Seen:
    """Look at an open chart for so many updates live, and for as many zoomed."""
    lines, points = page.wait_for_function(WHOLE).json_value()
    meter = _Meter(page.context.new_cdp_session(page))
    first = counter()
    page.wait_for_timeout(min(updates, METERED) * 500)  # alone: to look costs too
    metered = max(1, counter() - first)
    main_ms, kb = meter.main_ms() / metered, meter.bytes / metered / 1024
    first = counter()
    seen = page.evaluate(FILM.replace("LINES", str(lines)), updates / 2)
    came = max(1, counter() - first)
    lost, zooms = _zoom(page, counter, updates)
    ages = sorted(seen["ages"])
    age_ms = 1000 * ages[int(0.95 * (len(ages) - 1))] if ages else None
    return Seen(came, seen["blank"], lost, zooms, points, main_ms, seen["fps"], kb, age_ms)


class _Meter:
    """What the main thread did and what its sockets took since it was made."""

    def __init__(self, session: CDPSession) -> None:
        self._session, self.bytes = session, 0
        session.send("Performance.enable")
        session.send("Network.enable")
        session.on("Network.webSocketFrameReceived", self._take)
        self._before = self._busy_s()

    def _take(self, event: dict[str, Any]) -> None:
        payload, is_text = event["response"]["payloadData"], event["response"]["opcode"] == 1
        self.bytes += len(payload) if is_text else len(payload) * 3 // 4  # binary comes as base64

    def _busy_s(self) -> float:
        found = self._session.send("Performance.getMetrics")["metrics"]
        return float(next(one["value"] for one in found if one["name"] == "TaskDuration"))

    def main_ms(self) -> float:
        """Milliseconds of tasks."""
        return 1000 * (self._busy_s() - self._before)


def _zoom(page: Page, counter: Callable[[], int], updates: int) -> tuple[int, int]:
    """How many updates undid a zoom, of how many."""
    lost = zooms = 0
    wanted = _zoomed(page)
    newest = counter()
    while zooms < updates:
        _wait(counter, newest, page)
        zooms, newest = zooms + counter() - newest, counter()
        shown = page.evaluate(f"String({PLOT}?._fullLayout?.xaxis?.range)")
        if shown != wanted:
            lost += 1
            wanted = _zoomed(page)
    return lost, zooms


def _zoomed(page: Page) -> str:
    """Drag across a third of the first row; the range that is shown then."""
    box = None
    while box is None:  # a chart that is just drawn anew has none
        box = page.locator(".nsewdrag").first.bounding_box(timeout=PATIENCE_MS)
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 0.3 * box["width"], y)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.6 * box["width"], y, steps=4)
    page.mouse.up()
    page.wait_for_timeout(200)
    return str(page.evaluate(f"String({PLOT}?._fullLayout?.xaxis?.range)"))


def _wait(counter: Callable[[], int], newest: int, page: Page) -> None:
    """Until another update has come."""
    until = time.monotonic() + PATIENCE_MS / 1000
    while counter() <= newest:
        if time.monotonic() > until:
            raise TimeoutError("the chart has stopped")
        page.wait_for_timeout(50)


def waits(window: BrowserContext, url: str, visits: int) -> dict[str, float]:
    """Seconds, the median of some visits: first content, page change, an hour after the click."""
    found: dict[str, list[float]] = {"first content": [], "page change": [], "an hour": []}
    for _ in range(visits):
        page = window.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.add_init_script(watching(words=NAMED))
        page.goto(f"{url}/device?device={DEVICE}", wait_until="commit")
        page.wait_for_selector(LIVE)
        found["first content"].append(page.evaluate("seen.words") / 1000)
        page.wait_for_selector("#faultline-early", state="detached")
        found["page change"].append(_changed(page))
        page.goto(f"{url}/device?device={DEVICE}&range=30m")
        page.wait_for_selector('.faultline_device[data-source="buckets"]')
        found["an hour"].append(_hour(page))
        page.close()
    return {what: statistics.median(times) for what, times in found.items()}


def _changed(page: Page) -> float:
    """From a click on "Overview" to its first machine."""
    page.get_by_role("link", name="Overview").first.wait_for()
    return float(
        page.evaluate("""() => new Promise(done => {
      const links = [...document.querySelectorAll("a")], began = performance.now();
      links.find(link => link.textContent.includes("Overview")).click();
      const look = () => {
        const isThere = document.querySelector(".faultline_overview :is(.fl-tile, .fl-row)");
        if (isThere) done((performance.now() - began) / 1000);
        else requestAnimationFrame(look);
      };
      look();
    })""")
    )


def _hour(page: Page) -> float:
    """From a click on "wider" to a drawing of an hour."""
    return float(
        page.evaluate("""() => new Promise(done => {
      const root = document.querySelector(".faultline_device"), began = performance.now();
      const draws = Number(root.dataset.draws);
      root.querySelector("[data-do=wider]").click();
      const look = () => {
        const {from, to, source, reading} = root.dataset;
        const isDrawn = Number(root.dataset.draws) > draws && to - from > 3599;
        if (isDrawn && source === "buckets" && !reading) done((performance.now() - began) / 1000);
        else requestAnimationFrame(look);
      };
      look();
    })""")
    )
