"""MATLAB files as people save them: variables, structs, cells, of every version."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.io
from scipy import sparse

from tests.support.sessions.reading import tables_in, the_table_in

ROWS = 200
ACC = np.sin(np.arange(ROWS) / 7)
TEMP = 20 + np.arange(ROWS) / 100
TS = 1_772_366_400 + np.arange(ROWS) / 10


def write_matlab(path):
    """200 rows of a time and two channels."""
    scipy.io.savemat(path, {"ts": TS, "acc_x": ACC, "temp": TEMP})


@pytest.fixture
def saved(tmp_path):
    """Writes variables and gives the path."""

    def save(variables, **options):
        scipy.io.savemat(tmp_path / "a.mat", variables, **options)
        return tmp_path / "a.mat"

    return save


def test_variables_of_one_length_are_one_table(tmp_path):
    """In the order of the file."""
    write_matlab(tmp_path / "a.mat")
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
