"""What the rules of the sensors add to a model's alarms in the fault lab."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks.detection.faults import sessions
from benchmarks.detection.faults.sessions import Motors
from benchmarks.detection.faults.verdicts import Asked, _joined, _with_sensors, of_health
from detector.settings.alarms import AlarmSettings
from detector.training.lab.metrics import Interval, LabelledScores, evaluate
from tests.support.sensors.shaken import QUIET_S, RATE_HZ, START, late, samples, shaken

MODEL = Path(__file__).resolve().parents[2] / "models" / "motor-600rpm"
NOBODY = SimpleNamespace(document=SimpleNamespace(sensors=None))


def test_alarms_that_overlap_are_one():
    """In whatever order, and one that never ends."""
    alarms = [Interval(8, np.inf), Interval(0, 3), Interval(2, 5), Interval(7, 9)]
    assert _joined(alarms) == [Interval(0, 5), Interval(7, np.inf)]


def test_a_fault_that_no_score_shows_is_found_by_its_sensor():
    """From when it is told on; what was said before stays."""
    values = shaken()
    late(values)[:, 0] = 0.5
    recorded = samples(values)
    n, first = len(values), round(QUIET_S * RATE_HZ)
    label = np.arange(n) >= first
    deaf = LabelledScores(
        name="deaf", ts=recorded.ts, score=np.full(n, 0.5), judged=np.ones(n, np.bool_),
        label=label, anomaly=np.zeros(n, np.bool_), alarms=[Interval(START + 5, START + 6)],
    )  # fmt: skip
    heard = _with_sensors(deaf, recorded, NOBODY)
    assert evaluate([deaf]).faults_found == 0
    assert evaluate([heard]).faults_found == 1
    assert heard.alarms[0] == deaf.alarms[0]
    told = np.flatnonzero(heard.anomaly)
    assert first < told[0] < first + 5 * RATE_HZ
    assert told[-1] == n - 1


@pytest.mark.parametrize(("commission_min", "on_delay_s", "rows"), [(0.6, 4.0, 4), (None, 0.0, 2)])
def test_the_rows_of_a_model_are_those_that_it_is_judged_in(
    commission_min, on_delay_s, rows, monkeypatch
):
    """Their families are shown by these names, in this order."""
    monkeypatch.setattr(sessions, "SESSION_MIN", 2.0)
    asked = Asked(
        Motors(600.0, None, (), 2.0), (0.5,), MODEL, (), False, commission_min,
        AlarmSettings(on_delay_s=on_delay_s),
    )  # fmt: skip
    found = of_health(asked, 0)
    assert tuple(found) == asked.of_model
    assert len(found) == rows
    assert {len(row) for row in found.values()} == {1}
