"""Files that cannot be read: exit code 2, one line that says why, nothing written."""

from __future__ import annotations

import gzip
import io
import os
import random
import zipfile

import numpy as np
import pandas as pd
import pytest
import soundfile

from detector.scoring.bundle import save_bundle
from tests.support.motors import live
from tests.support.sessions.inspected import refused, run
from tests.support.sessions.recordings import SAMPLE, T0, WRITERS, N
from tests.support.sessions.written import dates, numbers, text

PLAIN = SAMPLE.to_csv(index=False)
LINES = PLAIN.splitlines(keepends=True)
JUNK = random.Random(3).randbytes(5000)
NOBODY = 65_534
BY_NAME = ("a.parquet", "a.xlsx", "a.npz", "a.mat", "hdf5.mat", "a.h5", "a.wav", "a.flac",
           "a.tdms", "a.uff", "a.jsonl", "a.csv.gz", "a.zip")  # fmt: skip
TOLD_WHEN_CUT = ("a.wav", "a.tdms", "a.uff", "a.jsonl")  # what was written before is read


def spoiled(share):
    """Cells of one column that are no number, evenly spread."""
    cells = SAMPLE["temp"].astype(object)
    cells[[k for k in range(N) if k % 10 < 10 * share]] = "?!"
    return SAMPLE.assign(temp=cells).to_csv(index=False)


def bomb(pack):
    """Rows that pack to a thousandth."""
    return pack(b"ts,acc_x\n" + (b"1772366400," + b"1" * 30 + b"\n") * 1_700_000)


