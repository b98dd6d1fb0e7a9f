"""The panel of a machine that is heard as a waveform."""

from __future__ import annotations

import numpy as np
import pytest

from dashboard.pages.panels.palette import LIGHT
from dashboard.pages.panels.spectrum_figure import figure, thinned
from detector.frontends.waveforms.viewed import viewed
from detector.store import devices
from detector.store.archive.waveforms import Waveform, WaveformNote
from tests.conftest import wait_for
from tests.support.live.page import open_device

RATE_HZ, RPM = 3200.0, 900.0
NOTE = WaveformNote("heard", ("acc_x", "acc_y", "rpm"), ("acc_x", "acc_y"), ("g", "g", "1/min"),
                    RATE_HZ, "rpm", orders={"1x": 1.0, "outer race": 3.05},
                    envelope_hz=((600.0, 1200.0),), machine_class="small")  # fmt: skip


def waveform(seconds=2.0):
    """A shaft at 900 rpm with its third order on x."""
    ts = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    noise = np.random.default_rng(0).normal(0, 0.01, (len(ts), 2))
    noise[:, 0] += 0.2 * np.sin(2 * np.pi * 3 * RPM / 60 * ts)
    values = np.column_stack([noise, np.full(len(ts), RPM)]).astype(np.float32)
    return Waveform(NOTE, 1_772_366_400.0 + ts, values)


def test_a_row_for_each_input_and_a_cursor_for_each_part():
    """The lines of a velocity start at 0; the names stand above, red is for anomalies."""
    seen = viewed(waveform().values, NOTE, "velocity", over_orders=True)
    made = figure(seen, LIGHT)
    assert [trace.name for trace in made.data] == ["acc_x", "acc_y"]
    at = made.data[0].x[np.argmax(made.data[0].y)]
    assert at == pytest.approx(3.0, abs=seen.spectrum.resolution)
    assert {shape.x0 for shape in made.layout.shapes} == {1.0, 3.05}
    assert [made.layout.yaxis.range[0], made.layout.xaxis.range[0]] == [0, 0]
    assert LIGHT.anomaly not in made.to_json()


def test_no_peak_is_lost_where_lines_are_thinned():
    """Of each few lines the largest is drawn, where it lies."""
    axis, level = np.arange(10_001.0), np.zeros(10_001)
    level[7777] = 1.0
    drawn_at, drawn = thinned(axis, level, 500)
    assert len(drawn) <= 500
    assert drawn_at[drawn.argmax()] == 7777


def rate_of(feed, device):
    """What the store says of it, by which the page knows a waveform."""
    with feed.engine.connect() as connection:
        return devices.one(connection, device).rate_hz


@pytest.mark.browser
def test_the_newest_waveform_is_read_on_request(site, feed, page):
    """Asked for by a command; the panel says its speed and the zone of its velocity."""
    machine = feed["good-2"]
    machine.rate_hz, machine.waveform = RATE_HZ, waveform()
    try:
        wait_for(lambda: rate_of(feed, "good-2") == RATE_HZ, what="its rate is known")
        page.set_default_timeout(90_000)  # plenty is drawn, on a computer that may be busy
        open_device(page, site, "good-2")
        page.get_by_text("Spectrum", exact=True).click()
        page.get_by_text("Nothing was read yet").wait_for()
        page.get_by_role("button", name="Read the newest").click()
        page.get_by_text("900 rpm").wait_for()
        assert "zone D" in page.get_by_text("900 rpm").text_content()
        page.wait_for_selector(".stPlotlyChart .main-svg")
    finally:
        machine.rate_hz, machine.waveform = 100.0, None
