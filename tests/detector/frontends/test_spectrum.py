"""The spectrum that is looked at: levels of tones, orders on a ramp, a bearing in the envelope."""

from __future__ import annotations

import numpy as np
import pytest

from detector.errors import SpectrumError
from detector.frontends.cursors import orders_of
from detector.frontends.waveforms.spectrum import spectrum
from detector.frontends.waveforms.viewed import newest_burst, viewed
from detector.store.archive.waveforms import WaveformNote
from tests.detector.frontends.test_waveform_words import PLAN

RATE_HZ, N = 6400.0, 12_800
T = np.arange(N) / RATE_HZ
NOTE = WaveformNote("m", ("x", "y", "rpm"), ("x", "y"), ("g", "g", "1/min"), RATE_HZ, "rpm",
                    orders={"1x": 1.0, "outer race": 3.05, "gear mesh": 1e4},
                    envelope_hz=((1000.0, 1600.0),))  # fmt: skip


def tone(hz, amplitude=1.0):
    """Two columns: the tone, and nothing."""
    return np.column_stack([amplitude * np.sin(2 * np.pi * hz * T), np.zeros(N)])


def test_a_tone_has_its_rms_at_its_line_and_its_velocity_in_mm_s():
    """1 g at 100 Hz is 0.707 g rms, 11.04 mm/s rms; silence beside it has a level all the same."""
    found = spectrum(tone(100.0), RATE_HZ, unit="g")
    at = found.rms[0].argmax()
    assert found.axis[at] == pytest.approx(100.0, abs=found.resolution)
    assert found.rms[0, at] == pytest.approx(np.sqrt(0.5), rel=0.01)
    assert np.isfinite(found.db).all()
    velocity = spectrum(tone(100.0), RATE_HZ, quantity="velocity", unit="g", to_mm_s2=9806.65)
    expected = 9806.65 / (2 * np.pi * 100) * np.sqrt(0.5)
    assert velocity.rms[0, at] == pytest.approx(expected, rel=0.01)
    assert velocity.unit == "mm/s"


def test_orders_do_not_smear_on_a_ramp():
    """The third order of a shaft that goes from 600 to 1200 rpm is one line."""
    rpm = np.linspace(600.0, 1200.0, N)
    turns = np.cumsum(rpm) / 60 / RATE_HZ
    values = np.sin(2 * np.pi * 3 * turns)[:, None]
    found = spectrum(values, RATE_HZ, rpm=rpm)
    at = found.rms[0].argmax()
    assert found.axis_unit == "x"
    assert found.axis[at] == pytest.approx(3.0, abs=found.resolution)
    assert found.rms[0, at] == pytest.approx(np.sqrt(0.5), rel=0.16)  # it lies between two lines
    assert spectrum(values, RATE_HZ).rms[0].max() < 0.3


@pytest.mark.parametrize("over_orders", [True, False])
def test_impacts_stand_at_the_cursor_of_the_bearing(over_orders):
    """3.05 times a turn a resonance at 1300 Hz rings; the raw spectrum has nothing there."""
    rng, order, speed = np.random.default_rng(0), 3.05, 900.0
    impacts = (np.diff(np.floor(order * speed / 60 * T), prepend=0) > 0).astype(float)
    ring = np.exp(-T[:200] * 400) * np.sin(2 * np.pi * 1300 * T[:200])
    heard = np.convolve(impacts, ring)[:N] + 0.05 * rng.normal(size=N)
    values = np.column_stack([heard, 0.1 * rng.normal(size=N), np.full(N, speed)])
    seen = viewed(values, NOTE, "envelope", over_orders=over_orders)
    found, cursor = seen.spectrum, seen.cursors["outer race"]
    near = np.abs(found.axis - cursor) <= 2 * found.resolution
    assert found.power[0, near].max() > 0.5 * found.power[0].max()
    assert found.power[0, near].max() > 100 * np.median(found.power[0])
    assert cursor == pytest.approx(order if over_orders else order * speed / 60)
    assert "gear mesh" not in seen.cursors  # it lies beyond the spectrum
    assert seen.inputs == ("x", "y")


def test_the_velocity_beside_it_is_that_of_the_band():
    """A tone within 10 to 1000 Hz, and one above it."""
    values = np.column_stack([tone(100.0)[:, 0] + tone(2000.0, 50.0)[:, 0], tone(100.0)[:, 1]])
    seen = viewed(np.column_stack([values, np.full(N, 900.0)]), NOTE, "velocity", over_orders=True)
    expected = 9806.65 / (2 * np.pi * 100) * np.sqrt(0.5)
    assert seen.velocity_mm_s == pytest.approx([expected, 0.0], rel=0.02, abs=1e-6)


def test_the_newest_burst_is_looked_at_unless_it_has_just_begun():
    """Samples with a gap between them have no spectrum together."""
    ts = np.concatenate([T[:1000], 60 + T[:500], 120 + T[:10]])
    values = np.arange(len(ts))[:, None]
    assert newest_burst(ts, values, RATE_HZ)[:, 0].tolist() == list(range(1000, 1500))
    assert len(newest_burst(ts[:30], values[:30], RATE_HZ)) == 30


@pytest.mark.parametrize(
    ("values", "asked", "line"),
    [
        (tone(100.0)[:50], {}, "50 samples"),
        (np.where(T[:, None] == T[5], np.nan, tone(100.0)), {}, "values are missing"),
        (tone(100.0), {"quantity": "velocity"}, "no unit of acceleration"),
        (tone(100.0), {"quantity": "envelope"}, "envelope of None"),
        (tone(100.0), {"rpm": 0.0}, "a speed of 0"),
        (tone(100.0), {"rpm": np.where(np.arange(N) == 7, np.nan, 900.0)}, "a speed of 0, missing"),
        (tone(100.0), {"rpm": 10.0}, "0.33 turns"),
    ],
)
def test_what_has_no_spectrum_says_so(values, asked, line):
    """In one line, and no number comes of it."""
    with pytest.raises(SpectrumError, match=line):
        spectrum(values, RATE_HZ, **asked)
    with pytest.raises(SpectrumError, match="the speed is not known"):
        viewed(np.column_stack([tone(9.0), np.zeros(N)]), NOTE, "velocity", over_orders=True)


def test_cursors_are_those_of_what_is_known_of_the_machine():
    """Shaft, bearing and gear."""
    found = orders_of(PLAN)
    assert found["outer race"] == pytest.approx(3.585, abs=1e-3)
    assert (found["1x"], found["gear mesh"]) == (1.0, 23.0)
