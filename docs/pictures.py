"""Takes the film of the README and the pictures of every page, from a demo that it starts.

python docs/pictures.py film      docs/film.webp: fault, markers, alarm, acknowledged
python docs/pictures.py pages     docs/pages/: each page, both themes, 1440 and 390 pixels
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from PIL import Image  # comes with matplotlib
from playwright.sync_api import Browser, Page, sync_playwright

HERE = Path(__file__).resolve().parent
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
DEVICE = "motor-600-1"
PAGES = {
    "overview": "/", "device": f"/device?device={DEVICE}", "alarms": "/alarms",
    "tuning": f"/tuning?device={DEVICE}", "models": "/models", "lab": "/lab", "system": "/system",
}  # fmt: skip
WIDTHS = (1440, 390)
SCHEMES = ("light", "dark")
DRAWN = '[data-testid="stApp"][data-test-script-state="notRunning"]'
CHART = ".faultline_device[data-draws]"
PATIENCE_MS = 240_000  # until a motor of the demo has its first fault
SETTLED_S = 4.0
BESIDE = 10  # a browser without a graphics card must not take the detector's time

# Folder and name of the computer that draws are nobody's business.
UNNAMED = """pairs => {
    const all = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (all.nextNode()) for (const [found, shown] of pairs)
        all.currentNode.data = all.currentNode.data.replaceAll(found, shown);
}"""

FRAMES_A_SECOND = 5
FILM_SIZE = (1280, 800)
BEFORE_S, ALARMED_S, ANSWERED_S = 3.5, 3.0, 3.5


def main() -> None:
    """Start the demo and take what was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("film", "pages"))
    args = parser.parse_args()
    with demo() as url, sync_playwright() as playwright:
        os.nice(BESIDE)  # the browser too
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        if args.what == "film":
            write_film(film(browser, url), HERE / "film.webp")
        else:
            take_pages(browser, url, HERE / "pages")
        browser.close()


@contextmanager
def demo() -> Iterator[str]:
    """A demo for the block; its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "simulator", "demo", "--port", str(port)]
    with subprocess.Popen(command, cwd=HERE.parent, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            while "watching" not in (line := process.stdout.readline()):
                if not line:
                    raise SystemExit("error: the demo has ended, see above")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.communicate()


def film(browser: Browser, url: str) -> list[bytes]:
    """From before a fault is seen until somebody has acknowledged its alarm; PNG images."""
    width, height = FILM_SIZE
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme="dark")
    page.goto(f"{url}{PAGES['device']}")
    page.wait_for_selector(CHART, timeout=PATIENCE_MS)
    name(page, "Kim")
    before: deque[bytes] = deque(maxlen=round(BEFORE_S * FRAMES_A_SECOND))
    banner = page.locator(".fl-banner:visible").first
    for state in ("visible", "hidden"):  # a fault that the demo begins with
        banner.wait_for(state=state, timeout=PATIENCE_MS)
    ask_for_a_fault(browser, url)
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while not banner.is_visible():
        before += taken(page, 1)
        if time.monotonic() > deadline:
            raise SystemExit(f"error: {DEVICE} had no alarm within {PATIENCE_MS // 1000} s")
    frames = [*before, *taken(page, round(ALARMED_S * FRAMES_A_SECOND))]
    page.click(".fl-first")
    page.wait_for_selector(".fl-alarm")
    frames += taken(page, round(ANSWERED_S * FRAMES_A_SECOND / 3))
    page.locator(f'.fl-alarm:has-text("{DEVICE}")').first.locator("[data-does=ack]").click()
    return [*frames, *taken(page, round(ANSWERED_S * FRAMES_A_SECOND * 2 / 3))]


def ask_for_a_fault(browser: Browser, url: str) -> None:
    """As an engineer would, on a page that is not filmed."""
    page = browser.new_page()
    page.goto(f"{url}{PAGES['device']}")
    page.click("text=Simulated machine: inject a fault", timeout=PATIENCE_MS)
    page.click("button:has-text('Inject')", timeout=PATIENCE_MS)
    page.wait_for_selector(DRAWN, timeout=PATIENCE_MS)
    page.close()


def name(page: Page, who: str) -> None:
    """Say who looks, as a viewer would; it is remembered by the browser."""
    page.evaluate("who => localStorage.setItem('faultline-who', JSON.stringify(who))", who)
    page.reload()
    page.wait_for_selector(CHART, timeout=PATIENCE_MS)


def taken(page: Page, count: int) -> list[bytes]:
    """So many images, evenly spaced."""
    found, due = [], time.monotonic()
    for _ in range(count):
        found.append(page.screenshot(animations="allow"))
        due = max(due + 1 / FRAMES_A_SECOND, time.monotonic())
        page.wait_for_timeout(max(due - time.monotonic(), 0) * 1000)
    return found


def write_film(frames: list[bytes], path: Path) -> None:
    """An animated image that begins again."""
    images = [Image.open(BytesIO(one)).convert("RGB").resize((960, 600)) for one in frames]
    images[0].save(path, save_all=True, append_images=images[1:], loop=0, quality=60, method=4,
                   duration=round(1000 / FRAMES_A_SECOND))  # fmt: skip
    sys.stdout.write(f"{path}: {len(images)} images, {path.stat().st_size / 1e6:.1f} MB\n")


def take_pages(browser: Browser, url: str, folder: Path) -> None:
    """Each page in each theme and width, once a motor of the demo has an alarm."""
    folder.mkdir(exist_ok=True)
    first = browser.new_page()
    first.goto(f"{url}{PAGES['device']}")
    first.wait_for_selector(".fl-banner:visible", timeout=PATIENCE_MS)
    first.close()
    for scheme in SCHEMES:
        for width in WIDTHS:
            size = {"width": width, "height": 900}
            page = browser.new_page(viewport=size, color_scheme=scheme)
            for name_, address in PAGES.items():
                page.goto(f"{url}{address}")
                page.wait_for_selector(DRAWN, timeout=PATIENCE_MS)
                if name_ == "device":
                    page.wait_for_selector(CHART, timeout=PATIENCE_MS)
                page.wait_for_timeout(SETTLED_S * 1000)
                page.evaluate(UNNAMED, [[str(HERE.parent), "/srv/faultline"],
                                        [socket.gethostname(), "plant-1"]])  # fmt: skip
                image = Image.open(BytesIO(page.screenshot())).convert("RGB")
                path = folder / f"{name_}-{scheme}-{width}.webp"
                image.save(path, quality=80, method=4)
                sys.stdout.write(f"{path.relative_to(HERE.parent)}\n")
            page.close()


if __name__ == "__main__":
    main()
