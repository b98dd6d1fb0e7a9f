"""Alarms that no window decides, and healthy machines that raise none."""

from __future__ import annotations

import numpy as np
import pytest

from detector.alarms import drift
from detector.alarms.watch import OVERLOAD_S, Watch
from detector.records import Samples
from detector.scoring.stream import DeviceStream, score_samples
from detector.settings.sessions import SessionSettings
from tests.support.alarms.plant import CARD, Plant, frame
from tests.support.motors import FEATURES, RATE_HZ, START, live, signal


class Post:
    """A plant with somebody who watches it."""

    def __init__(self, **rules):
        self.plant = Plant(**rules)
        self.watch = Watch(self.plant.desk, ["m"])

    def look(self, at, *frames, thinned=1, now=None):
        """One tick after so many seconds of listening."""
        plant = self.plant
        plant.now = 1e6 + at if now is None else now
        with plant.engine.begin() as connection:
            plant.desk.update(connection, [(one, CARD) for one in frames])
            self.watch.look(
                connection, [(one, CARD) for one in frames], listening_s=at, now=plant.now,
                thinned=thinned,
            )  # fmt: skip
        plant.desk.keep()
        return [(one.device, one.kind, one.life) for one in plant.alarms]


def test_a_silent_device_is_told_and_a_sample_ends_it():
    """By seconds of listening; a device never heard since the start counts from there."""
    post = Post(silent_s=30)
    assert post.look(29) == []
    assert post.look(31) == [("m", "silent", "unacknowledged")]
    assert post.look(60) == [("m", "silent", "unacknowledged")]
    assert post.plant.alarms[0].sentence == "no sample for 30 s"
    assert post.look(61, frame(2e6, [0.1])) == [("m", "silent", "returned")]
    assert post.look(90)[1:] == []
    assert post.look(92)[1:] == [("m", "silent", "unacknowledged")]


def test_nobody_is_silent_while_nothing_can_come_or_is_asked():
    """A broker that is away says nothing about devices; the setting is empty as shipped."""
    assert Post(silent_s=30).look(0, now=9e9) == []
    assert Post().look(1e9) == []


def test_an_overload_that_lasts_is_an_alarm_of_the_detector():
    """Not a short one; it ends when all windows are scored."""
    post = Post()
    post.look(0, thinned=4)
    assert post.look(OVERLOAD_S - 1, thinned=4) == []
    assert post.look(OVERLOAD_S, thinned=4) == [("", "detector", "unacknowledged")]
    assert post.look(OVERLOAD_S + 1) == [("", "detector", "returned")]


def test_a_detector_that_ended_badly_says_since_when_nobody_looked():
    """Once, and nothing where it ended well."""
    post = Post()
    with post.plant.engine.begin() as connection:
        post.watch.say_how_it_ended(connection, None, 1e6)
        post.watch.say_how_it_ended(connection, 1e6 - 240, 1e6)
    post.plant.desk.keep()
    [alarm] = post.plant.alarms
    assert (alarm.kind, alarm.life, alarm.start, alarm.end) == (
        "detector", "returned", 1e6 - 240, 1e6,
    )  # fmt: skip
    assert "nothing was scored for 4 min" in alarm.sentence


def hours(levels, spread=0.01):
    """Levels that vary a little, always the same way."""
    return [level + spread * (-1) ** hour for hour, level in enumerate(levels)]


@pytest.mark.parametrize(
    ("levels", "is_far"),
    [([0.4] * 29, None), ([0.4] * 30, False), ([0.4] * 24 + [0.7] * 6, True),
     ([0.4] * 24 + [0.2] * 6, True), ([0.4] * 24 + [0.7] * 5 + [0.4], False),
     ([0.4] * 24 + [0.7, 0.1] * 3, False), ([0.4] * 24 + [0.42] * 6, False),
     ([0.0] * 24 + [0.0] * 6, False)],
)  # fmt: skip
def test_drift_is_six_hours_on_one_side(levels, is_far):
    """Far beyond how the first day varied; too few hours say nothing."""
    found = drift.distance(hours(levels))
    assert (None if found is None else abs(found) >= drift.MOVED) == is_far


def test_a_level_that_moved_is_stated_and_taken_back():
    """From frames, hour by hour; a fault of half an hour is no drift."""
    post = Post(k=9, n=9)
    said = []
    for hour in range(44):
        level = 0.6 if 26 <= hour < 34 else 0.4
        scores = level + 0.01 * np.sin(np.arange(40) * (hour + 1))
        for at, score in enumerate(scores):
            with post.plant.engine.begin() as connection:
                one = frame(3600 * hour + 60 * at, [score])
                post.watch._look_for_drift(connection, one, "model")
        said.append(post.plant.desk.book.active("m", "drift") is not None)
    assert said.index(True) == 32
    assert not said[-1]
    assert all(said[32:35])


def test_ten_healthy_runs_of_a_machine_raise_nothing(bundle):
    """Stopped, started, run and stopped again; the same machine with a fault raises one."""
    plant = Plant(k=3, n=5, m=None)
    stream = DeviceStream("m", (*FEATURES, "rpm"), bundle, SessionSettings())
    for run in range(9, 19):  # whose steady running this small model finds normal
        [scored] = score_samples(stream, cycle(run), chunk=256, arrival=0)
        plant.update(scored, card=bundle.card())
        assert np.nanmax(scored.score[~scored.judged]) > 1  # what the gate leaves out
    assert plant.alarms == []
    faulty = live(300, 99, START + 99_999.0)
    faulty.values[150:, 0] += 2.0
    [scored] = score_samples(stream, faulty, chunk=256, arrival=0)
    plant.update(scored, card=bundle.card())
    assert len(plant.alarms) == 1


def cycle(run, still=100, running=400):
    """A machine at rest, running, and at rest again; two seconds each way at half speed."""
    n = 2 * still + running
    values = np.column_stack([signal(n, run), np.zeros(n, np.float32)]).astype(np.float32)
    at_rest = np.r_[:still, n - still : n]
    values[at_rest, :2] = [0.0, 3.0]
    values[still : n - still, 2] = 600.0
    return Samples((*FEATURES, "rpm"), START + 1000.0 * run + np.arange(n) / RATE_HZ, values)
