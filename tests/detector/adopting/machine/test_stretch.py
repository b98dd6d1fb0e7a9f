"""Which of a machine's stored samples are taken, and which of its channels."""

from __future__ import annotations

import numpy as np
import pytest

from detector.adopting.machine.activity import State
from detector.adopting.machine.channels import drifting, unusable
from detector.adopting.machine.normal import look_at, newest_running, recorded_stretch
from detector.adopting.machine.stretch import steady_since, stored_stretch
from detector.errors import AdoptError
from detector.records import Alarm, Samples
from detector.scoring.unscored import UnscoredStream
from detector.sessions.files import Recording
from detector.settings.sessions import SessionSettings
from detector.store import alarms, frames
from detector.store.schema import open_store
from tests.support.motors import RATE_HZ, START, live

MINUTE = round(60 * RATE_HZ)


@pytest.fixture
def store():
    """An empty one."""
    engine = open_store("sqlite://")
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def keep(connection, samples, device="pump-1"):
    """Store samples as the detector does where no model fits."""
    stream = UnscoredStream(device, samples.features, SessionSettings(), "no rule")
    for first in range(0, len(samples), 25):
        rows = slice(first, first + 25)
        part = Samples(samples.features, samples.ts[rows], samples.values[rows])
        frames.write(connection, stream.frames(part, float(part.ts[-1]), broken=False))


def alarm(start, end):
    """Of the device, by score."""
    return Alarm(None, "pump-1", "score", "active" if end is None else "cleared", start, end, 2.0,
                 {"x": 1.0}, "other", 1.0)  # fmt: skip


def test_all_that_is_stored_is_taken(store):
    """Every sample, in one session, with its values."""
    samples = live(2 * MINUTE, 1)
    keep(store, samples)
    found = stored_stretch(store, "pump-1")
    assert found.samples == len(samples)
    values = np.concatenate([one.samples.values for one in found.recordings])
    assert np.array_equal(values, samples.values)


def test_what_lies_before_an_alarm_is_not_trusted(store):
    """Unless somebody says since when it ran as usual."""
    keep(store, live(2 * MINUTE, 1))
    alarms.raise_alarm(store, alarm(START + 10, START + 30), START + 10)
    found = stored_stretch(store, "pump-1")
    assert found.span[0] == pytest.approx(START + 30, abs=2 / RATE_HZ)
    assert "alarm 1 ended" in found.begins
    assert stored_stretch(store, "pump-1", START).span[0] == pytest.approx(START)


def test_a_machine_in_alarm_is_not_learnt(store):
    """It is not normal now."""
    keep(store, live(MINUTE, 1))
    alarms.raise_alarm(store, alarm(START + 10, None), START + 10)
    with pytest.raises(AdoptError, match="alarm 1 is active"):
        stored_stretch(store, "pump-1")


def test_what_was_sampled_at_another_rate_is_not_taken(store):
    """The rate that counts is the newest."""
    slow = live(MINUTE, 1)
    ts = np.concatenate([START + np.arange(MINUTE) / 10, START + MINUTE / 10 + slow.ts - START])
    values = np.concatenate([slow.values, slow.values])
    keep(store, Samples(slow.features, ts, values))
    found = stored_stretch(store, "pump-1")
    assert found.span[0] == pytest.approx(START + MINUTE / 10, abs=2)
    assert "rate" in found.begins


def test_one_late_sample_is_no_change_of_rate():
    """Nor is a gap."""
    ts = np.arange(1000) / 10
    ts[500:] += 60
    assert steady_since(ts) == 0


def test_an_unknown_device_names_those_that_are_known(store):
    """So that a slip of the pen is seen."""
    keep(store, live(100, 1), "pump-2")
    with pytest.raises(AdoptError, match="--device pump-1: nothing came from it"):
        stored_stretch(store, "pump-1")


def test_a_standstill_counts_for_nothing(store):
    """Two minutes of running are asked for, the middle one stands still."""
    samples = live(4 * MINUTE, 1)
    samples.values[2 * MINUTE : 3 * MINUTE, 2] = 0.0
    normal = look_at(recorded_stretch([Recording("r", samples, None)]), "pump-1")
    assert normal.activity.running_s == pytest.approx(180, abs=1)
    assert normal.activity.shares[State.IDLE] == pytest.approx(0.25, abs=0.01)
    assert normal.activity.timeline == "█" * 30 + "_" * 15 + "█" * 15
    cut = newest_running(normal, 120, "pump-1")
    assert cut.activity.running_s == pytest.approx(120, abs=1)
    assert cut.stretch.span[0] == pytest.approx(START + 60, abs=1)


def test_without_a_running_signal_the_level_tells(store):
    """A quiet minute is a standstill."""
    samples = live(4 * MINUTE, 1)
    values = samples.values[:, :2].copy()
    values[MINUTE : 2 * MINUTE] = [0, 3] + 0.01 * (values[MINUTE : 2 * MINUTE] - [0, 3])
    recording = Recording("r", Samples(("x", "y"), samples.ts, values), None)
    found = look_at(recorded_stretch([recording]), "pump-1").activity
    assert found.shares[State.IDLE] == pytest.approx(0.25, abs=0.02)
    assert found.by == "level of the signal"


def test_labelled_faults_are_left_out():
    """What is learnt is what is normal."""
    samples = live(2 * MINUTE, 1)
    label = np.zeros(len(samples), np.bool_)
    label[MINUTE // 2 : MINUTE] = True
    normal = look_at(recorded_stretch([Recording("r", samples, label)]), "pump-1")
    assert normal.stretch.samples == 2 * MINUTE - MINUTE // 2
    with pytest.raises(AdoptError, match="no normal sample"):
        recorded_stretch([Recording("r", samples, np.ones(len(samples), np.bool_))])


@pytest.mark.parametrize(
    ("values", "why"),
    [
        (np.full(200, 3.0), "constant (3)"),
        (np.full(200, 0.0), "constant (0)"),
        (1e6 + 1e-3 * np.sin(np.arange(200)), "constant (1e+06)"),
        (np.where(np.arange(200) % 10, np.nan, 1.0), "missing in 90% of the samples"),
        (np.full(200, np.nan), "missing in 100% of the samples"),
        (np.arange(200) // 5, "only rises, as a counter does"),
        (-np.arange(200.0), "only falls, as a counter does"),
        (np.sin(np.arange(200.0)), None),
        (np.where(np.arange(200) % 3, np.sin(np.arange(200)), np.nan), None),  # short holes
        (np.arange(200) > 100, None),  # a switch
    ],
)
def test_a_channel_that_cannot_be_learnt_says_why(values, why):
    """The kinds of them."""
    assert unusable([np.asarray(values, np.float32)]) == why


def test_a_channel_that_still_drifts_is_told_from_one_that_sways():
    """A machine that warms up has not shown its range."""
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.05, 2000).astype(np.float32)
    assert drifting([20 + np.linspace(0, 3, 2000, dtype=np.float32) + noise]) is not None
    assert drifting([20 - np.linspace(0, 3, 2000, dtype=np.float32) + noise]) is not None
    assert drifting([20 + np.sin(np.arange(2000) / 100).astype(np.float32)]) is None
    assert drifting([noise]) is None


def test_no_channel_left_is_refused_with_every_reason():
    """One line."""
    values = np.column_stack([np.full(100, 1.0), np.arange(100.0)]).astype(np.float32)
    recording = Recording("r", Samples(("a", "b"), np.arange(100.0), values), None)
    with pytest.raises(AdoptError, match=r"a: constant \(1\); b: only rises"):
        look_at(recorded_stretch([recording]), "pump-1")
