"""HDF5 files: groups, matrices, tables, attributes, what pandas and netCDF write, and traps."""

from __future__ import annotations

import pickle

import h5py
import numpy as np
import pytest

from detector.errors import SessionFileError
from detector.sessions.recordings import hdf5
from detector.sessions.recordings.contract import Hints
from tests.support.sessions.reading import source_of, tables_in, the_table_in

ROWS = 200
ACC = np.sin(np.arange(ROWS) / 7)
TEMP = 20 + np.arange(ROWS) / 100
TS = 1_772_366_400 + np.arange(ROWS) / 10
TIMES_NS = np.round(TS * 1e9).astype(np.int64)


def write_hdf5(path):
    """200 rows of a time and two channels."""
    with h5py.File(path, "w") as file:
        file.update({"ts": TS, "acc_x": ACC, "temp": TEMP})


@pytest.fixture
def path(tmp_path):
    """Of the file that a test writes and reads."""
    return tmp_path / "a.h5"


def test_arrays_of_one_length_are_one_table(path):
    """In the file itself."""
    write_hdf5(path)
    table, rows = the_table_in("hdf5", path)
    np.testing.assert_array_equal(rows[["ts", "acc_x", "temp"]].to_numpy().T, [TS, ACC, TEMP])
    assert (table.name, table.rate_hz) == ("", None)


def test_each_group_is_a_table_with_its_attributes(path):
    """Rate, start and units; the nearest that is told holds."""
    with h5py.File(path, "w") as file:
        file.attrs["sampling_rate"] = 5.0
        for name in ("pump", "fan/inlet"):
            group = file.create_group(name)
            group["acc_x"], group["temp"] = ACC, TEMP
            group["acc_x"].attrs["units"] = "g"
        file["pump"].attrs.update({"fs": 10.0, "start_time": "2026-03-01T12:00:00Z"})
    found = {table.name: table for table, _ in tables_in("hdf5", path)}
    assert {name: table.rate_hz for name, table in found.items()} == {"pump": 10, "fan.inlet": 5}
    assert (found["pump"].first, found["fan.inlet"].first) == (1_772_366_400, None)
    assert found["pump"].units == {"acc_x": "g"}


@pytest.mark.parametrize(
    ("name", "value", "rate"),
    [("fs", 10, 10), ("rate", 10.0, 10), ("sampling_rate", "25.6", 25.6), ("dt", 0.001, 1000)],
)
def test_an_attribute_tells_the_rate(path, name, value, rate):
    """Of the array it belongs to."""
    with h5py.File(path, "w") as file:
        file["acc_x"] = ACC
        file["acc_x"].attrs[name] = value
    table, _ = the_table_in("hdf5", path)
    assert table.rate_hz == pytest.approx(rate)
    assert len(table.notes) == 1


def test_a_matrix_has_a_channel_a_column(path):
    """Numbered, or named by an attribute or by a scale of words."""
    matrix = np.column_stack([ACC, TEMP])
    words = np.array(["acc_x", "temp"], h5py.string_dtype())
    with h5py.File(path, "w") as file:
        for name in ("plain", "told", "scaled"):
            file.create_group(name)["x"] = matrix
        file["told/x"].attrs["columns"] = words
        file["scaled/axis"] = words
        file["scaled/axis"].make_scale("axis")
        file["scaled/x"].dims[1].attach_scale(file["scaled/axis"])
    found = {table.name: list(rows) for table, rows in tables_in("hdf5", path)}
    assert found["plain"] == ["x.0", "x.1"]
    assert found["told"] == ["acc_x", "temp"]
    assert ["acc_x", "temp"] in [found[name] for name in found if name.startswith("scaled")]


def test_a_compound_array_has_a_column_a_field(path):
    """Numbers, words, small arrays in a row."""
    kinds = [("t", "<f8"), ("acc", "<f4", (3,)), ("state", "S3"), ("n", ">i4")]
    values = np.zeros(ROWS, kinds)
    values["t"], values["acc"][:, 1], values["state"], values["n"] = TS, ACC, b"on", range(ROWS)
    with h5py.File(path, "w") as file:
        file["log"] = values
        file["log"].attrs["fs"] = 10.0
    _, rows = the_table_in("hdf5", path)
    assert list(rows) == ["t", "acc.0", "acc.1", "acc.2", "state", "n"]
    np.testing.assert_array_equal(rows["acc.1"], ACC.astype(np.float32))
    assert rows["state"].tolist() == ["on"] * ROWS
    assert rows["n"].tolist() == list(range(ROWS))


