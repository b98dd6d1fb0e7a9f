"""The SKAB benchmark runs on every file and says what it does with the odd ones."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest

from benchmarks.detection import skab


def rig(folder, name, faulty, rows=700):
    """A file of the benchmark's form, labelled in the given rows."""
    rng = np.random.default_rng(len(name))
    table = pd.DataFrame({
        "datetime": pd.date_range("2020-03-09", periods=rows, freq="s"),
        "Current": rng.normal(1, 0.1, rows), "Pressure": rng.normal(0, 1, rows),
    })  # fmt: skip
    if faulty is not None:
        table["anomaly"] = 0.0
        for first, last in faulty:
            table.loc[first:last, "anomaly"] = 1.0
            table.loc[first:last, "Pressure"] += 5
    folder.mkdir(exist_ok=True)
    table.to_csv(folder / name, sep=";", index=False)


@pytest.fixture
def files(tmp_path):
    """Two folders with the kinds that the published 34 files hold, and some they do not."""
    rig(tmp_path / "valve1", "0.csv", [(500, 600)])
    rig(tmp_path / "other", "1.csv", [(104, 399), (500, 600)])
    rig(tmp_path / "other", "2.csv", [(200, 260), (500, 600)])
    rig(tmp_path / "other", "3.csv", [(0, 699)])
    rig(tmp_path / "other", "4.csv", [(100, 120)], rows=300)
    rig(tmp_path / "other", "5.csv", None)
    return tmp_path


def test_every_file_is_judged_or_left_out_with_its_reason(files, monkeypatch, capsys):
    """No traceback, and never trained on a labelled row."""
    monkeypatch.setattr(sys, "argv", ["skab", "--data", str(files), "--networks", "zscore"])
    assert skab.main() == 0
    told = capsys.readouterr().out
    assert "other/1.csv: left out: calibration: the longest session has 104 samples" in told
    assert "other/2.csv: 61 of the first 400 rows are labelled; trained on the other 339" in told
    assert "other/3.csv: left out: training: no normal sample" in told
    assert "other/4.csv: left out: 300 rows, none after the first 400" in told
    assert "other/5.csv: left out: no labels" in told
    assert "2 files (all), window 20" in told
