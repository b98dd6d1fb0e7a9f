"""``inspect`` as an engineer meets it: a page, a table, JSON, a picture, refusals."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from matplotlib import image

from detector.__main__ import main
from detector.inspecting import picture
from detector.inspecting.describe import describe
from detector.inspecting.overview import BINS, overview_of, stretches
from detector.sessions.recordings.told import told
from tests.support.sessions.recorded import START, noise, recording, times, vibration

RED, GREY = (0.96, 0.83, 0.83), (0.85, 0.87, 0.88)
ORANGE = (0.90, 0.62, 0.0)


def write(path, features, ts=None, label=None):
    """A CSV file."""
    table = pd.DataFrame(features)
    table.insert(0, "ts", times(len(table)) if ts is None else ts)
    if label is not None:
        table["label"] = label.astype(int)
    table.to_csv(path, index=False)
    return path


@pytest.fixture
def run(tmp_path):
    """A recording with a gap, a hole, a label and an empty column."""
    n = 3000
    ts, values, label = times(n), vibration(n), np.zeros(n, np.bool_)
    ts[1500:] += 60
    values[200:300] = np.nan
    label[2000:2500] = True
    return write(tmp_path / "run.csv", {"acc": values, "dead": np.full(n, np.nan)}, ts, label)


def answer(capsys, *arguments, code=0):
    """What a command prints, to both streams."""
    assert main(["inspect", *map(str, arguments)]) == code
    return capsys.readouterr()


def test_a_page_tells_one_recording(run, capsys):
    """Head, clock, sessions, labels, features, and what to be careful of."""
    page = answer(capsys, run).out
    for line in (
        "run.csv",
        "3,000 samples at 100 Hz, 90 s, from 2023-11-14 22:13:20 UTC",
        "clock: even steps, 1 gap, the longest of 60 s from 2023-11-14 22:13:34",
        "3 sessions without gap or hole: 205, 1,200, 1,500 samples",
        "labelled as a fault: 500 samples in 1 stretch",
        "dead: no value in any row",
        "--normal-only",
    ):
        assert line in page


def test_json_has_the_keys_that_were_agreed(run, capsys):
    """And the numbers of the file."""
    (found,) = json.loads(answer(capsys, "--json", run).out)
    assert set(found) >= {"file", "name", "format", "samples", "rate_hz", "first", "features",
                          "labels", "left_out", "notes", "warnings"}  # fmt: skip
    assert (found["samples"], found["rate_hz"], found["first"]) == (3000, 100.0, START)
    assert found["labels"] == 500
    assert (
        found["features"]["dead"] | {"unit": None, "mean": None, "missing": 3000}
        == (found["features"]["dead"])
    )
    known = pd.read_csv(run)["acc"].dropna()
    assert found["features"]["acc"]["mean"] == pytest.approx(known.mean(), abs=1e-6)
    assert {one["rule"] for one in found["warnings"]} >= {"labelled", "empty"}


def test_many_recordings_are_a_line_each(tmp_path, capsys):
    """And a warning that all share stands there once."""
    for number in range(40):
        write(tmp_path / f"{number:02}.csv", {"acc": np.round(2 * vibration(400, seed=number)) / 2})
    page = answer(capsys, tmp_path).out
    assert "40 recordings with the same features, 16,000 samples" in page
    assert page.count("coarse: it moves in steps of 0.5") == 1
    assert "in all 40" in page
    assert all(f"{number:02}.csv" in page for number in range(40))
    assert len(page.splitlines()) < 60
    assert len(json.loads(answer(capsys, "--json", tmp_path).out)) == 40


def test_a_summary_pools_its_recordings(tmp_path, capsys):
    """Mean and deviation are those of all samples together."""
    parts = [noise(n, seed=n) + n / 300 for n in (300, 600, 900)]
    for number, part in enumerate(parts):
        write(tmp_path / f"{number}.csv", {"acc": part})
    row = next(line.split() for line in answer(capsys, tmp_path).out.splitlines()
               if line.split()[:1] == ["acc"])  # fmt: skip
    whole = np.concatenate(parts)
    expected = [whole.mean(), whole.std(), whole.min(), whole.max()]
    assert [float(cell) for cell in row[1:5]] == pytest.approx(expected, rel=5e-3)


def test_one_unreadable_file_among_others(run, tmp_path, capsys):
    """It is one line on stderr, the others are described, and the exit code says so."""
    bad, gone = tmp_path / "bad.csv", tmp_path / "gone.csv"
    bad.write_text("ts,acc\n")
    found = answer(capsys, gone, bad, run, code=2)
    assert "run.csv" in found.out
    lines = found.err.strip().splitlines()
    assert len(lines) == 2
    assert any(line.startswith(f"error: {bad}") for line in lines)
    assert any(line.startswith(f"error: {gone}") for line in lines)
    (described,) = json.loads(answer(capsys, "--json", bad, run, code=2).out)
    assert described["name"] == "run.csv"


def test_nothing_readable_is_one_line(tmp_path, capsys):
    """As everywhere."""
    found = answer(capsys, tmp_path / "gone.csv", code=2)
    assert found.out == ""
    assert len(found.err.strip().splitlines()) == 1


def share_of(path, colour):
    """Share of the picture's pixels that are nearly of a colour."""
    pixels = image.imread(path)[..., :3]
    return float((np.abs(pixels - np.asarray(colour)).max(axis=-1) < 0.04).mean())


