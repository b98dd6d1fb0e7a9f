"""Sensors of running devices: a restart, a backlog, more channels, another model, a new normal."""

from __future__ import annotations

import numpy as np
import pytest

from detector.ingest.buffer import TakenBlock
from detector.records import Samples, backlog_label
from detector.sensors.devices import Sensors
from detector.sensors.normal import SensorNormal
from detector.sensors.trouble import explains
from tests.support.sensors.shaken import (
    AXES,
    START,
    late,
    no_past,
    nobody,
    samples,
    sensors,
    shaken,
)


def blocks(whole: Samples, start: int = 0, end: int | None = None) -> list[TakenBlock]:
    """A second each."""
    parts = [
        slice(i, min(i + 100, end or len(whole))) for i in range(start, end or len(whole), 100)
    ]
    return [
        TakenBlock(
            "m", Samples(whole.features, whole.ts[p], whole.values[p], whole.session),
            float(whole.ts[p][-1]), False,
        )
        for p in parts
    ]  # fmt: skip


def run(device: Sensors, some: list[TakenBlock]) -> None:
    """As the scoring thread does."""
    for block in some:
        device.hear(block)
    device.begin(some)
    device.look(some)


def broken() -> Samples:
    """One axis reads a third from half a minute on."""
    values = shaken(90)
    late(values)[:, 2] *= 0.33
    return samples(values)


def test_a_restart_in_the_midst_of_trouble_changes_nothing():
    """Its own normal and since when are kept; it ends as it would have."""
    whole, first = broken(), sensors()
    run(first, blocks(whole, 0, 5000))
    before = first.trouble_of("m")
    assert before.rule == "scale"
    second = Sensors(nobody, no_past, first.memories())
    run(second, blocks(whole, 5000, 7000))
    assert second.trouble_of("m") == before
    mended = samples(shaken(90))
    run(second, blocks(mended, 7000))
    assert second.trouble_of("m") is None
    assert second.memories() == {"m": None}


def test_a_restart_without_trouble_goes_on_from_what_is_stored(make_frame):
    """Not of other channels, such as those of a front end."""
    whole = broken()
    stored = make_frame(AXES, whole.ts[:3000], whole.values[:3000])
    resumed = Sensors(nobody, lambda *_: ([], [stored]), {})
    run(resumed, blocks(whole, 3000, 4000))
    assert resumed.trouble_of("m").rule == "scale"
    other = make_frame(("a", "b", "c"), whole.ts[:3000], whole.values[:3000])
    anew = Sensors(nobody, lambda *_: ([], [other]), {})
    run(anew, blocks(whole, 3000, 4000))
    assert anew.trouble_of("m") is None


@pytest.fixture
def make_frame():
    """A stored frame without scores."""
    from detector.scoring.unscored import UnscoredStream  # noqa: PLC0415
    from detector.settings.sessions import SessionSettings  # noqa: PLC0415

    def make(features, ts, values):
        stream = UnscoredStream("m", features, SessionSettings(), "none")
        return stream.frames(Samples(features, ts, values), 0.0, broken=False)[0]

    return make


def test_what_was_sent_after_its_time_says_nothing_of_now():
    """However broken it is."""
    whole = broken()
    old = Samples(whole.features, whole.ts, whole.values, backlog_label(None))
    device = sensors()
    device.begin(blocks(old))
    device.look(blocks(old))
    assert device.words() == []


def test_more_channels_begin_anew_and_forgetting_does_too():
    """What somebody calls normal is what later samples are held against."""
    device = sensors()
    run(device, blocks(broken(), 0, 5000))
    device.forget(["m", "nobody"])
    assert [word.trouble for word in device.words()] == [None]
    run(device, blocks(broken(), 5000))
    assert device.trouble_of("m") is None
    values = np.column_stack([shaken(5), np.full(500, 20.0)])
    run(device, blocks(samples(values, (*AXES, "temp_c"))))
    assert device.trouble_of("m") is None


def test_the_limits_are_those_of_the_model_of_now():
    """A bundle that has learnt how little the mean moves, and one that has not."""
    values = shaken()
    late(values)[:, 0] += 0.002
    normal = SensorNormal({"level": dict.fromkeys(AXES, 0.1)}, 600.0)
    known = [None]
    device = Sensors(lambda _: known[0], no_past, {})
    run(device, blocks(samples(values), 0, 3500))
    assert device.trouble_of("m") is None
    known[0] = normal
    run(device, blocks(samples(values), 3500))
    assert device.trouble_of("m").rule == "level"
    assert device.trouble_of("m").since - START >= 35


def test_trouble_explains_scores_of_its_own_sensor_only():
    """Its axes are rebuilt from one another, and a front end's columns describe them."""
    assert explains(["acc_x"], {"acc_x": 0.4, "acc_y": 0.3, "temp": 0.3})
    assert explains(["acc_x"], {"acc_x.mean": 0.6, "temp.mean": 0.4})
    assert not explains(["acc_x"], {"acc_x": 0.4, "temp": 0.6})
    assert not explains(["acc_x"], {"acc_xx": 1.0})
    assert not explains([], {"acc_x": 1.0})
    assert not explains(["temp"], {"tempo": 1.0})
