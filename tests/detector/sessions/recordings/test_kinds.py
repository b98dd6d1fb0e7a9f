"""Which kind a file is: by what it begins with, whatever it is called."""

from __future__ import annotations

import json
import sqlite3
import zipfile

import h5py
import numpy as np
import pandas as pd
import pytest
import scipy.io
import soundfile

from detector.errors import SessionFileError
from detector.sessions.packing import sources
from detector.sessions.recordings.kinds import kind_of
from tests.support.sessions.recordings import SAMPLE, WRITERS


def kind_in(path):
    """Of the only source in a file."""
    with sources(path) as found:
        return kind_of(next(found)).name


def _matlab_7_3(path):
    """As MATLAB writes: its own header in the user block of an HDF5 file."""
    with h5py.File(path, "w", userblock_size=512) as file:
        file["x"] = np.arange(5.0)
    with path.open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(512))


def _hdf5_in_a_user_block(path):
    with h5py.File(path, "w", userblock_size=1024) as file:
        file["x"] = np.arange(5.0)


WRONG = [
    (SAMPLE.to_parquet, "Parquet"),
    (WRITERS["a.xlsx"], "Excel"),
    (WRITERS["a.ods"], "Excel"),
    (WRITERS["a.npz"], "NumPy"),
    (WRITERS["records.npy"], "NumPy"),
    (WRITERS["rows.json"], "JSON"),
    (WRITERS["a.jsonl"], "JSON"),
    (lambda path: path.write_bytes("\ufeff[1, 2]".encode("utf-16-le")), "JSON"),
    (_matlab_7_3, "MATLAB"),
    (lambda path: scipy.io.savemat(path, {"x": np.arange(5.0)}, appendmat=False), "MATLAB"),
    (_hdf5_in_a_user_block, "HDF5"),
    (lambda path: soundfile.write(path, np.zeros(9), 100, format="WAV"), "sound"),
    (lambda path: soundfile.write(path, np.zeros(9), 100, format="FLAC"), "sound"),
    (lambda path: path.write_text("    -1\n    58\nmade by hand\n"), "UFF"),
    (lambda path: path.write_text("-1\n58\n55\n"), "delimited text"),
    (lambda path: path.write_text("[Header]\nrate=5\nts,x\n0,1\n"), "delimited text"),
    (lambda path: path.write_text("[2026-03-01 12:00:00];0.5\n"), "delimited text"),
    (lambda path: path.write_text("PAR1,RIFF\n0,1\n"), "delimited text"),
    (lambda path: path.write_text("\ufeffts,x\n0,1\n", encoding="utf-16"), "delimited text"),
]


@pytest.mark.parametrize(("write", "kind"), WRONG)
@pytest.mark.parametrize("name", ["a.csv", "a.xls", "a.log", "a"])
def test_a_file_is_what_it_begins_with(tmp_path, write, kind, name):
    """Whatever its name says, or where it says nothing."""
    path = tmp_path / name
    write(path)
    assert kind_in(path) == kind


def _database(path):
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE samples (ts REAL)")


def _word(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("word/document.xml", "<w/>")


FOREIGN = [
    (lambda path: path.write_bytes(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"), "a PDF document"),
    (lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), "a PNG picture"),
    (lambda path: path.write_text("<!DOCTYPE html><html><body>404</body></html>"), "HTML"),
    (lambda path: path.write_text('\ufeff<?xml version="1.0"?><Workbook/>'), "HTML or XML"),
    (lambda path: path.write_text("\n\n <HTML>\n<body>1,2\n"), "HTML"),
    (lambda path: path.write_text("%!PS-Adobe-3.0\n1 2\n"), "a PostScript document"),
    (lambda path: path.write_text("{\\rtf1 1,2}"), "a rich text document"),
    (lambda path: path.write_text("version https://git-lfs.github.com/spec/v1\n"), "Git LFS"),
    (lambda path: path.write_text('"TOB1","CR1000"\n'), "a Campbell binary file"),
    (lambda path: pd.to_pickle(SAMPLE, path, compression=None), "a Python pickle"),
    (_database, "an SQLite database"),
    (SAMPLE.to_feather, "Feather"),
    (_word, "a Word document"),
    (lambda path: path.write_bytes(b"RIFF\x24\0\0\0AVI LIST\0\0"), "no sound"),
    (lambda path: path.write_bytes(b"MDF     4.10    \0\0\0\0"), "an ASAM MDF measurement"),
    (lambda path: path.write_bytes(bytes(range(1, 9)) * 99), "no known kind, begins with 01 02"),
]


@pytest.mark.parametrize(("write", "words"), FOREIGN)
@pytest.mark.parametrize("name", ["a.log", "a.parquet"])
def test_what_is_no_recording_is_called_what_it_is(tmp_path, write, words, name):
    """In one line; bytes that nobody knows are left to the reader that the name asks for."""
    path = tmp_path / name
    write(path)
    if words.startswith("no known") and name != "a.log":
        assert kind_in(path) == "Parquet"
        return
    with pytest.raises(SessionFileError, match=words) as caught:
        kind_in(path)
    assert name in str(caught.value)


def test_json_needs_no_first_sign_to_be_refused_as_json(tmp_path):
    """A broken .json is no table of text, but rows of text called .json are."""
    (tmp_path / "a.json").write_text("oops")
    (tmp_path / "b.json").write_text("ts,x\n0,1\n")
    (tmp_path / "c.json").write_text(json.dumps({"ts": [1]}))
    assert [kind_in(tmp_path / f"{n}.json") for n in "abc"] == ["JSON", "delimited text", "JSON"]