def test_words_and_times_are_handed_on(path):
    """Of fixed and of various length."""
    times = np.datetime64("2026-03-01") + np.arange(ROWS) * np.timedelta64(100, "ms")
    with h5py.File(path, "w") as file:
        file.create_dataset("time", data=times.astype(h5py.opaque_dtype(times.dtype)))
        file["state"] = np.array(["läuft", "steht"] * 100, h5py.string_dtype())
        file["acc_x"] = ACC
    _, rows = the_table_in("hdf5", path)
    assert rows["state"].tolist() == ["läuft", "steht"] * 100
    np.testing.assert_array_equal(rows["time"].to_numpy("M8[ms]"), times)


@pytest.mark.parametrize(
    ("unit", "factor", "start"),
    [("ms", 1000, 0), ("s", 1, 0), ("seconds since 2026-03-01 12:00:00", 1, 1_772_366_400),
     ("hours since 2026-03-01T12:00:00", 1 / 3600, 1_772_366_400)],
)  # fmt: skip
def test_times_in_another_unit_become_seconds(path, unit, factor, start):
    """So that the rate is right."""
    with h5py.File(path, "w") as file:
        file["time"], file["acc_x"] = np.arange(ROWS) / 10 * factor, ACC
        file["time"].attrs["units"] = unit
    table, rows = the_table_in("hdf5", path)
    np.testing.assert_allclose(rows["time"] - start, np.arange(ROWS) / 10, atol=1e-6)
    assert (f"time in {unit}" in table.notes) is (unit != "s")


def test_packed_values_are_unpacked(path):
    """The conventions of netCDF: a factor, an offset, a value that means none."""
    with h5py.File(path, "w") as file:
        file["temp"] = np.array([0, 100, -999, 300], np.int16)
        file["temp"].attrs.update({"scale_factor": 0.1, "add_offset": 20.0, "_FillValue": -999})
    _, rows = the_table_in("hdf5", path)
    np.testing.assert_allclose(rows["temp"], [20, 30, np.nan, 50])


def pandas_frame(file, name, items=b"string"):
    """A frame as pandas writes it with ``format="fixed"``: blocks of one type."""
    group = file.create_group(name)
    group.attrs["pandas_type"] = np.bytes_(b"frame")
    group["axis0"], group["axis1"] = np.array([b"acc_x", b"temp", b"n"]), TIMES_NS // 1000
    group["axis1"].attrs["kind"] = np.bytes_(b"datetime64[us]")
    group["block0_items"] = np.array([b"acc_x", b"temp"])
    group["block0_items"].attrs["kind"] = np.bytes_(items)
    group["block0_values"] = np.column_stack([ACC, TEMP])
    group["block1_items"], group["block1_values"] = np.array([b"n"]), np.arange(ROWS)[:, None]
    objects = group.create_dataset("block2_values", (1,), h5py.vlen_dtype(np.uint8))
    objects[0] = np.frombuffer(pickle.dumps(["a"]), np.uint8)
    group["block2_items"] = np.array([b"state"])


def pandas_table(file, name):
    """A frame as pandas writes it with ``format="table"``: names of columns are pickled."""
    kinds = [("index", "<i8"), ("values_block_0", "<f8", (2,)), ("n", "<i8")]
    values = np.zeros(ROWS, kinds)
    values["index"], values["n"] = TIMES_NS, range(ROWS)
    values["values_block_0"] = np.column_stack([ACC, TEMP])
    group = file.create_group(name)
    group.attrs["pandas_type"] = np.bytes_(b"frame_table")
    table = group.create_dataset("table", data=values)
    table.attrs["index_kind"] = np.bytes_(b"datetime64")
    table.attrs["values_block_0_kind"] = np.bytes_(pickle.dumps(["acc_x", "temp"], 0))
    table.attrs["n_kind"] = np.bytes_(pickle.dumps(["n"], 0))
    group.create_group("_i_table")["sorted"] = np.zeros(500)


