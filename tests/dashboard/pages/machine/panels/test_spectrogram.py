"""The spectrogram as it is drawn."""

from __future__ import annotations

from datetime import UTC

import numpy as np

from dashboard.pages.panels.palette import LIGHT
from dashboard.pages.panels.spectrogram_figure import figure, thinned
from detector.frontends.waveforms.spectrogram import Spectrogram

TS = 1_772_366_400.0 + np.arange(900.0)
HZ = np.arange(600.0)


def levels():
    """Quiet, but for one loud spot, and a gap."""
    db = np.full((600, 900), -80.0)
    db[333, 777] = 0.0
    db[:, 100:140] = np.nan
    return Spectrogram(TS, HZ, db)


def test_no_peak_is_lost_where_levels_are_thinned_and_a_gap_stays():
    """Of each few the loudest."""
    ts, hz, db = thinned(levels())
    assert db.shape == (len(hz), len(ts))
    assert len(ts) <= 400
    assert len(hz) <= 256
    assert np.nanmax(db) == 0.0
    assert np.isnan(db).all(axis=0).sum() >= 10


def test_orders_follow_the_speed_and_nothing_is_red():
    """Dotted lines at multiples of the turns a second; grey is what is loud."""
    rpm = np.linspace(600, 1200, 900)
    made = figure(levels(), rpm, UTC, "dB", LIGHT)
    lines = [trace for trace in made.data if trace.type == "scatter"]
    assert [line.name for line in lines] == ["1x", "2x", "3x", "4x"]
    assert (lines[1].y[0], lines[1].y[-1]) == (20.0, 40.0)
    assert LIGHT.anomaly not in made.to_json()
    assert len(figure(levels(), None, UTC, "dB", LIGHT).data) == 1
