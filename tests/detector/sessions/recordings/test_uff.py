"""Universal files: time responses as text and binary; names, units, rates; what is no signal."""

from __future__ import annotations

import numpy as np
import pytest
import pyuff

from detector.errors import SessionFileError
from tests.support.sessions.reading import tables_in, the_table_in

ROWS = 200
ACC = np.sin(np.arange(ROWS) / 7)
TEMP = 20 + np.arange(ROWS) / 100


def write_uff(path):
    """200 rows of two channels at 10 Hz with names and units."""
    save(path, response(ACC, id1="acc_x", unit="g"), response(TEMP, id1="temp", unit="degC"))


def response(values, step=0.1, even=1, unit="NONE", **fields):
    """A time response as a data set 58."""
    made = {
        "type": 58, "func_type": 1, "rsp_node": 0, "rsp_dir": 0, "ref_node": 0, "ref_dir": 0,
        "data": values, "x": np.arange(len(values)) * step, "id1": "NONE", "binary": 0,
        "rsp_ent_name": "NONE", "ref_ent_name": "NONE", "abscissa_spacing": even,
        "abscissa_spec_data_type": 17, "ordinate_spec_data_type": 12,
        "ordinate_axis_units_lab": unit, "orddenom_spec_data_type": 0,
    }  # fmt: skip
    return made | fields


def save(path, *sets):
    """Write data sets one after the other."""
    pyuff.UFF(str(path)).write_sets(list(sets), "add")  # overwriting loses the head of binary sets


@pytest.mark.parametrize("binary", [0, 1])
@pytest.mark.parametrize("even", [0, 1])
def test_time_responses_of_one_length_are_one_table(tmp_path, binary, even):
    """Text or binary, with a spacing or with times of their own."""
    sets = [
        response(values, id1=name, binary=binary, even=even)
        for name, values in (("acc_x", ACC), ("temp", TEMP))
    ]
    save(tmp_path / "a.uff", *sets)
    table, rows = the_table_in("uff", tmp_path / "a.uff")
    np.testing.assert_allclose(rows[["acc_x", "temp"]].to_numpy().T, [ACC, TEMP], atol=1e-9)
    assert table.rate_hz == (10.0 if even else None)
    assert list(rows) == (["acc_x", "temp"] if even else ["time", "acc_x", "temp"])
    if not even:
        np.testing.assert_allclose(rows["time"], np.arange(ROWS) / 10, rtol=1e-5)


def test_units_are_told(tmp_path):
    """By the label of the axis."""
    write_uff(tmp_path / "a.uff")
    assert the_table_in("uff", tmp_path / "a.uff")[0].units == {"acc_x": "g", "temp": "degC"}


@pytest.mark.parametrize("rate", [44_100, 51_200, 204_800, 25_600, 12_000, 100, 3, 1_000_000])
def test_a_rounded_spacing_gives_the_rate_it_was_made_of(tmp_path, rate):
    """The file has five digits of it behind the first."""
    save(tmp_path / "a.uff", response(ACC, step=1 / rate))
    assert the_table_in("uff", tmp_path / "a.uff")[0].rate_hz == rate


def test_a_rate_that_is_no_whole_number_is_left_as_it_is(tmp_path):
    """To the digits of the file."""
    save(tmp_path / "a.uff", response(ACC, step=1 / 12.8))
    rate = the_table_in("uff", tmp_path / "a.uff")[0].rate_hz
    assert rate == pytest.approx(12.8, rel=1e-5)
    assert rate != 13


def test_channels_of_one_title_are_named_by_their_points(tmp_path):
    """Node and direction; the part's name in front where there is one."""
    sets = [
        response(ACC, id1="Run 7", rsp_node=12, rsp_dir=3),
        response(ACC, id1="Run 7", rsp_node=12, rsp_dir=-1),
        response(ACC, id1="Run 7", rsp_node=13, rsp_dir=0, rsp_ent_name="PUMP"),
    ]
    save(tmp_path / "a.uff", *sets)
    assert list(the_table_in("uff", tmp_path / "a.uff")[1]) == ["12+Z", "12-X", "PUMP:13"]


def test_channels_without_names_and_points_are_told_apart(tmp_path):
    """By a number."""
    save(tmp_path / "a.uff", response(ACC, id1="Run 7"), response(TEMP, id1="Run 7"))
    assert list(the_table_in("uff", tmp_path / "a.uff")[1]) == ["Run 7", "Run 7.2"]


def test_other_lengths_and_rates_are_other_tables(tmp_path):
    """Named by their channels."""
    sets = [
        response(ACC, id1="a"), response(TEMP[:50], id1="b"), response(TEMP, step=0.01, id1="c"),
    ]  # fmt: skip
    save(tmp_path / "a.uff", *sets)
    tables = [(t.name, t.rate_hz, len(rows)) for t, rows in tables_in("uff", tmp_path / "a.uff")]
    assert tables == [("a", 10.0, 200), ("b", 10.0, 50), ("c", 100.0, 200)]


def test_the_third_line_tells_when_it_was_made(tmp_path):
    """Taken as UTC, and said."""
    save(tmp_path / "a.uff", response(ACC, id3="01-Mar-26 12:00:00"))
    table, _ = the_table_in("uff", tmp_path / "a.uff")
    assert table.first == 1_772_366_400
    assert "taken as UTC" in table.notes[0]


def test_what_is_no_time_response_is_left_out_and_named(tmp_path):
    """A spectrum, a complex frequency response, geometry."""
    sets = [
        response(ACC, id1="acc_x"),
        response(ACC, id1="psd", func_type=9),
        response(ACC + 1j, id1="frf", func_type=4),
        response(ACC + 1j, id1="analytic"),
        {"type": 151, "model_name": "m", "description": "d", "db_app": "a", "program": "p"},
    ]
    save(tmp_path / "a.uff", *sets)
    table, rows = the_table_in("uff", tmp_path / "a.uff")
    assert list(rows) == ["acc_x"]
    assert table.left_out == {
        "data set 151": "not a function (58)",
        "psd": "a power spectral density (function type 9)",
        "frf": "a frequency response (function type 4)",
        "analytic": "complex numbers",
    }


@pytest.mark.parametrize("binary", [0, 1])
def test_a_set_with_fewer_values_than_told_is_refused(tmp_path, binary):
    """Where the file was cut off and closed again."""
    save(tmp_path / "a.uff", response(ACC, id1="acc_x", binary=binary))
    content = (tmp_path / "a.uff").read_bytes()
    (tmp_path / "a.uff").write_bytes(content[:-1200] + b"\n    -1\n")
    with pytest.raises(SessionFileError, match=r"200 told|cannot be read"):
        tables_in("uff", tmp_path / "a.uff")


def test_a_set_that_does_not_end_is_left_out_and_said(tmp_path):
    """What is whole before it is read."""
    write_uff(tmp_path / "a.uff")
    (tmp_path / "a.uff").write_bytes((tmp_path / "a.uff").read_bytes()[:-1200])
    table, rows = the_table_in("uff", tmp_path / "a.uff")
    assert list(rows) == ["acc_x"]
    assert any("cut off" in note for note in table.notes)


@pytest.mark.parametrize("content", [b"", b"junk\n", b"    -1\n    58\n    -1\n", b"\0" * 99])
def test_what_is_no_universal_file_is_one_line(tmp_path, content):
    """Empty, text, a set without a body."""
    (tmp_path / "a.uff").write_bytes(content)
    with pytest.raises(SessionFileError, match=r"a\.uff") as refusal:
        tables_in("uff", tmp_path / "a.uff")
    assert len(str(refusal.value).splitlines()) == 1
