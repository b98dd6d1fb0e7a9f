"""Takes a picture of a page, for the README: ``python docs/screenshot.py URL FILE.png``."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]


def main() -> None:
    """Open the page, wait, and write the PNG."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("file", type=Path)
    parser.add_argument("--wait", type=float, default=8.0, help="seconds (default: 8)")
    parser.add_argument("--until", metavar="TEXT", help="wait for this text first, 3 min at most")
    parser.add_argument("--scheme", choices=("light", "dark"), default="dark")
    parser.add_argument("--height", type=int, default=900, help="pixels (default: 900)")
    args = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        size = {"width": 1280, "height": args.height}
        page = browser.new_page(viewport=size, color_scheme=args.scheme)
        page.goto(args.url)
        if args.until:
            page.get_by_text(args.until).first.wait_for(timeout=180_000)
        page.wait_for_timeout(args.wait * 1000)
        page.screenshot(path=args.file)
        browser.close()


if __name__ == "__main__":
    main()
