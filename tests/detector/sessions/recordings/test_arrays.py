"""NumPy files: which arrays are columns, what tells the rate, what is never opened."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest

from detector.errors import SessionFileError
from detector.sessions.recordings.contract import NO_HINTS, Hints
from tests.support.sessions.recordings import sample_tables

N = 300
X = np.linspace(0, 1, N)


def read(path, hints=NO_HINTS, **arrays):
    """What is read of arrays under names, or of a single one."""
    if path.suffix == ".npz":
        np.savez(path, **arrays)
    else:
        np.save(path, arrays["array"])
    [(table, rows)] = sample_tables(path, hints)
    return table, rows


def test_arrays_of_one_length_are_columns(tmp_path):
    """Those with two axes are several; the rest is named; single values tell rate and start."""
    table, rows = read(
        tmp_path / "a.npz", x=X, acc=np.stack([X, 2 * X], 1), wide=np.stack([X, 3 * X]),
        one=X[:, None], fs=np.array(50.0), t0=1_772_366_400, cal=[1, 2], who="m1", z=X * 1j,
        windows=np.zeros((2, 3, 4)),
    )  # fmt: skip
    assert list(rows) == ["x", "acc.0", "acc.1", "wide.0", "wide.1", "one"]
    np.testing.assert_array_equal(rows["wide.1"], 3 * X)
    assert (table.rate_hz, table.first) == (50, 1_772_366_400)
    assert table.left_out == {
        "cal": "2 values where others have 300",
        "windows": "an array of shape (2, 3, 4)",
        "who": "a single value, m1",
        "z": "cells of type complex128",
    }


@pytest.mark.parametrize("told", [{"dt": 0.02}, {"sampling_rate": [50]}, {"FS": np.int16(50)}])
def test_the_rate_is_told_in_many_ways(tmp_path, told):
    """As a period too, in an array of one, in any case."""
    table, rows = read(tmp_path / "a.npz", x=X, **told)
    assert table.rate_hz == pytest.approx(50)
    assert list(rows) == ["x"]


def test_cells_keep_their_value_in_every_type(tmp_path):
    """Other orders of bytes, text, times, spans in seconds."""
    times = np.datetime64("2026-03-01T12:00:00.5") + np.arange(3) * np.timedelta64(100, "ms")
    table, rows = read(
        tmp_path / "a.npz", ts=times, big=np.array([1.5, 2, 3], ">f8"), ok=[True, False, True],
        i=np.array([1, 2, 3], ">i2"), word=["a", "b", "ä"], raw=np.array([b"a", b"b", b"cd"]),
        span=np.array([1500, "NaT", 0], "m8[ms]"), long=np.array([1, 2, 3], np.longdouble),
    )  # fmt: skip
    assert rows["ts"].astype("int64").tolist() == times.astype("int64").tolist()
    assert rows["big"].tolist() == [1.5, 2, 3]
    assert rows["i"].tolist() == [1, 2, 3]
    assert rows["word"].tolist() == ["a", "b", "ä"]
    assert rows["raw"].tolist() == ["a", "b", "cd"]
    assert rows["ok"].tolist() == [1, 0, 1]
    np.testing.assert_array_equal(rows["span"], [1.5, np.nan, 0])
    assert rows["long"].tolist() == [1, 2, 3]
    assert table.units == {"span": "s"}


def test_records_are_columns(tmp_path):
    """Their vectors too; of one array among several the names say which."""
    records = np.zeros(N, [("ts", "f8"), ("acc", "f4", 3)])
    records["acc"][:, 2] = X
    _, rows = read(tmp_path / "a.npy", array=records)
    assert list(rows) == ["ts", "acc.0", "acc.1", "acc.2"]
    np.testing.assert_allclose(rows["acc.2"], X, rtol=1e-6)
    _, rows = read(tmp_path / "a.npz", motor=records, x=X)
    assert list(rows) == ["motor.ts", "motor.acc.0", "motor.acc.1", "motor.acc.2", "x"]


def test_a_single_array_takes_names_from_beside_or_from_the_caller(tmp_path):
    """Else it is called like the file."""
    pair = np.stack([X, 2 * X], 1)
    _, rows = read(tmp_path / "acc.npy", array=pair)
    assert list(rows) == ["acc.0", "acc.1"]
    assert list(read(tmp_path / "acc.npy", array=X)[1]) == ["acc"]
    for array in (pair, pair.T):
        _, rows = read(tmp_path / "acc.npy", Hints(columns=("ts", "x")), array=array)
        np.testing.assert_array_equal(rows["x"], 2 * X)
    _, rows = read(tmp_path / "a.npz", data=pair, columns=["ts", "x"])
    assert list(rows) == ["ts", "x"]
    with pytest.raises(SessionFileError, match=r"acc has the shape \(300, 2\), allowed: one name"):
        read(tmp_path / "acc.npy", Hints(columns=("a", "b", "c")), array=pair)


def test_a_large_array_comes_in_pieces(tmp_path):
    """Rows in order over the borders of chunks."""
    _, rows = read(tmp_path / "a.npy", array=np.arange(250_001))
    assert (rows["a"].to_numpy() == np.arange(250_001)).all()


class Trap:
    """What a pickle may hold."""

    def __reduce__(self):
        return (pytest.fail, ("run while it was read",))


def test_objects_are_never_opened(tmp_path):
    """They are left out where there are numbers beside them, refused where not."""
    objects = np.array([Trap(), Trap()], object)
    table, rows = read(tmp_path / "a.npz", x=X, o=objects)
    assert list(rows) == ["x"]
    assert table.left_out == {"o": "Python objects, which could run code"}
    for path in (tmp_path / "b.npz", tmp_path / "b.npy"):
        with pytest.raises(
            SessionFileError, match=r"no columns .* holds Python objects, which could"
        ):
            read(path, array=objects)


def header_of(shape):
    """An NPY file that claims a shape and holds nothing."""
    made = io.BytesIO()
    claims = {"descr": "<f8", "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(made, claims)
    return made.getvalue()


def two_arrays():
    """One behind the other, as repeated saving into an open file leaves them."""
    made = io.BytesIO()
    np.save(made, X)
    np.save(made, X)
    return made.getvalue()


@pytest.mark.parametrize("content", [header_of((10**15,)), header_of((5, 10**6)), two_arrays()])
def test_a_size_that_is_not_there_is_refused(tmp_path, content):
    """Before any memory is asked for; and so is more than is told of."""
    (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(SessionFileError, match=r"a.npy: no whole NumPy file"):
        sample_tables(tmp_path / "a.npy")
    if content[:6] == b"\x93NUMPY" and len(content) < 200:
        with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
            archive.writestr("x.npy", content)
        with pytest.raises(SessionFileError, match=r"a.npz/x.npy: ends before"):
            sample_tables(tmp_path / "a.npz")


@pytest.mark.parametrize("arrays", [{}, {"x": np.zeros(0)}, {"x": np.zeros((2, 2, 2))}])
def test_no_array_for_a_column_is_one_line(tmp_path, arrays):
    """With what was found instead."""
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(
        SessionFileError, match=r"a.npz: (no columns|is a zip archive that is empty)"
    ):
        sample_tables(tmp_path / "a.npz")
