"""Detection limits beside what the simulator says a sensor can see."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from benchmarks.detection.faults import limits
from benchmarks.detection.faults.limits import sees, severities_of
from detector.records import Samples
from detector.sessions.files import Recording
from detector.training.lab.cases import FaultEvent, labelled_case
from detector.training.lab.commissioned import NOT_COMMISSIONED
from detector.training.lab.limits import LIMIT_SEVERITIES, Trial, curve_of
from detector.training.lab.trials import Health, LimitRow
from tests.support.training.machines import bundle_of_machines, machine


def row(family, first_found, name="m"):
    """A family that is found from one severity on, by thirty faults of each."""
    made = [
        Trial(family, severity, f"s{i}", severity >= first_found)
        for severity in LIMIT_SEVERITIES
        for i in range(30)
    ]
    return LimitRow("m", name, family, curve_of(made, 1), Health())


@pytest.mark.parametrize(
    ("visible", "found_from", "told"),
    [
        (0.2, 0.2, "from 0.2: agrees"),
        (0.05, 0.05, "from 0.05: agrees"),
        (None, 2.0, "invisible: agrees"),
        (None, 0.5, "invisible; found from 0.42: less than twice"),
        (0.05, 0.75, "from 0.05; found later: healthy motors differ"),
        (0.75, 0.1, "from 0.75; found from 0."),
    ],
)
def test_a_limit_is_held_against_what_the_sensor_sees(visible, found_from, told):
    """And where they differ the cell says why."""
    assert sees({"gear": visible}, row("gear", found_from)).startswith(told)


def test_sensor_faults_and_floor_rows_are_not_held_against_it():
    """A sensor fault is in the samples; a floor row has reasons of its own."""
    assert sees({"gear": 0.2}, row("bias", 0.2)) == "-"
    assert sees({"gear": 0.2}, row("gear", 2.0, "random")) == "from 0.2"


def test_a_family_is_seen_from_its_smallest_visible_severity(monkeypatch):
    """At the severities of limits, behind the sensor of the shipped models."""
    monkeypatch.setattr(limits, "LIMIT_SEVERITIES", (0.25, 1.0))
    visible = limits.visible_from(600.0)
    assert visible["unbalance"] == 0.25
    assert visible["misalignment_broadband"] == 1.0
    assert visible["gear"] is None


@pytest.mark.parametrize("faults", [1, 2, 3, 4, 5])
def test_every_severity_comes_as_often_however_many_faults_a_session_has_room_for(faults):
    """Over nine catalogues."""
    taken = Counter(s for number in range(9) for s in severities_of(number)[:faults])
    assert taken == dict.fromkeys(LIMIT_SEVERITIES, faults)
    assert severities_of(0)[:3] == (0.05, 0.25, 1.0)


def test_as_often_at_an_odd_number_of_other_severities():
    """Five of them, over five catalogues."""
    few = (0.01, 0.02, 0.03, 0.05, 0.1)
    taken = Counter(s for number in range(5) for s in severities_of(number, few)[:2])
    assert taken == dict.fromkeys(few, 2)


def test_limits_are_told_of_what_a_model_finds(monkeypatch, capsys):
    """A motor that hardly ran is left out; what is found of the others is counted."""
    monkeypatch.setattr(limits, "visible_from", lambda _: {"bias": 0.05})
    told = limits.limits(
        [bundle_of_machines()], [shifted(0.1), motor(400)], 600, ablate=False, png=None,
        commission_min=0.5,
    )  # fmt: skip
    assert "| fleet | bias | 1 | <= 0.05 |" in told
    assert f"| fleet: {NOT_COMMISSIONED} | bias | 1 | > 0.05 |" in told
    assert "left out: m: 7 s of settled running" in capsys.readouterr().err


def motor(n):
    """A unit in health."""
    return labelled_case(Recording("m", machine(n, 50), None))


def shifted(step):
    """A unit that is faulty for some seconds of its third minute."""
    made = motor(9000).recording
    samples, label = made.samples, np.zeros(9000, np.bool_)
    values = samples.values.copy()
    values[6000:6300, 0] += step
    label[6000:6300] = True
    changed = Recording("m", Samples(samples.features, samples.ts, values), label)
    event = FaultEvent("bias", 0.05, float(samples.ts[6000]), float(samples.ts[6299]))
    return labelled_case(changed, [event])