def test_a_picture_shows_gap_label_and_hole(run, tmp_path, capsys):
    """Grey, red and orange, which one without them has not."""
    plain = write(tmp_path / "plain.csv", {"acc": vibration(3000)})
    answer(capsys, run, "--plot", tmp_path / "run.png")
    answer(capsys, plain, "--plot", tmp_path / "plain.png")
    for colour, least in ((RED, 0.01), (GREY, 0.1), (ORANGE, 0.001)):
        assert share_of(tmp_path / "run.png", colour) > least
        assert share_of(tmp_path / "plain.png", colour) < least / 2


def test_a_picture_says_what_it_leaves_out(tmp_path, capsys, monkeypatch):
    """More recordings than it has room for."""
    told_of = []
    monkeypatch.setattr(picture, "draw", lambda drawn, left, _: told_of.append((len(drawn), left)))
    for number in range(9):
        write(tmp_path / f"{number}.csv", {"acc": vibration(200)})
    answer(capsys, tmp_path, "--plot", tmp_path / "all.png")
    assert told_of == [(6, 3)]
    assert "not drawn: 3 recordings" in picture._legend(3)


@pytest.mark.parametrize("name", ["run.jpg", "none/run.png", "run.csv/run.png", "folder.png"])
def test_a_picture_that_cannot_be_written_is_refused_first(name, run, tmp_path, capsys):
    """Before a file is read: this one does not exist."""
    (tmp_path / "folder.png").mkdir()
    found = answer(capsys, tmp_path / "gone.csv", "--plot", tmp_path / name, code=2)
    assert found.err.startswith(f"error: --plot {tmp_path / name}: ")
    assert len(found.err.strip().splitlines()) == 1


def test_a_refusal_leaves_no_empty_picture(tmp_path, capsys):
    """Whether a path can be written is tried without a trace."""
    answer(capsys, tmp_path / "gone.csv", "--plot", tmp_path / "new.png", code=2)
    assert not (tmp_path / "new.png").exists()


def test_an_overview_keeps_every_extreme():
    """However long the recording; and no bin lies across the gap."""
    n = 200_000
    values, ts = noise(n), times(n)
    values[123_456], values[77] = 40.0, -40.0
    ts[100_000:] += 300
    about = recording({"a": values}, ts=ts, label=np.arange(n) == 5)
    found = overview_of(about, describe(about))
    (strip,) = found.strips
    assert (strip.high.max(), strip.low.min()) == (40.0, -40.0)
    assert len(strip.low) <= BINS + 1
    assert (found.ends - found.starts).max() < 2 * n / BINS / 100
    assert stretches(found.labelled) == [(0, 0)]


def test_bytes_are_told_as_they_are_read(tmp_path):
    """Each once, though a reader goes back to the beginning."""
    path, heard = tmp_path / "long.csv", []
    path.write_bytes(bytes(1_000_000))
    with told(lambda: path.open("rb"), heard.append) as file:
        file.read(10)
        file.seek(0)
        assert len(file.read()) == 1_000_000
    assert sum(heard) == 1_000_000
    assert len(heard) > 1
