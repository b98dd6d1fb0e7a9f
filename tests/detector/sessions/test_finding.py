"""Which files of a folder are recordings."""

from __future__ import annotations

import json
import os

import pytest

from detector.errors import SessionFileError
from detector.sessions.files import find_files
from simulator.recordings.generate import write_sessions
from simulator.recordings.session_request import Request
from tests.support.sessions.recordings import ROWS, WRITERS

LINES = "0.0 1.5\n0.1 1.6\n0.2 1.7\n"
DATED = "time;x\n01.03.2026 12:00:00;1,5\n01.03.2026 12:00:01;2\n"
META = {"device": "m1", "sensors": [{"name": "acc_x", "unit": "g"}, {"name": "temp", "unit": "C"}]}
TRUTH = {"file": "a.csv", "episodes": [{"start": 1.0, "end": 2.0}, {"start": 3.0, "end": 4.0}]}


def laid_out(folder, files):
    """Files by path and content; returns what is found, relative to the folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = content if isinstance(content, str) else json.dumps(content)
        path.write_text(text)
    return [str(path.relative_to(folder)) for path in find_files([folder])]


def test_a_folder_is_searched_to_the_bottom_in_order(tmp_path):
    """Every known suffix in any case, packed ones too; the same name may come in two kinds."""
    names = ["a.csv", "a.parquet", "b.CSV", "b.csv.gz", "deep/er/c.WAV", "deep/z.zip", "x.jsonl.xz"]
    assert laid_out(tmp_path, dict.fromkeys(names, "")) == sorted(names)


def test_what_is_no_recording_is_left_out(tmp_path):
    """Unknown suffixes, hidden files, what systems leave, documents and truths."""
    files = {
        "a.csv": "", "a.truth.json": TRUTH, "truth.json": TRUTH, "README.txt": LINES,
        "notes.txt": "Bearing changed on\nMarch 3.\n", "meta.json": META, "broken.json": "{",
        "empty.json": "", "empty.txt": "", "log.gz": "", "a.md": "", "a.png": "", ".git/a.csv": "",
        ".hidden.csv": "", "__MACOSX/._a.csv": "", "~$b.xlsx": "", "a.csv.part": "",
        "a.tdms_index": "",
    }  # fmt: skip
    assert laid_out(tmp_path, files) == ["a.csv"]


def test_text_and_json_with_numbers_are_recordings(tmp_path):
    """Told by their content, beside files of other kinds too."""
    files = {
        "a.csv": "", "a.txt": LINES, "b.dat": DATED, "c.json": ROWS,
        "d.json": {"ts": [1.0, 2.0], "x": [3.0, 4.0]}, "e.json": [[1, 2], [3, 4]],
    }  # fmt: skip
    assert laid_out(tmp_path, files) == sorted(files)
    (tmp_path / "wide.txt").write_text(LINES, encoding="utf-16")
    WRITERS["a.parquet"](tmp_path / "f.dat")
    assert {"wide.txt", "f.dat"} <= {path.name for path in find_files([tmp_path])}


def test_a_long_json_document_is_a_recording(tmp_path):
    """It is not read twice to find that out."""
    (tmp_path / "a.json").write_text("[" + "{}, " * 400_000)
    assert [path.name for path in find_files([tmp_path])] == ["a.json"]


def test_a_file_that_is_named_is_taken(tmp_path):
    """Whatever it is called; and the folder it is in may be hidden."""
    path = tmp_path / ".cache" / "README.md"
    path.parent.mkdir()
    path.write_text(LINES)
    (path.parent / "a.csv").write_text("")
    assert find_files([path, path.parent]) == [path, path.parent / "a.csv"]


@pytest.mark.parametrize("name", ["none.csv", "folder"])
def test_nothing_found_is_one_line(tmp_path, name):
    """With what there is instead, and what is looked for."""
    (tmp_path / "folder" / "sub").mkdir(parents=True)
    (tmp_path / "folder" / "sub" / "notes.md").write_text("")
    with pytest.raises(SessionFileError, match=r"no session file found.*\*\.csv.*\.zip") as caught:
        find_files([tmp_path / name])
    assert ("found notes.md" in str(caught.value)) == (name == "folder")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may search any folder")
def test_a_folder_that_may_not_be_searched_is_told(tmp_path):
    """What lies in it would be missing without a word."""
    (tmp_path / "a.csv").write_text("")
    (tmp_path / "closed").mkdir(mode=0o000)
    with pytest.raises(SessionFileError, match="closed: cannot be searched"):
        find_files([tmp_path])


def test_generated_sessions_are_found_without_their_truth(tmp_path):
    """Which lies beside each."""
    written = write_sessions(Request(rpm=600.0, sessions=2, minutes=0.1, seed=1), tmp_path, print)
    assert list(tmp_path.glob("*.truth.json"))
    assert find_files([tmp_path]) == sorted(written)
