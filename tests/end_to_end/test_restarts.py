"""Broker and detector stopped and started again while somebody looks at the chart of a device.

A restart of the dashboard is in ``tests/dashboard/pages/machine/test_device.py``.
"""

from __future__ import annotations

import time

import pytest

from tests.conftest import wait_for
from tests.support.live.page import draws_more, facts, open_device, told
from tests.support.live.server import Site
from tests.support.processes.programs import Program, answer
from tests.support.serving import Served

pytestmark = pytest.mark.browser

DEVICE = "motor-1"
RULE = f'[[devices]]\nmatch = "{DEVICE}"\nmodel = "models/motor-600rpm"\n'
OUT_S = 3.0
# Outlined, and longer than two seconds; from and to in seconds of the device.
GAPS = """() => {
  const {layout} = document.querySelector(".fl-chart").figure;
  return layout.shapes.filter(({line, x0, x1}) => line?.dash === "dot" && x1 - x0 > 2000).length;
}"""


@pytest.fixture
def detector(own_broker, tmp_path):
    """Of a motor whose messages nobody keeps for it: what is lost meanwhile is a gap."""
    made = answer("simulator", "generate", "--rpm", "600", "--sessions", "1", "--minutes", "1",
                  "--out", tmp_path / "sessions")  # fmt: skip
    assert made.returncode == 0, made.stderr
    [session] = (tmp_path / "sessions").rglob("*.csv")
    served = Served(tmp_path, own_broker.url, RULE)
    served.start()
    motor = Program(
        "simulator", "replay", session, "--mqtt", own_broker.url, "--device", DEVICE, "--loop",
        "--topic", f"{tmp_path.name}/{{device}}", "--qos", "0", "--batch", "10",
        output=tmp_path / "motor.log",
    )  # fmt: skip
    yield served
    motor.terminate()
    motor.wait(20)
    if served.process is not None:
        served.stop()
    served.engine.dispose()


@pytest.fixture
def page(chromium, detector, tmp_path):
    """The live chart of the motor, which is scored."""
    with Site(tmp_path, FAULTLINE_STORE__URL=detector.store_url) as site:
        opened = chromium.new_page()
        open_device(opened, site, DEVICE, window="1 min")
        wait_for(lambda: facts(opened)["state"] == "ok", 60, lambda: facts(opened))
        draws_more(opened, 4)
        yield opened
        opened.close()


def test_the_chart_goes_on_by_itself_after_each_restart(own_broker, detector, page):
    """Without a reload, with the time in which nothing came outlined, and scored as before."""
    page.evaluate("window.stays = true")
    for count, part in enumerate((own_broker, detector), 1):
        part.stop()
        time.sleep(OUT_S)
        assert page.evaluate("window.stays")
        part.start()
        back = time.time()
        wait_for(lambda back=back: float(facts(page)["newest"]) > back, 20, lambda: told(page))
        wait_for(lambda count=count: page.evaluate(GAPS) >= count, 20, "the gap is outlined")
        wait_for(lambda: facts(page)["state"] == "ok", 30, lambda: facts(page))
    page.click('[data-do="pause"]')
    wait_for(lambda: "no samples came" in page.text_content(".fl-told"), 20, "why")
    assert page.evaluate("window.stays")