@pytest.mark.parametrize("write", [pandas_frame, pandas_table])
def test_a_frame_of_pandas_has_its_columns_and_its_times(path, write):
    """Without unpickling anything: Python objects are left out."""
    with h5py.File(path, "w") as file:
        write(file, "df")
    table, rows = the_table_in("hdf5", path)
    np.testing.assert_array_equal(rows[["acc_x", "temp"]].to_numpy().T, [ACC, TEMP])
    np.testing.assert_array_equal(rows["time"].to_numpy("M8[ns]").astype(np.int64) // 1000,
                                  TIMES_NS // 1000)  # fmt: skip
    assert list(rows) == ["time", "acc_x", "temp", "n"]
    objects = {"df.state": "Python objects, not unpickled"}
    assert table.left_out == (objects if write is pandas_frame else {})


def test_links_are_not_followed(path):
    """To another file, to themselves, in a circle; nor values that stand in another file."""
    with h5py.File(path.with_name("secret.h5"), "w") as other:
        other["x"] = ACC + 1000
    with h5py.File(path, "w") as file:
        file["acc_x"] = ACC
        file["soft"] = h5py.SoftLink("/acc_x")
        file["there"] = h5py.ExternalLink("secret.h5", "/x")
        group = file.create_group("group")
        group["up"] = file["/"]
        file["again"] = file["acc_x"]
        layout = h5py.VirtualLayout((ROWS,), "f8")
        layout[:] = h5py.VirtualSource("secret.h5", "x", (ROWS,))
        file.create_virtual_dataset("virtual", layout)
        file.create_dataset("raw", (ROWS,), "f8", external=[("secret.h5", 0, 8 * ROWS)])
    table, rows = the_table_in("hdf5", path)
    assert list(rows) == ["acc_x"]
    assert {name: why[:14] for name, why in table.left_out.items()} == {
        "soft": "a link to /acc", "there": "a link to secr", "group.up": "the same under",
        "again": "the same under", "virtual": "its values are", "raw": "its values are",
    }  # fmt: skip


def test_values_that_were_never_written_are_left_out(path):
    """A million million of them take no room in the file, and would fill any other."""
    with h5py.File(path, "w") as file:
        file["acc_x"] = ACC
        file.create_dataset("never", (10**12,), "f8", chunks=(1000,))
        file.create_dataset("hardly", (10**12,), "f8", chunks=(1000,))[:5] = 1
    table, rows = the_table_in("hdf5", path)
    assert list(rows) == ["acc_x"]
    assert table.left_out["never"] == "nothing was written"
    assert "8000 bytes are stored" in table.left_out["hardly"]


def test_rows_are_read_slice_by_slice(path):
    """In chunks of the same columns, and no more of them than asked for."""
    wave = np.arange(250_000.0)
    with h5py.File(path, "w") as file:
        file.create_dataset("x", data=wave, compression="gzip", chunks=(5000,))
        file["x"].attrs["fs"] = 1000.0
    [table] = hdf5.read(source_of(path), Hints())
    chunks = list(table.chunks)
    assert [len(chunk) for chunk in chunks] == [100_000, 100_000, 50_000]
    np.testing.assert_array_equal(np.concatenate([chunk["x"] for chunk in chunks]), wave)
    assert len(the_table_in("hdf5", path, limit_rows=7)[1]) == 7


@pytest.mark.parametrize("content", [b"", b"\x89HDF\r\n\x1a\n", b"ts,acc\n0,1\n", b"\0" * 600])
def test_what_is_no_hdf5_is_one_line(path, content):
    """Empty, a head alone, text."""
    path.write_bytes(content)
    with pytest.raises(SessionFileError, match=r"a\.h5") as refusal:
        tables_in("hdf5", path)
    assert len(str(refusal.value).splitlines()) == 1


def test_a_file_without_numbers_says_what_it_holds(path):
    """By name."""
    with h5py.File(path, "w") as file:
        file["note"] = "nothing"
        file.create_group("empty")
    with pytest.raises(SessionFileError, match=r"note \(one value, nothing\)"):
        tables_in("hdf5", path)