def zipped(content):
    """In an archive."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", content)
    return made.getvalue()


# name of the file, what stands in it, arguments, words of the line
CASES = {
    "empty": ("a.csv", "", (), "empty"),
    "blank lines": ("a.csv", "\n \n\n", (), "a.csv"),
    "a header alone": ("a.csv", LINES[0], (), "no row"),
    "a web page": ("a.csv", "<!DOCTYPE html><html>401</html>", (), "HTML"),
    "a web page behind blank lines": ("a.csv", "\n\n<html><p>1,2</p></html>", (), "HTML"),
    "an error of a web service": ("a.json", '{"error": "unauthorized"}', (), "a.json"),
    "bytes at random": ("a.csv", JUNK, (), "a.csv"),
    "bytes at random, no suffix": ("a", JUNK, (), "no known kind"),
    "a picture": ("a.csv", b"\x89PNG\r\n\x1a\n" + JUNK, (), "PNG"),
    "a document": ("a.csv", b"%PDF-1.7\n" + JUNK, (), "PDF"),
    "a pickle": ("a.npy", b"\x80\x04\x95" + JUNK, (), "pickle"),
    "a line too short": ("a.csv", "".join([*LINES[:100], "1,2\n", *LINES[100:]]), (), "line 101"),
    "a line too long": ("a.csv", "".join([*LINES[:50], "1,2,3,4\n", *LINES[50:]]), (), "line 51"),
    "a quote that stays open": ("a.csv", PLAIN + '1,"2,3\n', (), "a.csv"),
    "zeros in the middle": ("a.csv", PLAIN[:3000] + "\0" * 40 + PLAIN[3000:], (), "NUL"),
    "two encodings": ("a.csv", "ts,ä\n1,2\n".encode() + "3,ä\n".encode("latin-1"), (), "UTF-8"),
    "dates both ways": (
        "a.csv", text(dates("%d/%m/%Y %H:%M:%S.%3")), (), "allowed: --day-first or --month-first",
    ),
    "dates all three ways": (
        "a.csv", text(dates("%d-%m-%y %H:%M:%S.%3")), (), "allowed: --day-first or --month-first",
    ),
    "no time": ("a.csv", SAMPLE[["acc_x", "temp"]].to_csv(index=False), (), "--rate"),
    "no header": ("a.csv", "".join(LINES[1:]), (), "--columns"),
    "two columns of one name": ("a.csv", text(numbers(), "ts,acc,acc"), (), "two columns"),
    "bad cells": (
        "a.csv", spoiled(0.4), (),
        "80 of 200 cells are no number, first '?!' in line 2, '?!' in line 3, '?!' in line 4;",
    ),
    "bad times": ("a.csv", text(["soon"] * 40 + numbers()[40:]), (), "without a time"),
    "two times": ("a.csv", SAMPLE.assign(time=SAMPLE["ts"] + 60).to_csv(index=False), (),
                  "--time-column"),
    "one time for all": ("a.csv", SAMPLE.assign(ts=T0).to_csv(index=False), (), "--rate"),
    "1,234 both ways": (
        "a.csv", text(numbers(), "ts;a;b;c", ";").replace(";2", ";1,234;2"), (), "1,234",
    ),
    "labels of -1": ("a.csv", SAMPLE.assign(label=-1).to_csv(index=False), (), "found -1"),
    "words alone": ("a.csv", text(numbers(), decimal=":"), (), "a.csv"),
    "no value": ("a.csv", "ts,a\n" + "".join(f"{k},\n" for k in numbers()), (), "no value"),
    "too few names": ("a.csv", "".join(LINES[1:]), ("--columns", "ts,a"), "found 2 names"),
    "too many names": ("a.csv", "".join(LINES[1:]), ("--columns", "ts,a,b,c"), "found 4 names"),
    "no such time": ("a.csv", PLAIN, ("--time-column", "Zeit"), "no time column Zeit; found ts"),
    "another rate": ("a.csv", PLAIN, ("--rate", "50"), "--rate 50: found times at 10 Hz"),
    "another rate, nearly": ("a.csv", PLAIN, ("--rate", "12"), "--rate 12: found times at 10 Hz"),
    "no rate": ("a.csv", PLAIN, ("--rate", "0"), "--rate"),
    "a rate in words": ("a.csv", PLAIN, ("--rate", "fast"), "--rate"),
    "names that are empty": ("a.csv", PLAIN, ("--columns", "ts,,"), "--columns"),
    "an archive that unpacks for ever": ("a.zip", bomb(zipped), (), "unpacks to more than"),
    "gzip that unpacks for ever": ("a.csv.gz", bomb(gzip.compress), (), "unpacks to more than"),
    "an archive in an archive": ("a.zip", zipped(zipped(b"1")), (), "archive"),
    "an archive of nothing": ("a.zip", b"PK\5\6" + bytes(18), (), "a.zip"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_file_that_cannot_be_read_gets_one_line(write, name):
    """It names the file or the option, and says what is wrong."""
    file, content, arguments, words = CASES[name]
    line = refused("inspect", write(file, content), *arguments)
    assert words in line
    assert file in line or arguments[0] in line


@pytest.mark.parametrize("name", BY_NAME)
@pytest.mark.parametrize("size", [0, 20, None])
def test_a_file_that_was_cut_off_gets_one_line(tmp_path, name, size):
    """Of every kind; what a recorder wrote before its power was gone is read, and told."""
    WRITERS[name](path := tmp_path / name)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 6 // 10 if size is None else size])
    rate = ("--rate", "10") if name in TOLD_WHEN_CUT else ()
    if size is None and name in TOLD_WHEN_CUT:
        code, out, said = run("inspect", path, *rate)
        assert (code, said) == (0, "")
        assert name == "a.jsonl" or "cut off" in out
    else:
        assert name in refused("inspect", path)


def test_a_folder_without_recordings_gets_one_line(tmp_path):
    """Also where it is called like a file, or holds documents alone."""
    (tmp_path / "x.csv").mkdir()
    assert "no session file found" in refused("inspect", tmp_path / "x.csv")
    (tmp_path / "x.csv" / "README.txt").write_text("1 2\n3 4\n")
    (tmp_path / "x.csv" / "plan.pdf").write_bytes(b"%PDF-1.7")
    assert "found README.txt, plan.pdf" in refused("inspect", tmp_path / "x.csv")


@pytest.mark.parametrize("name", ["none.csv", "none/none.csv", "x" * 300 + ".csv"])
def test_a_file_that_is_not_there_gets_one_line(tmp_path, name):
    """Whatever it is called."""
    assert name in refused("inspect", tmp_path / name)


def test_a_folder_of_several_kinds_tells_the_broken_ones_apart(tmp_path):
    """The others are described; the exit code says that not all was read."""
    (tmp_path / "a.csv").write_text(PLAIN)
    WRITERS["a.parquet"](tmp_path / "b.parquet")
    WRITERS["a.h5"](tmp_path / "c.h5")
    (tmp_path / "d.xlsx").write_bytes(b"PK\3\4" + JUNK)
    (tmp_path / "e.csv").write_text("<html>")
    code, out, said = run("inspect", tmp_path)
    assert code == 2
    assert all(name in out for name in ("a.csv", "b.parquet", "c.h5"))
    assert [line.rpartition("/")[2][:6] for line in said.splitlines()] == ["d.xlsx", "e.csv:"]


@pytest.fixture
def nobody(tmp_path):
    """Becomes a user without rights, where the tests run as one who may all."""
    (tmp_path / "known.csv").write_text(PLAIN)
    assert run("inspect", tmp_path / "known.csv")[0] == 0  # its modules are loaded
    for folder in (tmp_path, *list(tmp_path.parents)[:2]):
        folder.chmod(0o755)
    before = os.geteuid()
    if before == 0:
        os.seteuid(NOBODY)
    yield
    os.seteuid(before)


@pytest.mark.parametrize("name", ["a.csv", "in", "in/b.csv", "."])
def test_without_permission_there_is_one_line(tmp_path, request, name):
    """Of a file, a folder, a file in a folder, a folder in a folder."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "b.csv").write_text(PLAIN)
    (tmp_path / "a.csv").write_text(PLAIN)
    (tmp_path / "a.csv").chmod(0)
    (tmp_path / "in").chmod(0)
    request.getfixturevalue("nobody")
    line = refused("inspect", tmp_path / name)
    assert "Permission denied" in line
    assert str(tmp_path / name) in line


