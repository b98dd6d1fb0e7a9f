"""MATLAB files of version 7.3: HDF5, axes the other way round, structs and cells by reference."""

from __future__ import annotations

import h5py
import numpy as np

from tests.detector.sessions.recordings.test_matlab import ACC, TEMP, TS
from tests.support.sessions.reading import tables_in, the_table_in


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


def test_variables_of_one_length_are_one_table(tmp_path):
    """As in the older versions."""
    write_matlab_hdf5(tmp_path / "a.mat")
    table, rows = the_table_in("matlab", tmp_path / "a.mat")
    np.testing.assert_array_equal(rows[["ts", "acc_x", "temp"]].to_numpy().T, [TS, ACC, TEMP])
    assert (table.name, table.rate_hz, table.left_out) == ("", None, {})


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


def test_a_plain_hdf5_file_with_this_suffix_is_read(tmp_path):
    """Its axes stand as in any other HDF5 file."""
    with h5py.File(tmp_path / "a.mat", "w") as file:
        file["X"] = np.column_stack([ACC, TEMP])
    table, rows = the_table_in("matlab", tmp_path / "a.mat")
    np.testing.assert_array_equal(rows.to_numpy(), np.column_stack([ACC, TEMP]))
    assert table.notes == []


def test_a_struct_that_holds_itself_ends(tmp_path):
    """References may lead in a circle."""
    with h5py.File(tmp_path / "a.mat", "w", userblock_size=512) as file:
        data = file.create_group("data")
        data.attrs["MATLAB_class"] = np.bytes_("struct")
        matlab_array(data, "acc_x", ACC[:, None])
        matlab_array(data, "all", np.array([[data.ref]], h5py.ref_dtype), "cell")
    table, rows = the_table_in("matlab", tmp_path / "a.mat")
    assert list(rows) == ["acc_x"]
    assert table.left_out == {"data.all": "part of itself"}
