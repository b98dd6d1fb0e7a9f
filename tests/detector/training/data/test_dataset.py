"""Sessions that training takes, and those it refuses."""

from __future__ import annotations

import pytest

from detector.errors import TrainingError
from detector.training.data.dataset import load_dataset


def test_labelled_faults_are_kept_out_of_training(tmp_path):
    """Training sees normal sessions only; a row limit may leave the fault out."""
    path = tmp_path / "a.csv"
    rows = "".join(f"{i},{i % 7},{int(i >= 50)}\n" for i in range(60))
    path.write_text("ts,x,label\n" + rows)
    with pytest.raises(TrainingError, match="10 samples are labelled"):
        load_dataset([(path, None)])
    assert len(load_dataset([(path, 50)]).sessions[0].ts) == 50


def test_the_running_signal_is_found_and_is_no_model_feature(tmp_path):
    """A tachometer column is judged within 2 % of its nominal speed."""
    path = tmp_path / "a.csv"
    rows = "".join(f"{i},{i % 7},{600 if i > 20 else 0}\n" for i in range(60))
    path.write_text("ts,x,rpm\n" + rows)
    found = load_dataset([(path, None)])
    assert found.features == ("x",)
    assert (found.signal.feature, found.signal.min, found.signal.max) == ("rpm", 588, 612)
    assert found.sessions[0].running.sum() == 39
    assert load_dataset([(path, None)], find_running=False).signal is None


def test_files_of_another_rate_or_other_features_are_refused(tmp_path):
    """The line names the odd file."""
    (tmp_path / "a.csv").write_text("ts,x\n" + "".join(f"{i},{i}\n" for i in range(9)))
    (tmp_path / "b.csv").write_text("ts,x\n" + "".join(f"{i},{i}\n" for i in range(9)))
    (tmp_path / "c.csv").write_text("ts,x\n" + "".join(f"{i * 2},{i}\n" for i in range(9)))
    with pytest.raises(TrainingError, match=r"c.csv: sampled every 2 s"):
        load_dataset([(tmp_path, None)])
    (tmp_path / "c.csv").write_text("ts,y\n" + "".join(f"{i},{i}\n" for i in range(9)))
    with pytest.raises(TrainingError, match=r"c.csv: features y; a.csv has x"):
        load_dataset([(tmp_path, None)])
