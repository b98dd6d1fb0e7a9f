"""What is measured of a recording, against numpy and against the house's own rules."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from detector.errors import TrainingError
from detector.inspecting.describe import compare, describe
from detector.inspecting.measures import numbers as blocks
from detector.inspecting.measures import timing
from detector.inspecting.measures.numbers import numbers_of
from detector.inspecting.measures.spectra import spectrum_of
from detector.sessions.segments import Segmenter
from detector.settings.sessions import SessionSettings
from detector.training.fitting.calibrate import splits
from tests.support.sessions.recorded import START, noise, recording, start_and_run, times, vibration

FLOATS = st.floats(-1e6, 1e6, width=32) | st.just(np.float32(np.nan))
COLUMN = arrays.arrays(np.float32, st.integers(1, 60), elements=FLOATS)
STEPS = st.lists(st.sampled_from([0.0, 0.01, 0.01, 0.01, 0.02, 0.031, 5.0, -0.01, -100.0]),
                 min_size=1, max_size=60)  # fmt: skip


def rowwise(samples, period_s, needed):
    """Lengths of sessions, one row after the other through the rule of live samples."""
    cutter, lengths = Segmenter(SessionSettings(), period_s, needed), []
    for row in range(len(samples)):
        part = slice(row, row + 1)
        one = type(samples)(samples.features, samples.ts[part], samples.values[part])
        for piece in cutter.push(one):
            lengths += [0] * piece.starts
            if piece.usable:
                lengths[-1] += 1
    return tuple(lengths)


@given(COLUMN)
def test_numbers_are_those_of_numpy(values):
    """Mean, deviation, extremes, missing, smallest step, whatever is missing."""
    known = values[np.isfinite(values)].astype(np.float64)
    found = numbers_of(values)
    assert (found.known, found.missing) == (len(known), len(values) - len(known))
    if not len(known):
        assert found.mean is found.sd is found.low is found.high is found.resolution is None
        return
    assert found.mean == pytest.approx(known.mean(), rel=1e-12, abs=1e-9)
    assert found.sd == pytest.approx(known.std(), rel=1e-9, abs=1e-9)
    assert (found.low, found.high) == (known.min(), known.max())
    distinct = np.unique(known)
    assert found.levels == len(distinct)
    assert found.resolution == (np.diff(distinct).min() if len(distinct) > 1 else None)


@given(COLUMN)
def test_numbers_do_not_depend_on_the_size_of_a_block(values):
    """A long recording is read in blocks; here they are of three samples."""
    whole = numbers_of(values)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "BLOCK", 3)
        parts = numbers_of(values)
    assert (parts.known, parts.low, parts.high) == (whole.known, whole.low, whole.high)
    assert (parts.resolution, parts.levels) == (whole.resolution, whole.levels)
    if whole.known:
        assert parts.mean == pytest.approx(whole.mean, rel=1e-9, abs=1e-9)
        assert parts.sd == pytest.approx(whole.sd, rel=1e-6, abs=1e-6)


@settings(deadline=None)
@given(STEPS, st.integers(0, 2**60 - 1), st.sampled_from([1, 4, 100]))
def test_sessions_are_those_of_live_samples(steps, holes, rows):
    """However the recording is cut to spare time."""
    n = len(steps) + 1
    values = vibration(n)
    values[[bool(holes >> i & 1) for i in range(n)]] = np.nan
    ts = START + np.concatenate([[0.0], np.cumsum(steps)])
    about = recording({"a": values, "b": vibration(n)}, ts=ts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(timing, "ROWS", rows)
        found = timing.timing_of(about.samples, None)
    if found.period_s is not None:
        needed = np.isfinite(about.samples.values).any(axis=0)
        assert found.sessions == rowwise(about.samples, found.period_s, needed)


@pytest.mark.parametrize("rate_hz", [0.1, 1.0, 3.0, 41.0, 100.0, 1024.0, 20_000.0])
def test_the_rate_is_that_of_the_samples(rate_hz):
    """To a thousandth, through times since 1970."""
    about = recording({"a": noise(3000)}, ts=times(3000, rate_hz))
    assert describe(about).timing.rate_hz == pytest.approx(rate_hz, rel=1e-3)


def test_the_rate_is_right_where_times_are_rounded_to_seconds():
    """Ten samples have each time; only their count tells the rate."""
    about = recording({"a": noise(3000)}, ts=np.floor(times(3000, 10.0)))
    assert describe(about).timing.rate_hz == pytest.approx(10.0, rel=0.01)


def test_the_rate_that_a_file_tells_stays():
    """It is not measured again."""
    about = recording({"a": noise(300)}, ts=times(300, 99.0), rate_hz=100.0)
    assert describe(about).timing.rate_hz == 100.0


def test_a_gap_is_told_with_its_place_and_length():
    """The longest of two."""
    ts = times(3000)
    ts[1000:] += 5
    ts[2000:] += 60
    found = describe(recording({"a": noise(3000)}, ts=ts)).timing
    assert len(found.gaps) == 2
    assert found.longest_gap_s == pytest.approx(60.01)
    assert found.longest_gap_at == pytest.approx(ts[1999])
    assert found.sessions == (1000, 1000, 1000)


@pytest.mark.parametrize(("periods", "gaps"), [(2.9, 0), (3.2, 1), (5.0, 1)])
def test_a_gap_is_what_ends_a_session(periods, gaps):
    """More than three periods."""
    ts = times(300)
    ts[100:] += (periods - 1) / 100
    found = describe(recording({"a": noise(300)}, ts=ts)).timing
    assert len(found.gaps) == gaps == len(found.sessions) - 1


@pytest.mark.parametrize("n", [1, 2, 3, 10])
def test_the_shortest_recordings_are_described(n):
    """Even a single sample."""
    found = describe(recording({"a": noise(n), "rpm": np.full(n, 600.0)}))
    assert found.samples == n
    assert found.numbers["a"].known == n


def test_no_date_is_no_first_time():
    """Times that count from nowhere say nothing of when it was."""
    assert describe(recording({"a": noise(100)}, has_date=False)).first == 0.0
    assert describe(recording({"a": noise(100)})).first == START


def test_states_are_told_by_the_speed():
    """Standing, running, and the ramp between."""
    found = describe(recording({"a": vibration(30_000), "rpm": start_and_run()})).running
    assert found.rpm == pytest.approx(598.2, rel=0.01)
    assert found.stands == pytest.approx(0.2, abs=0.01)
    assert found.runs + found.stands + found.between == pytest.approx(1.0)


def test_a_spectrum_holds_the_power_of_the_signal():
    """A tone of amplitude a gives a²/2, white noise its variance (Parseval)."""
    n, rate_hz = 64_000, 400.0
    tone = 3.0 * np.sin(2 * np.pi * 50 * np.arange(n) / rate_hz)
    starts = list(range(0, n - 1024, 512))
    found = spectrum_of((tone + noise(n)).astype(np.float32), starts, 1024, 1 / rate_hz)
    line_hz = rate_hz / 1024
    assert found.density.sum() * line_hz == pytest.approx(3.0**2 / 2 + 1.0, rel=0.03)
    assert found.frequency_hz[found.density.argmax()] == pytest.approx(50.0, abs=line_hz)


def rules(described):
    """Names of what is said."""
    return {advice.rule for advice in described.advice}


def test_recordings_are_compared():
    """The one with another rate and other features is told, not the others."""
    usual = [describe(recording({"a": vibration()}, name=f"{i}.csv")) for i in range(3)]
    other = describe(recording({"a": vibration(), "b": noise(6000)}, ts=times(6000, 50.0)))
    *same, found = compare([*usual, other])
    assert {"mixed-rates", "other-features"} <= rules(found)
    assert all(not rules(one) & {"mixed-rates", "other-features"} for one in same)


@pytest.mark.parametrize("lengths", [[300], [640], [700], [6000], [300, 300], [300, 30], [30, 700]])
def test_too_short_is_what_training_refuses(lengths):
    """As its blocks are cut, with the window that is told."""
    described = [describe(recording({"a": vibration(n), "rpm": np.full(n, 600.0)}))
                 for n in lengths]  # fmt: skip
    window = described[0].window[0]
    long = [np.zeros((n, 1), np.float32) for n in lengths if n >= window]
    try:
        splits(long, window)
        refused = False
    except TrainingError:
        refused = True
    assert any("too-short" in rules(one) for one in compare(described)) is refused


def test_memory_grows_with_a_fraction_of_the_samples():
    """Beside 28 bytes a row of samples; the fixed part is blocks of a million values."""
    tracemalloc.start()
    peaks = []
    for n in (2_000_000, 3_000_000):
        about = recording({"a": np.repeat(noise(n // 2), 2), "b": noise(n, seed=1)}, ts=times(n))
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        describe(about)
        peaks.append(tracemalloc.get_traced_memory()[1] - before)
    tracemalloc.stop()
    assert peaks[0] < 100e6
    assert peaks[1] - peaks[0] < 16e6
