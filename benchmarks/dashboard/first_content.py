"""How long a browser waits for a device page: for its words, and for its first chart.

The demo runs on this computer and keeps scoring meanwhile, as a plant's detector would. A real
Chromium opens the page with an empty cache once, then with a warm one. Beside it stands a page of
Streamlit with one word and one line in ``st.plotly_chart``, which is what Streamlit and the browser
need whatever a page holds. Exit code 1 when the median of the warm visits misses the target.

    python -m benchmarks.dashboard.first_content
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, sync_playwright

from benchmarks.dashboard.browsing import FLAGS
from benchmarks.dashboard.first_seen import DRAWN, NAMED, watching
from benchmarks.lib.aims import Aim, tell
from benchmarks.lib.machine import machine
from benchmarks.lib.services import PROJECT, wait_for
from simulator.cli.options import whole_from
from simulator.demo.broker import accepts, free_port
from simulator.demo.children import Children
from simulator.errors import SimulatorError

WORDS_S, CHART_S = 1.5, 2.5  # at most, on a warm server
DEVICE = "motor-600-1"
PLAIN = """
import streamlit as st
st.write("ready")
st.plotly_chart({"data": [{"y": [1, 2, 3]}]})
"""


@dataclass(frozen=True)
class Watched:
    """A page, and what in it tells that its words and its chart are there, JavaScript."""

    what: str
    url: str
    words: str
    chart: str


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--motors", type=whole_from(1), default=4, help="how many (default: 4)")
    parser.add_argument("--visits", type=whole_from(1), default=7, help="warm ones (default: 7)")
    args = parser.parse_args(arguments)
    print(f"{machine()}, {args.motors} motors scored meanwhile\n")
    try:
        with tempfile.TemporaryDirectory() as folder, Children(Path(folder)) as children:
            plain, ours = _start_plain(children, Path(folder)), _start_demo(children, args.motors)
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path=shutil.which("chromium"), args=FLAGS
                )
                print("| seconds until | empty cache | warm, median | warm, slowest |\n"
                      "|---|---|---|---|")  # fmt: skip
                _report(plain, *_visits(browser, plain, args.visits))
                medians = _report(ours, *_visits(browser, ours, args.visits))
    except SimulatorError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    return tell(
        [
            Aim(f"{what} after {found:.2f} s, aim: {most:g} s", found <= most)
            for what, found, most in zip(
                ("words", "chart"), medians, (WORDS_S, CHART_S), strict=True
            )
        ]
    )


def _start_plain(children: Children, folder: Path) -> Watched:
    port, script = free_port(), folder / "plain.py"
    script.write_text(PLAIN)
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.headless", "true"]
    children.start("streamlit", [*command, "--server.port", str(port)], folder=folder)
    wait_for(lambda: accepts(port), children, "the plain page is served")
    words = """document.querySelector('[data-testid="stMarkdownContainer"]')?.textContent"""
    return Watched(
        "a plain page of Streamlit", f"http://127.0.0.1:{port}", words,
        "document.querySelector('.js-plotly-plot .main-svg')",
    )  # fmt: skip


def _start_demo(children: Children, motors: int) -> Watched:
    port = free_port()
    command = [sys.executable, "-m", "simulator", "demo", "--port", str(port)]
    children.start("demo", [*command, "--motors", str(motors)], folder=PROJECT)
    wait_for(lambda: accepts(port), children, "the dashboard listens")
    time.sleep(15)  # the detector has loaded its models, the first minute is being filled
    return Watched(
        "the device page", f"http://127.0.0.1:{port}/device?device={DEVICE}", NAMED, DRAWN
    )


def _visits(browser: Browser, page: Watched, count: int) -> tuple[list[float], list[list[float]]]:
    """The first visit and the others: seconds to the words and to the chart."""
    window = browser.new_context(viewport={"width": 1440, "height": 900})
    window.add_init_script(watching(words=page.words, chart=page.chart))
    first = _visit(window, page.url)
    return first, [_visit(window, page.url) for _ in range(count)]


def _visit(window: BrowserContext, url: str) -> list[float]:
    page = window.new_page()
    page.goto(url)
    page.wait_for_function("window.seen.words && window.seen.chart", timeout=60_000)
    seen = page.evaluate("window.seen")
    page.close()
    return [seen["words"] / 1000, seen["chart"] / 1000]


def _report(page: Watched, first: list[float], warm: list[list[float]]) -> list[float]:
    """Print the rows of a page; returns its medians."""
    medians = [statistics.median(times) for times in zip(*warm, strict=True)]
    slowest = [max(times) for times in zip(*warm, strict=True)]
    for what, cold, median, most in zip(("words", "chart"), first, medians, slowest, strict=True):
        print(f"| {page.what}: {what} | {cold:.2f} | {median:.2f} | {most:.2f} |", flush=True)
    return medians


if __name__ == "__main__":
    sys.exit(main())
