"""How long a browser waits for a device page: for its words, and for its first chart.

The demo runs on this computer and keeps scoring meanwhile, as a plant's detector would. A real
Chromium opens the page with an empty cache once, then with a warm one. Exit code 1 when the median
of the warm visits misses the target.

    python -m benchmarks.speed.first_content
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, sync_playwright

from benchmarks.lib.machine import machine
from benchmarks.lib.services import PROJECT, wait_for
from simulator.cli.options import whole_from
from simulator.demo.broker import accepts, free_port
from simulator.demo.children import Children
from simulator.errors import SimulatorError

MOST_S = 2.5  # to the words and to the chart, on a warm server
DEVICE = "motor-600-1"
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"]
WATCH = """
window.seen = {};
new MutationObserver(() => {
  const view = document.querySelector(".faultline_device");
  const name = view?.querySelector('[data-is="name"]')?.textContent;
  if (name) window.seen.words ??= performance.now();
  if (view?.dataset.draws) window.seen.chart ??= performance.now();
}).observe(document, {subtree: true, childList: true, attributes: true, characterData: true});
"""


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--motors", type=whole_from(1), default=4, help="how many (default: 4)")
    parser.add_argument("--visits", type=whole_from(1), default=7, help="warm ones (default: 7)")
    args = parser.parse_args(arguments)
    print(f"{machine()}, {args.motors} motors scored meanwhile\n")
    try:
        with tempfile.TemporaryDirectory() as folder, Children(Path(folder)) as children:
            url = _start_demo(children, args.motors)
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(
                    executable_path=shutil.which("chromium"), args=FLAGS
                )
                return _report(*_visits(browser, url, args.visits))
    except SimulatorError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code


def _start_demo(children: Children, motors: int) -> str:
    port = free_port()
    command = [sys.executable, "-m", "simulator", "demo", "--port", str(port)]
    children.start("demo", [*command, "--motors", str(motors)], folder=PROJECT)
    wait_for(lambda: accepts(port), children, "the dashboard listens")
    time.sleep(15)  # the detector has loaded its models, the first minute is being filled
    return f"http://127.0.0.1:{port}/device?device={DEVICE}"


def _visits(browser: Browser, url: str, count: int) -> tuple[list[float], list[list[float]]]:
    """The first visit and the others: seconds to the words and to the chart."""
    window = browser.new_context(viewport={"width": 1440, "height": 900})
    window.add_init_script(WATCH)
    first = _visit(window, url)
    return first, [_visit(window, url) for _ in range(count)]


def _visit(window: BrowserContext, url: str) -> list[float]:
    page = window.new_page()
    page.goto(url)
    page.wait_for_selector(".faultline_device[data-draws]", timeout=60_000)
    seen = page.evaluate("window.seen")
    page.close()
    return [seen["words"] / 1000, seen["chart"] / 1000]


def _report(first: list[float], warm: list[list[float]]) -> int:
    print("| seconds until | empty cache | warm, median | warm, slowest |\n|---|---|---|---|")
    is_met = True
    for what, cold, times in zip(("words", "chart"), first, zip(*warm, strict=True), strict=True):
        median = statistics.median(times)
        is_met &= median <= MOST_S
        print(f"| {what} | {cold:.2f} | {median:.2f} | {max(times):.2f} |")
    print(f"\ntarget: both medians at most {MOST_S:g} s: {'met' if is_met else 'MISSED'}")
    return 0 if is_met else 1


if __name__ == "__main__":
    sys.exit(main())
