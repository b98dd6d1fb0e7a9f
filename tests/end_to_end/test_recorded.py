"""Recorded machines, where ``FAULTLINE_DATA`` names a folder with them; no part of the project."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from detector.sessions.files import read_recordings
from detector.settings.devices import RunningSignal
from detector.training.data.dataset import load_dataset
from detector.training.fitting.calibrate import slow_weights

RIG = Path(os.environ.get("FAULTLINE_DATA", "none")) / "skab"

pytestmark = pytest.mark.skipif(not RIG.is_dir(), reason="FAULTLINE_DATA names no skab/")


def test_the_pump_rig_is_read_as_it_was_recorded():
    """Semicolons, date-times, labels: 16 runs of eight channels, faulty only after row 400."""
    recordings = list(read_recordings([RIG / "valve1"]))
    assert len(recordings) == 16
    for recording in recordings:
        assert len(recording.samples.features) == 8
        assert recording.label[400:].any()
        assert not recording.label[:400].any()
        assert np.isfinite(recording.samples.values).all()


def test_the_long_run_and_the_short_ones_train_together():
    """Judged in the runs' own operating point, the drifting temperatures weigh nothing there."""
    signal = RunningSignal(feature="Accelerometer1RMS", min=0, max=0.1)
    found = load_dataset([(RIG / "anomaly-free", None), (RIG / "valve1", 400)], running=signal)
    assert found.sampling_period_s == pytest.approx(1.0)
    assert not next(s for s in found.sessions if len(s.ts) > 9000).running.any()
    short = [s for s in found.sessions if s.running.all()]
    assert len(short) >= 16
    scaled = [s.values / s.values.std(axis=0) for s in short]
    weights = dict(
        zip(found.features, slow_weights(scaled, [s.running for s in short]), strict=True)
    )
    assert weights["Temperature"] < 0.05
    assert weights["Volume Flow RateRMS"] > 0.5
