"""``export``: what is stored comes back whole, or one line says why not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from detector.cli.main import main
from detector.cli.writing.export_tables import Rows
from detector.records import Frame
from detector.sessions.files import read_recordings
from detector.store import frames
from detector.store.archive import closing
from detector.store.archive.place import Folder
from detector.store.history.rolling import roll
from detector.store.keeping.merging import ALL, merge
from detector.store.schema import frames as table
from detector.store.schema import open_store

START = 1_772_366_400.0  # 2026-03-01T12:00:00Z


def frame(device="press-1", start=START, n=10, features=("a", "b"), session="#1", seed=0):
    """A block of samples at 10 Hz."""
    rng = np.random.default_rng(seed)
    shape = (n, len(features))
    values = rng.normal(size=shape).astype(np.float32)
    reconstruction = values + np.float32(0.1)
    reconstruction[0] = np.nan
    score = rng.random(n).astype(np.float32) * 2
    score[0] = np.nan
    return Frame(
        device=device, session=session, features=features, ts=start + np.arange(n) / 10,
        values=values, reconstruction=reconstruction, score=score, mse=score,
        judged=np.ones(n, np.bool_), threshold=1.0,
        contributions=np.ones(len(features), np.float32), arrival=start,
    )  # fmt: skip


@pytest.fixture
def store(tmp_path, monkeypatch):
    """Two sessions of one device, the second with another feature; in the working folder."""
    monkeypatch.chdir(tmp_path)
    engine = open_store("sqlite:///faultline.db")
    blocks = [
        frame(seed=1),
        frame(start=START + 1, seed=2),
        frame(start=START + 60, features=("b", "c"), session="run 2#9", seed=3),
    ]
    with engine.begin() as connection:
        frames.write(connection, blocks)
    yield blocks
    engine.dispose()


def exported(name, *more):
    """Run the command and read its file."""
    assert main(["export", "--device", "press-1", "--out", name, *more]) == 0
    return pd.read_parquet(name) if name.endswith("parquet") else pd.read_csv(name)


@pytest.mark.parametrize("name", ["all.csv", "all.parquet"])
def test_every_sample_comes_back_equal(store, name, capsys):
    """Values to float32, times to float64, what is missing empty."""
    table = exported(name)
    assert list(table.columns) == [
        "ts", "session", "a", "b", "c", "a_reconstruction", "b_reconstruction",
        "c_reconstruction", "score", "mse", "threshold", "anomaly",
    ]  # fmt: skip
    assert capsys.readouterr().out == (f"written: {name}, 30 samples in 2 sessions, 3 features\n")
    for i, block in enumerate(store):
        part = table.iloc[i * 10 : i * 10 + 10]
        np.testing.assert_array_equal(part["ts"], block.ts)
        for f, feature in enumerate(block.features):
            np.testing.assert_array_equal(part[feature].astype(np.float32), block.values[:, f])
            np.testing.assert_array_equal(
                part[f"{feature}_reconstruction"].astype(np.float32), block.reconstruction[:, f]
            )
        np.testing.assert_array_equal(part["score"].astype(np.float32), block.score)
        np.testing.assert_array_equal(part["anomaly"], block.anomaly.astype(int))
    assert table["c"].isna().sum() == 20
    assert table["a"].isna().sum() == 10


@pytest.mark.parametrize(
    ("limits", "n"),
    [
        (["--end", "2026-03-01T12:00:00.5"], 5),
        (["--start", "2026-03-01T12:00:00.5", "--end", "2026-03-01 12:00:01"], 5),
        (["--start", "2026-03-01T21:01:00+09:00"], 10),
        (["--start", "2026-03-01", "--end", "2026-03-02"], 30),
    ],
)
def test_a_time_is_cut_to_the_sample(store, limits, n):
    """From the start to before the end, in UTC unless it says."""
    assert len(exported("part.parquet", *limits)) == n


def test_an_export_is_a_recording_again(store):
    """Its sessions and features are read, what a model computed is no feature and no label."""
    exported("again.csv")
    read = list(read_recordings([Path("again.csv")]))
    found = [(r.samples.features, len(r.samples), r.label) for r in read]
    assert found == [(("a", "b", "c"), 20, None), (("a", "b", "c"), 10, None)]


def test_a_long_export_keeps_few_rows_in_memory(store, monkeypatch):
    """Rows are written as they come; the file is the same."""
    whole = exported("whole.parquet")
    monkeypatch.setattr("detector.cli.writing.export.ROWS", 7)
    pd.testing.assert_frame_equal(exported("parts.parquet"), whole)


@pytest.fixture
def in_parts(monkeypatch):
    """Few samples are read at once; what an export gives way by, in place of doing so."""
    given = []
    monkeypatch.setattr("detector.cli.writing.export.AT_ONCE", 7)
    monkeypatch.setattr("os.nice", given.append)
    return given


def test_a_long_export_is_read_in_parts(store, request):
    """None lasts long, for meanwhile the log of the store would grow; the file is the same."""
    whole = exported("whole.parquet")
    gives_way = request.getfixturevalue("in_parts")
    pd.testing.assert_frame_equal(exported("parts.parquet"), whole)
    assert gives_way == [19]


def test_what_is_deleted_before_its_turn_is_no_silent_hole(store, in_parts, monkeypatch, capsys):
    """One line, and no file."""
    add = Rows.add

    def delete(self, *given):
        opened = open_store("sqlite:///faultline.db")
        with opened.begin() as connection:
            connection.execute(table.delete().where(table.c.start < START + 60))
        opened.dispose()
        add(self, *given)

    monkeypatch.setattr("detector.cli.writing.export_tables.Rows.add", delete)
    assert main(["export", "--device", "press-1", "--out", "a.csv"]) == 2
    assert "samples before 2026-03-01T12:01:00 were deleted meanwhile" in capsys.readouterr().err
    assert not Path("a.csv").exists()


REFUSED = {
    "an unknown device": (["--device", "pres-1"], "pres-1: no samples in the store, allowed: "),
    "an empty time": (
        ["--start", "2030-01-01"],
        "from 2030-01-01T00:00:00 to the newest, allowed: 2026-03-01T12:00:00 to 2026-03-01T12:01",
    ),
    "a time that runs back": (["--start", "2026-03-02", "--end", "2026-03-01"], "between"),
    "no time": (["--start", "yesterday"], "--start yesterday: no time, allowed: ISO 8601"),
    "another kind of file": (["--out", "a.xlsx"], "found .xlsx, allowed: .csv, .parquet"),
    "a folder that is not there": (["--out", "no/a.csv"], "no folder no"),
    "a file that exists": (["--out", "there.csv"], "exists, allowed: another name, or --force"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_bad_input_is_one_line(store, name, capsys):
    """What, found, allowed; exit code 2, and nothing is written."""
    Path("there.csv").write_text("mine")
    more, line = REFUSED[name]
    assert main(["export", "--device", "press-1", "--out", "a.csv", *more]) == 2
    told = capsys.readouterr()
    assert (told.out, told.err.count("\n")) == ("", 1)
    assert line in told.err
    assert Path("there.csv").read_text() == "mine"
    assert not [path for path in Path().iterdir() if "a.csv" in path.name]


def test_force_replaces(store):
    """Only when asked to."""
    Path("a.csv").write_text("mine")
    assert len(exported("a.csv", "--force")) == 30


def test_an_interrupted_export_leaves_nothing(store, monkeypatch, capsys):
    """Neither a part of the new file nor harm to the old one."""
    Path("a.csv").write_text("mine")

    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("detector.cli.writing.export_tables.Rows.add", stop)
    assert main(["export", "--device", "press-1", "--out", "a.csv", "--force"]) == 130
    assert sorted(path.name for path in Path().glob("*a.csv*")) == ["a.csv"]
    assert Path("a.csv").read_text() == "mine"


def test_closed_hours_are_exported_to_the_bit(store):
    """What a score depends on is the same from a file of the archive."""
    before = exported("before.parquet")
    opened = open_store("sqlite:///faultline.db")
    while roll(opened, "press-1") or merge(opened, "press-1", ALL):
        pass
    place = Folder(Path("archive"))
    while closing.close_next(opened, place, START + 1e6):
        pass
    after = exported("after.parquet")
    told = ["ts", "session", "a", "b", "c", "score", "threshold", "anomaly"]
    pd.testing.assert_frame_equal(after[told], before[told])
    for path in place.paths():
        place.delete(path)
    assert main(["export", "--device", "press-1", "--out", "lost.csv"]) == 2
    assert not Path("lost.csv").exists()
    opened.dispose()
