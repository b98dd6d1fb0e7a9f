"""The benchmark of waveforms, and whether what a sensor is said to see is what is found."""

from functools import cache

import numpy as np
import pytest

from benchmarks.detection.motor_rig import QUESTIONS, RigAt
from benchmarks.detection.waveform_limits import MARGIN, Judge, Known, agreement, main
from benchmarks.detection.waveform_machines import Unit, View, columns, planned, reported, shaken
from benchmarks.simulation.rig import RATE_HZ, Condition
from detector.frontends.waveform import WaveformFrontEnd
from detector.training.lab.limits import Trial
from simulator.machines.visibility import View as SeenBy
from simulator.machines.visibility import look

UNIT, VIEW = Unit(600.0, 1), View("adxl355", 3200.0)


@cache
def judged():
    """A front end of a machine's healthy running, its own normal, and who judges by it."""
    healthy = reported(shaken(UNIT, 0, 20.0), UNIT, 0, VIEW)
    front = WaveformFrontEnd(planned(healthy[0], UNIT.rpm, VIEW))
    seen = columns(front, *healthy)
    known = Known(UNIT, seen.mean(axis=0), seen)
    return front, known, Judge.learnt([known], np.asarray(front.resolution))


def is_found(family, severity):
    """Whether the mean of four blocks is abnormal by the largest column."""
    front, known, judge = judged()
    fault = reported(shaken(UNIT, 1, 5.0, family, severity), UNIT, 1, VIEW)
    decision = columns(front, *fault).mean(axis=0, keepdims=True)
    return bool(judge.alarms(decision - known.own).all())


@pytest.mark.parametrize(
    ("severity", "families", "found"),
    [
        (0.2, ["bearing_outer", "bearing_ball"], True),
        (0.03, ["gear", "cavitation"], True),
        (0.002, ["bearing_outer", "cavitation"], False),
    ],
)
def test_what_is_seen_is_found(severity, families, found):
    """The verdict of ``sees`` is that of the front end, well above and well below the limit."""
    for sight in look(SeenBy(UNIT.design, VIEW.probe), severity, families):
        assert (sight.verdict == "visible") is found
        assert is_found(sight.family, severity) is found


def test_the_threshold_lies_above_all_normal_decisions():
    """By a quarter; a column that hardly changes is scaled by its least deviation."""
    normal = np.array([[0.0, 5.0], [2.0, 5.0]])
    judge = Judge.learnt([Known(UNIT, np.array([1.0, 5.0]), normal)], np.array([0.1, 0.5]))
    assert judge.scale.tolist() == [1.0, 0.5]
    assert judge.threshold == pytest.approx(MARGIN)
    assert judge.alarms(np.array([[1.2, 0.0], [0.0, 0.7], [np.nan, 0.1]])).tolist() == [
        False, True, False,
    ]  # fmt: skip


def test_a_visible_family_of_which_too_few_are_found_is_named():
    """With its count; nineteen of twenty are enough."""
    gear = [Trial("gear", 0.25, "m", number > 0) for number in range(20)]
    race = [Trial("bearing_outer", 0.5, "m", number > 0) for number in range(4)]
    assert agreement(gear) == "19 of 20"
    assert agreement([*gear, *race]) == "22 of 24 (bearing_outer 3 of 4)"


def test_an_unknown_sensor_is_refused(capsys):
    """With those that are known, before anything is simulated."""
    with pytest.raises(SystemExit):
        main(["--sensors", "adxl999"])
    assert "'adxl999', allowed: adxl345" in capsys.readouterr().err


def test_a_rig_without_differences_separates_nothing():
    """Noise against noise is told apart by chance alone; louder noise is told apart."""
    rng = np.random.default_rng(0)
    noise = {
        condition: rng.normal(0, 0.01, (round(2 * RATE_HZ), 3))
        for rpm in (600, 1200)
        for load in (0, 11)
        for condition in (
            Condition(rpm, load),
            Condition(rpm, load, balance="VHIL"),
            Condition(rpm, load, bearing="LOR"),
        )
    }
    noise |= {c: 2 * acc for c, acc in noise.items() if c.bearing == "LOR"}
    rig = RigAt.heard(noise, 400)
    imbalance, race = QUESTIONS[0], QUESTIONS[2]
    assert rig.auc(race) == 1.0
    assert rig.auc(imbalance) < 0.9
    assert np.isnan(rig.auc(QUESTIONS[3]))  # no envelope at this rate
