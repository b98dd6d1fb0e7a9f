"""Every command that reads recordings takes what they do not say, and the standard input."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from detector.__main__ import main
from detector.cli.models.score_report import told
from detector.cli.models.train_arguments import running_signal, source
from detector.errors import TrainingError
from detector.scoring.bundle import load_bundle
from tests.support.processes import programs
from tests.support.serving import PROJECT, environment

SAID = ["--rate", "50", "--columns", "x,y"]


def write_bare(path, seconds=40, seed=0, level=0.0):
    """No header, no time, a decimal comma; 50 Hz."""
    rng = np.random.default_rng(seed)
    t = np.arange(50 * seconds) / 50
    values = np.c_[np.sin(2 * np.pi * t), np.cos(2 * np.pi * t)] + level
    values += 0.05 * rng.standard_normal(values.shape)
    path.write_text("".join(f"{x:.4f};{y:.4f}\n".replace(".", ",") for x, y in values))
    return path


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """A folder with such a file, and a model trained from it."""
    folder = tmp_path_factory.mktemp("bare")
    write_bare(folder / "a.csv")
    assert main(["train", "--sessions", str(folder / "a.csv"), "--network", "zscore", "--window",
                 "50", "--out", str(folder / "model"), *SAID]) == 0  # fmt: skip
    return folder


def answer(capsys, *arguments, code=0):
    """What a command prints, or the one line of its refusal."""
    assert main([str(one) for one in arguments]) == code
    said = capsys.readouterr()
    return said.err if code else said.out


def test_what_a_file_does_not_say_is_said(bare, capsys):
    """Of training, scoring and the fault lab alike; without it each refuses in the same words."""
    model = load_bundle(bare / "model").document
    assert (model.feature_names, model.sampling_period_s) == (("x", "y"), pytest.approx(0.02))
    score = ["score", "--model", bare / "model", bare / "a.csv", "--out", bare / "s.csv"]
    assert "written:" in answer(capsys, *score, *SAID)
    assert list(pd.read_csv(bare / "s.csv").columns[:3]) == ["ts", "x", "y"]
    lab = ["evaluate", "--model", bare / "model", "--faults", "none", "--sessions", bare / "a.csv"]
    assert "only false alarms are counted" in answer(capsys, *lab, *SAID)
    train = ["train", "--sessions", bare / "a.csv", "--out", bare / "none"]
    for command in (score, lab, train):
        assert "allowed: a header, or --columns" in answer(capsys, *command, code=2)


@pytest.mark.parametrize(
    "command",
    [
        "inspect -",
        "score --model model - --out piped.csv",
        "train --sessions - --network zscore --window 50 --out piped",
        "evaluate --model model --faults none --sessions -",
        "convert - --out plain.csv",
    ],
)
def test_the_standard_input_is_a_file(bare, command):
    """In a process of its own."""
    done = programs.answer(
        "detector", *command.split(), *SAID, cwd=bare, stdin=bare / "a.csv", env=environment()
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


def test_a_reader_that_had_enough_is_no_error(bare):
    """As with ``| head -1``: no traceback."""
    program = [sys.executable, "-m", "detector", "inspect", "a.csv", *SAID]
    gone, writing = os.pipe()
    os.close(gone)
    done = subprocess.run(program, cwd=bare, stdout=writing, stderr=subprocess.PIPE, check=False,
                          env=environment(PYTHONPATH=str(PROJECT)))  # fmt: skip
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")


def test_rows_stand_behind_the_last_colon(tmp_path, monkeypatch):
    """Unless a file has the whole name; what is there under neither is named whole."""
    monkeypatch.chdir(tmp_path)
    for name in ("run", "2026-03-01T10:15", "a:b.csv"):
        (tmp_path / name).touch()
    assert [(str(path), rows) for path, rows in (
        source("run:40", None), source("run", 7), source("2026-03-01T10:15", None),
        source("a:b.csv:40", None), source("2026-03-02T10:15", 7), source("-:40", None),
        source("run:4²", None),
    )] == [("run", 40), ("run", 7), ("2026-03-01T10:15", None), ("a:b.csv", 40),
           ("2026-03-02T10:15", 7), ("-", 40), ("run:4²", None)]  # fmt: skip
    with pytest.raises(TrainingError, match="run:0: found 0 rows, allowed: 1 or more"):
        source("run:0", None)


def test_a_running_signal_may_have_colons_in_its_name():
    """The limits stand behind it."""
    assert running_signal("motor:rpm:600").feature == "motor:rpm"
    found = running_signal("motor:rpm:600:700")
    assert (found.feature, found.min, found.max) == ("motor:rpm", 600, 700)
    for bad in ("rpm", "rpm:fast", ":600", "rpm:nan"):
        with pytest.raises(TrainingError, match="NAME:MIN"):
            running_signal(bad)


def test_an_option_is_unknown_to_its_command(capsys):
    """So that the right help is named."""
    with pytest.raises(SystemExit) as ended:
        main(["score", "--model", "m", "a.csv", "--out", "b.csv", "--speed", "3"])
    assert ended.value.code == 2
    assert "unknown: --speed 3; see" in (said := capsys.readouterr().err)
    assert "score --help" in said


def test_a_result_is_not_written_over_what_is_read(bare, capsys):
    """Nor under a name that says another kind."""
    score = ["score", "--model", bare / "model", bare / "a.csv", *SAID, "--out"]
    before = (bare / "a.csv").read_bytes()
    for out, line in (("a.csv", "is one of the files to read"), ("s.xlsx", "found .xlsx"),
                      ("gone/s.csv", "no folder")):  # fmt: skip
        assert line in answer(capsys, *score, bare / out, code=2)
    assert (bare / "a.csv").read_bytes() == before


def test_several_recordings_are_told_apart(bare, tmp_path, capsys):
    """By a column that the reader takes for sessions, so that the result can be read again."""
    files = [write_bare(tmp_path / name, 4, seed) for seed, name in enumerate(("b.csv", "c.csv"))]
    answer(capsys, "score", "--model", bare / "model", *files, "--out", tmp_path / "s.csv", *SAID)
    assert pd.read_csv(tmp_path / "s.csv").session.value_counts().to_dict() == {
        "b.csv": 200, "c.csv": 200,
    }  # fmt: skip
    again = answer(capsys, "inspect", tmp_path / "s.csv")
    assert "s.csv:b.csv (" in again
    assert "s.csv:c.csv (" in again


def test_a_machine_that_is_elsewhere_is_told(bare, tmp_path, capsys):
    """What stands out all the time, and what lies far from what was learnt; nothing else is."""
    score = ["score", "--model", bare / "model", *SAID, "--out", tmp_path / "s.csv"]
    said = answer(capsys, *score, write_bare(tmp_path / "far.csv", level=9.0))
    assert "careful: most samples stand out, and all the time" in said
    assert "x lies at 9" in said
    assert "careful" not in answer(capsys, *score, write_bare(tmp_path / "near.csv", seed=4))
    short = answer(capsys, *score, write_bare(tmp_path / "short.csv", 0.8))
    assert "careful: no sample has a score: a window is 50 samples" in short


def test_what_stands_out_without_being_far_is_told_so(bare):
    """Levels as learnt, and yet above the threshold."""
    bundle = load_bundle(bare / "model")
    scored = pd.DataFrame({"x": [0.0] * 9, "y": [0.0] * 9, "score": 2.0, "anomaly": 1})
    assert "no level is far from what was learnt" in told(scored, bundle)[-1]


def test_a_plain_file_holds_what_was_read(bare, tmp_path, capsys):
    """Times, values and labels; the simulator reads it, as every program does."""
    path = tmp_path / "german.csv"
    path.write_bytes("Zeit;Größe;Anomaly\ndd.mm.yyyy;bar;\n01.03.2026 10:00:00,5;1,5;0\n"
                     "01.03.2026 10:00:01,5;1,75;1\n".encode("cp1252"))  # fmt: skip
    out = tmp_path / "plain.csv"
    assert "2 samples in 1 recording, 1 feature" in answer(capsys, "convert", path, "--out", out)
    table = pd.read_csv(out)
    assert table.to_dict("list") == {
        "ts": [1772359200.5, 1772359201.5], "Größe": [1.5, 1.75], "label": [0, 1],
    }  # fmt: skip
    assert "exists, allowed: another name" in answer(capsys, "convert", path, "--out", out, code=2)
    answer(capsys, "convert", path, "--out", tmp_path / "plain.parquet")
    pd.testing.assert_frame_equal(
        pd.read_parquet(tmp_path / "plain.parquet"), table, check_dtype=False
    )


def test_units_of_files_are_in_the_model(tmp_path, capsys):
    """What is said beside them wins."""
    rng = np.random.default_rng(1)
    rows = "".join(f"{n / 10};{x};{y}\n" for n, (x, y) in enumerate(rng.standard_normal((600, 2))))
    (tmp_path / "a.csv").write_text("time;p;q\ns;bar;l/min\n" + rows)
    answer(capsys, "train", "--sessions", tmp_path / "a.csv", "--network", "zscore",
           "--out", tmp_path / "m", "--unit", "q=m3/h")  # fmt: skip
    units = [feature.unit for feature in load_bundle(tmp_path / "m").document.features]
    assert units == ["bar", "m3/h"]


def test_a_waveform_is_told(tmp_path, capsys):
    """A window of it holds no revolution."""
    write_bare(tmp_path / "fast.csv")
    said = answer(capsys, "train", "--sessions", tmp_path / "fast.csv", "--rate", "20000",
                  "--columns", "x,y", "--network", "zscore", "--window", "50",
                  "--out", tmp_path / "m")  # fmt: skip
    assert "careful: 20,000 Hz is a waveform: a window of 50 samples lasts 2.5 ms" in said
    assert "1 session, 0.1 s at 20,000 Hz" in said