@pytest.fixture(scope="module")
def model(tmp_path_factory, bundle):
    """A small one on disk."""
    folder = tmp_path_factory.mktemp("refusals") / "small"
    save_bundle(bundle, folder)
    return folder


LEARNT = ("a header alone", "a web page", "a line too short", "dates both ways", "no time",
          "no header", "bad cells", "two times", "gzip that unpacks for ever")  # fmt: skip


@pytest.mark.parametrize("name", LEARNT)
def test_nothing_is_trained_from_it(write, tmp_path, name):
    """No folder is left, not even a part of one."""
    file, content, _, words = CASES[name]
    path = write(file, content)
    assert words in refused("train", "--sessions", path, "--out", tmp_path / "model")
    assert sorted(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", LEARNT)
def test_nothing_is_scored_of_it(write, tmp_path, model, name):
    """No file is left, not even of the sound recording before it."""
    file, content, _, words = CASES[name]
    sound = live(300, 9)
    frame = pd.DataFrame(sound.values, columns=list(sound.features)).assign(ts=sound.ts)
    frame.to_csv(tmp_path / "0.csv", index=False)
    path = write(file, content)
    out = tmp_path / "scored.csv"
    line = refused("score", "--model", model, tmp_path / "0.csv", path, "--out", out)
    assert words in line
    assert sorted(tmp_path.iterdir()) == sorted([tmp_path / "0.csv", path])


def test_recordings_of_two_rates_are_not_learnt_together(tmp_path):
    """One model has one rate."""
    for name, rate in (("a.csv", 10.0), ("b.csv", 25.0)):
        rows = SAMPLE.assign(ts=T0 + np.arange(N) / rate)
        rows.to_csv(tmp_path / name, index=False)
    line = refused("train", "--sessions", tmp_path, "--out", tmp_path / "model")
    assert "a.csv: sampled every 0.1 s, the other files every 0.04 s" in line
    assert not (tmp_path / "model").exists()


def test_a_sound_file_of_a_wrong_count_of_names_gets_one_line(tmp_path):
    """Channels are counted like columns."""
    soundfile.write(tmp_path / "a.wav", np.zeros((N, 2)), 1000)
    assert "2 channels, but 1 names" in refused("inspect", tmp_path / "a.wav", "--columns", "x")
