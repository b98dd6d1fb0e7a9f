"""Every speed that normal sessions held is judged, and what is judged is said."""

from __future__ import annotations

import numpy as np
import pytest

from detector.records import Samples
from detector.scoring.document import Running
from detector.sessions.files import Recording
from detector.sessions.operating import running_flags
from detector.sessions.running_states import in_words, running_ranges
from detector.settings.devices import RunningSignal
from detector.training.data import dataset

PERIOD_S = 0.1
RNG = np.random.default_rng(0)


def held(*speeds, seconds=60.0):
    """A session that holds one speed after the other, with ramps of 2 s between."""
    parts, last = [], 0.0
    for speed in speeds:
        parts += [np.linspace(last, speed, 20), np.full(int(seconds / PERIOD_S), float(speed))]
        last = speed
    session = np.concatenate(parts)
    return session * (1 + RNG.normal(0, 0.001, len(session)))


INVERTER = 400 + 1100 * (0.5 - 0.5 * np.cos(np.arange(12_000) * PERIOD_S / 180))


@pytest.mark.parametrize(
    ("sessions", "inside", "outside"),
    [
        ([held(0, 1200)], [1180, 1220], [0, 600, 1100, 1300]),
        ([held(0, 600), held(0, 1200)], [590, 610, 1180, 1220], [0, 300, 900, 1500]),
        ([held(0, 600, 1200, 600)], [600, 1200], [0, 900]),
        ([INVERTER], [400, 777, 1500], [0, 350, 1600]),
        ([held(0, 400, 700, 1000, 1500)], [400, 700, 1000, 1500], [0, 550, 1250]),
        ([np.r_[held(0, 900), np.nan]], [900], [450]),
    ],
    ids=["one speed", "two motors", "two speeds", "inverter", "four speeds", "a hole"],
)
def test_running_is_every_speed_that_was_held(sessions, inside, outside):
    """Neither standstill nor the ramps between two speeds."""
    ranges = running_ranges(sessions, PERIOD_S)
    signal = RunningSignal(feature="rpm", min=ranges[0][0], max=ranges[-1][1], ranges=ranges)
    for speeds, wanted in ((inside, True), (outside, False)):
        values = np.array(speeds, np.float32)[:, None]
        assert (running_flags(values, ("rpm",), signal) == wanted).all(), ranges


def test_a_machine_that_never_turns_has_none():
    """Nor one without a value."""
    assert running_ranges([np.zeros(100), np.full(5, np.nan)], PERIOD_S) == ()


def test_ranges_are_said_in_words():
    """As `train` prints them."""
    assert in_words([(588, 612), (1176, 1224.5)]) == "588 to 612 or 1176 to 1224.5"


def test_a_bundle_keeps_its_ranges_and_an_old_one_its_range():
    """What is read back is what was written; without ranges all from min to max counts."""
    ranges = ((588.0, 612.0), (1176.0, 1224.0))
    assert Running("rpm", 588, 1224, ranges).signal().ranges == ranges
    assert Running("rpm", 588, 1224).signal().ranges == ()


def test_auto_judges_all_speeds_of_all_sessions():
    """The fastest slice used to be judged alone."""
    recordings = []
    for speed in (600, 1200):
        rpm = held(0, speed).astype(np.float32)
        ts = np.arange(len(rpm)) * PERIOD_S
        values = np.stack([RNG.normal(size=len(rpm)).astype(np.float32), rpm], axis=1)
        recordings.append(Recording(f"{speed}.csv", Samples(("x", "rpm"), ts, values), None))
    signal = dataset._find_running(recordings, PERIOD_S)
    assert (round(signal.min, -1), round(signal.max, -1)) == (590, 1220)
    assert len(signal.ranges) == 2
