"""Simulated motors for the fault lab."""

from pathlib import Path

import numpy as np

from benchmarks.detection.faults.sessions import commissioned, hidden
from detector.records import Samples
from detector.scoring.bundle import load_bundle
from detector.sessions.files import Recording
from detector.training.lab.cases import labelled_case

MODEL = Path(__file__).resolve().parents[2] / "models" / "motor-variable"


def test_a_motor_that_hardly_ran_is_left_out_and_told(capsys):
    """It is judged by no model; the rest goes on."""
    bundle = load_bundle(MODEL)
    ts = np.arange(500) * 0.01
    values = np.zeros((500, len(bundle.channels)), np.float32)
    stands = labelled_case(Recording("m", Samples(bundle.channels, ts, values), None))
    assert commissioned([bundle, bundle], [stands], 1.0) == ([], [[], []])
    assert "left out: m: 0 s of settled running" in capsys.readouterr().err
    assert commissioned([bundle], [stands], None)[0] == [stands]


def test_families_that_leave_no_trace_are_told_with_their_severity():
    """Those never seen by name alone, those seen when loud up to where they are not."""
    seen = {(family, s) for family in ("gain", "gear") for s in (0.5, 1.0)} | {("gain", 0.25)}
    told = hidden(seen, [0.25, 0.5, 1.0])
    assert {"gear up to 0.25", "clock"} <= set(told)
    assert "gain" not in " ".join(told)
