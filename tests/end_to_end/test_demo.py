"""The whole way of a sample, as `make demo` shows it: broker to browser, nothing faked."""

from __future__ import annotations

import json
import subprocess
import sys

import psutil

from tests.conftest import free_port, wait_for
from tests.support.serving import PROJECT, environment

SECONDS = 50


def test_the_demo_shows_a_fault_and_leaves_nothing_running(chromium, tmp_path):
    """Within a minute: red markers, the banner, a row in `detector alarms`; then exit code 0."""
    port = free_port()
    with (tmp_path / "out").open("w") as out:
        demo = psutil.Popen(
            [sys.executable, "-m", "simulator", "demo", "--port", str(port),
             "--seconds", str(SECONDS), "--motors", "2"],
            cwd=PROJECT, env=environment(), stdout=out, stderr=out,
        )  # fmt: skip
    said = (tmp_path / "out").read_text
    try:
        wait_for(lambda: f"http://127.0.0.1:{port}" in said(), 90, "the page answers")
        family = demo.children(recursive=True)
        assert len(family) >= 3
        wait_for(lambda: "motor-600-1: noise" in said(), 40, "the first fault")
        page = chromium.new_page()
        page.goto(f"http://127.0.0.1:{port}/device?device=motor-600-1")
        chart = page.locator(".faultline_device")
        wait_for(lambda: int(chart.get_attribute("data-anomalies") or 0) > 20, 40, "red markers")
        page.get_by_text("Alarm since").first.wait_for(timeout=20_000)
        rows = json.loads(_alarms(said()))
        assert "motor-600-1" in {row["device"] for row in rows}
        assert rows[0]["contributions"]
        page.close()
        assert demo.wait(SECONDS + 40) == 0, said()
    finally:
        if demo.is_running():
            demo.terminate()
            demo.wait(30)
    alive = [p for p in family if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]
    assert alive == []


def _alarms(said: str) -> str:
    """Run the command that the demo names."""
    [line] = [line for line in said.splitlines() if "Alarms as a list" in line]
    words = line.partition("terminal: ")[2].split()
    variables = dict(word.split("=") for word in words if "=" in word)
    done = subprocess.run(
        [sys.executable, "-m", "detector", "alarms", "--json"], cwd=PROJECT,
        env=environment(**variables), capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout
