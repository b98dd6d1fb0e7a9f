"""MATLAB files as people save them: variables, structs, cells, of every version."""

from __future__ import annotations

import zlib

import h5py
import numpy as np
import pytest
import scipy.io
from scipy import sparse

from detector.errors import SessionFileError
from tests.support.reading import tables_in, the_table_in

ROWS = 200
ACC = np.sin(np.arange(ROWS) / 7)
TEMP = 20 + np.arange(ROWS) / 100
TS = 1_772_366_400 + np.arange(ROWS) / 10


def write_matlab(path):
    """200 rows of a time and two channels."""
    scipy.io.savemat(path, {"ts": TS, "acc_x": ACC, "temp": TEMP})


def write_matlab_hdf5(path, header=True):
    """The same as version 7.3: HDF5 behind a header of 512 bytes, axes the other way round."""
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, values in {"ts": TS, "acc_x": ACC, "temp": TEMP}.items():
            matlab_array(file, name, values[:, None])
    if header:
        with path.open("r+b") as file:
            file.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\x00\x02IM")


def matlab_array(group, name, values, kind="double"):
    """An array as MATLAB writes it to HDF5."""
    dataset = group.create_dataset(name, data=values.T)
    dataset.attrs["MATLAB_class"] = np.bytes_(kind)
    return dataset


def matlab_text(group, name, text):
    """Text as MATLAB writes it to HDF5: code units, one below the other."""
    matlab_array(group, name, np.array([[ord(letter) for letter in text]], np.uint16), "char")


@pytest.fixture
def saved(tmp_path):
    """Writes variables and gives the path."""

    def save(variables, **options):
        scipy.io.savemat(tmp_path / "a.mat", variables, **options)
        return tmp_path / "a.mat"

    return save


@pytest.mark.parametrize("write", [write_matlab, write_matlab_hdf5])
def test_variables_of_one_length_are_one_table(tmp_path, write):
    """In version 5 and in 7.3."""
    write(tmp_path / "a.mat")
    table, rows = the_table_in("matlab", tmp_path / "a.mat")
    assert set(rows) == {"ts", "acc_x", "temp"}
    np.testing.assert_array_equal(rows["acc_x"], ACC)
    np.testing.assert_array_equal(rows["ts"], TS)
    assert (table.name, table.rate_hz, table.left_out) == ("", None, {})


@pytest.mark.parametrize(
    "options", [{"format": "4"}, {"do_compression": True}, {"oned_as": "column"}]
)
def test_every_way_to_save_is_read(saved, options):
    """Version 4, packed, rows or columns."""
    _, rows = the_table_in("matlab", saved({"acc_x": ACC, "temp": TEMP}, **options))
    np.testing.assert_allclose(rows["temp"], TEMP)
    assert len(rows) == ROWS


def test_bearing_channels_keep_their_names_and_scalars_are_told(saved):
    """``X097_DE_time`` is a signal; the speed beside it is one value."""
    path = saved({"X097_DE_time": ACC[:, None], "X097_FE_time": TEMP[:, None], "X097RPM": 1796})
    table, rows = the_table_in("matlab", path)
    assert list(rows) == ["X097_DE_time", "X097_FE_time"]
    assert table.left_out == {"X097RPM": "one value, 1796"}
    assert table.rate_hz is None


def test_channels_of_different_lengths_are_different_tables(saved):
    """Two runs in one file, named by what their channels have in common."""
    runs = {"X098_DE_time": ACC, "X098_FE_time": TEMP, "X099_DE_time": ACC[:150]}
    tables = {table.name: rows for table, rows in tables_in("matlab", saved(runs))}
    assert {name: list(rows) for name, rows in tables.items()} == {
        "X098": ["X098_DE_time", "X098_FE_time"],
        "X099_DE_time": ["X099_DE_time"],
    }


@pytest.mark.parametrize(
    ("name", "value", "rate"),
    [
        ("fs", 12_000, 12_000), ("Fs", 25.6e3, 25_600), ("SampleRate", 100, 100),
        ("sampling_rate_hz", 50, 50), ("fs_kHz", 51.2, 51_200), ("dt", 0.001, 1000),
        ("Ts", 0.01, 100), ("dt_ms", 2, 500), ("sampling_frequency", 10, 10),
    ],
)  # fmt: skip
def test_a_scalar_tells_the_rate(saved, name, value, rate):
    """A rate or a spacing under the names in use, with or without a unit."""
    table, _ = the_table_in("matlab", saved({"acc_x": ACC, name: float(value)}))
    assert table.rate_hz == pytest.approx(rate)
    assert any(name in note for note in table.notes)
    assert name not in table.left_out


@pytest.mark.parametrize("name", ["rate", "freq", "rpm", "load", "fs_nominal", "period"])
def test_other_scalars_tell_no_rate(saved, name):
    """``rate`` is the shaft's in one published set of bearing data."""
    table, _ = the_table_in("matlab", saved({"acc_x": ACC, name: 25.0}))
    assert table.rate_hz is None
    assert table.left_out == {name: "one value, 25"}


def test_two_rates_that_differ_are_none(saved):
    """No guess which is right; both are named."""
    table, _ = the_table_in("matlab", saved({"acc_x": ACC, "fs": 100.0, "dt": 0.001}))
    assert table.rate_hz is None
    assert "fs = 100, dt = 0.001" in table.notes[0]


def test_a_struct_is_a_table_with_names_of_its_own(saved):
    """``data.time`` is the time; text beside it is left out."""
    data = {"time": TS, "acc_x": ACC, "fs": 10.0, "machine": "pump 3"}
    table, rows = the_table_in("matlab", saved({"data": data}))
    assert list(rows) == ["time", "acc_x"]
    assert table.rate_hz is None, "the times tell it"
    assert table.left_out == {"data.machine": "text"}


def test_the_rate_of_published_bearing_data_is_their_sr(saved):
    """Machinery Failure Prevention Technology: ``sr`` samples, ``rate`` turns the shaft."""
    bearing = {"sr": 97_656.0, "gs": ACC[:, None], "load": 270.0, "rate": 25.0}
    table, rows = the_table_in("matlab", saved({"bearing": bearing}))
    assert (table.rate_hz, list(rows)) == (97_656.0, ["gs"])
    assert table.left_out == {"bearing.load": "one value, 270", "bearing.rate": "one value, 25"}


def test_values_that_name_their_axis_find_their_times(saved):
    """The bearing data of Paderborn University: X and Y joined by their raster."""
    slow, fast = TS[::20], TS
    curves = {
        "Info": {"Date": "2014"},
        "X": struct_array([("Mech", slow), ("Fast", fast)], named="Raster"),
        "Y": struct_array([("speed", TEMP[::20], "Mech"), ("vibration_1", ACC, "Fast")]),
    }
    tables = tables_in("matlab", saved({"N15_M07": curves}))
    assert [list(rows) for _, rows in tables] == [["time", "speed"], ["time", "vibration_1"]]
    np.testing.assert_array_equal(tables[0][1]["time"], slow)
    np.testing.assert_array_equal(tables[1][1]["vibration_1"], ACC)


def struct_array(curves, named="Name"):
    """A struct array of curves: (name, values) or (name, values, raster)."""
    fields = [(named, object), ("Data", object), *([("Raster", object)] if named == "Name" else [])]
    array = np.empty((1, len(curves)), fields)
    for k, curve in enumerate(curves):
        array[0, k] = curve
    return array


def test_a_time_series_is_a_channel_named_by_its_struct(saved):
    """``Time`` and ``Data``; such with equal times stand in one table, others apart."""
    series = {
        "vib": {"Time": TS, "Data": ACC},
        "temp": {"Time": TS, "Data": TEMP},
        "other": {"Time": TS + 5, "Data": TEMP},
    }
    tables = [list(rows) for _, rows in tables_in("matlab", saved(series))]
    assert tables == [["time", "vib", "temp"], ["time", "other"]]


def test_logged_signals_have_labels_and_one_time(saved):
    """Simulink's structure with time."""
    signals = np.empty((1, 2), [("values", object), ("label", object)])
    signals[0, 0], signals[0, 1] = (ACC, "acc_x"), (TEMP, "temp")
    out = {"time": TS, "signals": signals}
    _, rows = the_table_in("matlab", saved({"out": out}))
    assert list(rows) == ["time", "acc_x", "temp"]


@pytest.mark.parametrize("turned", [False, True])
def test_a_matrix_has_a_channel_a_column_named_beside_it(saved, turned):
    """Names in a cell array; the longer side is the time whichever way it lies."""
    matrix = np.column_stack([ACC, TEMP, ACC + 1])
    names = np.array(["acc_x", "temp", "acc_y"], object)
    table, rows = the_table_in(
        "matlab", saved({"X": matrix.T if turned else matrix, "names": names})
    )
    assert list(rows) == ["acc_x", "temp", "acc_y"]
    np.testing.assert_array_equal(rows["temp"], TEMP)
    assert ("X: each row is a channel" in table.notes) is turned


def test_a_matrix_without_names_is_numbered(saved):
    """From 0, behind the name of the matrix."""
    _, rows = the_table_in("matlab", saved({"X": np.column_stack([ACC, TEMP])}))
    assert list(rows) == ["X.0", "X.1"]


def test_windows_side_by_side_are_no_channels(saved):
    """As a rule a matrix this wide is one of windows."""
    path = saved({"acc_x": ACC, "windows": np.zeros((150, 100)), "cube": np.zeros((5, 6, 7))})
    table, _ = the_table_in("matlab", path)
    assert table.left_out == {
        "windows": "150 x 100, too wide for channels side by side",
        "cube": "3 dimensions",
    }


def test_what_is_no_signal_is_left_out_and_named(saved):
    """Text, complex numbers, sparse ones, empty ones, a few parameters."""
    others = {"note": "ok", "z": ACC + 1j, "s": sparse.eye(3), "e": [], "gain": [1.0, 2.0]}
    table, rows = the_table_in("matlab", saved({"acc_x": ACC, **others}))
    assert list(rows) == ["acc_x"]
    assert table.left_out == {
        "s": "sparse", "note": "text", "z": "complex numbers", "e": "empty",
        "gain": "2 values beside 200",
    }  # fmt: skip


def test_whole_numbers_and_flags_are_kept(saved):
    """Raw counts of an analogue-digital converter are not scaled."""
    counts = np.arange(ROWS, dtype=np.int16) - 100
    _, rows = the_table_in("matlab", saved({"raw": counts, "on": counts > 0}))
    np.testing.assert_array_equal(rows["raw"], counts)
    np.testing.assert_array_equal(rows["on"], counts > 0)


def test_a_cell_array_of_signals_is_numbered(saved):
    """Signals of other lengths are another table."""
    cells = np.empty(3, object)
    cells[:] = [ACC, TEMP, ACC[:150]]
    tables = [list(rows) for _, rows in tables_in("matlab", saved({"c": cells}))]
    assert tables == [["c.0", "c.1"], ["c.2"]]


def test_days_since_the_year_0_are_times(saved):
    """MATLAB's ``datenum``, which read as seconds would be 86,400 times too fast."""
    days = 719_529 + TS / 86_400
    table, rows = the_table_in("matlab", saved({"time": days, "acc_x": ACC}))
    seconds = rows["time"].to_numpy("datetime64[us]").astype(np.int64) / 1e6
    np.testing.assert_allclose(seconds, TS, atol=1e-4)
    assert "datenum" in table.notes[0]


def test_the_only_rate_told_is_not_put_on_a_slower_channel(saved):
    """Unless ``--rate`` says that it holds for all."""
    path = saved({"acc": ACC, "temp": TEMP[:100], "fs": 100.0})
    table, rows = the_table_in("matlab", path)
    assert list(rows) == ["acc"]
    assert "its own rate is not told" in table.left_out["temp"]
    assert [list(rows) for _, rows in tables_in("matlab", path, rate_hz=100.0)] == [
        ["acc"],
        ["temp"],
    ]


def test_rows_are_limited(saved):
    """And given in chunks of the same columns."""
    _, rows = the_table_in("matlab", saved({"acc_x": ACC, "temp": TEMP}), limit_rows=7)
    np.testing.assert_array_equal(rows["temp"], TEMP[:7])


def test_structs_cells_and_text_are_read_in_version_7_3(tmp_path):
    """A group, references, code units; a table object is named."""
    with h5py.File(tmp_path / "a.mat", "w", userblock_size=512) as file:
        data = file.create_group("data")
        data.attrs["MATLAB_class"] = np.bytes_("struct")
        matlab_array(data, "X", np.column_stack([ACC, TEMP]))
        matlab_array(data, "fs", np.array([[10.0]]))
        matlab_text(data, "machine", "pump")
        hidden = file.create_group("#refs#")
        for k, name in enumerate(("acc_x", "temp")):
            matlab_text(hidden, f"n{k}", name)
        references = np.array([[hidden["n0"].ref], [hidden["n1"].ref]], h5py.ref_dtype)
        matlab_array(data, "names", references, "cell")
        matlab_array(file, "T", np.zeros((6, 1), np.uint32), "table")
    table, rows = the_table_in("matlab", tmp_path / "a.mat")
    assert list(rows) == ["acc_x", "temp"]
    np.testing.assert_array_equal(rows["temp"], TEMP)
    assert table.rate_hz == 10.0
    assert table.left_out["data.machine"] == "text"
    assert "a MATLAB table" in table.left_out["T"]
    assert table.notes == ["sampling rate from fs = 10"]


def test_a_struct_array_in_version_7_3_is_one_struct_an_element(tmp_path):
    """Each field is a dataset of references."""
    with h5py.File(tmp_path / "a.mat", "w", userblock_size=512) as file:
        hidden, runs = file.create_group("#refs#"), file.create_group("runs")
        runs.attrs["MATLAB_class"] = np.bytes_("struct")
        for name, shift in (("acc", 0), ("temp", 5)):
            parts = [matlab_array(hidden, f"{name}{k}", ACC[:, None] + k + shift) for k in (0, 1)]
            runs.create_dataset(name, data=np.array([[p.ref for p in parts]], h5py.ref_dtype))
    tables = {table.name: rows for table, rows in tables_in("matlab", tmp_path / "a.mat")}
    assert set(tables) == {"runs.0", "runs.1"}
    np.testing.assert_array_equal(tables["runs.1"]["temp"], ACC + 1 + 5)


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "empty"),
        (b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM", "no samples"),
        (b"# Created by Octave 8.4\n# name: x\n", "cannot be read"),
        (b"\x00" * 300, "MATLAB"),
        (b"ts,acc_x\n0,1\n", "cannot be read"),
    ],
)
def test_what_is_no_matlab_file_is_one_line(tmp_path, content, word):
    """Empty, without variables, of another program."""
    (tmp_path / "a.mat").write_bytes(content)
    with pytest.raises(SessionFileError, match=word) as refusal:
        tables_in("matlab", tmp_path / "a.mat")
    assert len(str(refusal.value).splitlines()) == 1


def test_sizes_that_the_file_cannot_hold_are_refused_before_room_is_made(tmp_path):
    """A header that tells of a million million numbers."""
    write_matlab(tmp_path / "a.mat")
    content = (tmp_path / "a.mat").read_bytes()
    sizes = np.array([1, ROWS], "<i4").tobytes()
    assert content.count(sizes) == 3
    broken = content.replace(sizes, np.array([2_000_000, 1_000_000], "<i4").tobytes())
    (tmp_path / "a.mat").write_bytes(broken)
    with pytest.raises(SessionFileError, match="2000000 x 1000000"):
        tables_in("matlab", tmp_path / "a.mat")


@pytest.mark.parametrize("packed", [False, True])
def test_a_value_of_no_known_type_is_refused(tmp_path, packed):
    """SciPy would take it as an index into what is not there, and end the process."""
    write_matlab(tmp_path / "a.mat")
    content = (tmp_path / "a.mat").read_bytes()
    tag = np.array([9, 8 * ROWS], "<u4").tobytes()  # of numbers of 64 bits
    assert content.count(tag) == 3
    broken = content.replace(tag, np.array([0xFF09, 8 * ROWS], "<u4").tobytes(), 1)
    if packed:
        body = zlib.compress(broken[128:])
        broken = broken[:128] + np.array([15, len(body)], "<u4").tobytes() + body
    (tmp_path / "a.mat").write_bytes(broken)
    with pytest.raises(SessionFileError, match="type 65289"):
        tables_in("matlab", tmp_path / "a.mat")
