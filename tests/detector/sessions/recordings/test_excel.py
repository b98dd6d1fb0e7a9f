"""Spreadsheets: sheets, headings, and cells that are times."""

from __future__ import annotations

import datetime as dt
import io
import zipfile

import pandas as pd
import pytest

from detector.errors import SessionFileError
from detector.sessions.recordings.contract import NO_HINTS, Hints
from tests.support.sessions.recordings import sample_tables, write_sheet

HEAD, DATA = ["ts", "acc_x", "temp"], [[0.0, 1.5, 20], [0.1, 1.6, 21], [0.2, 1.7, 22]]


def read(tmp_path, rows, hints=NO_HINTS, **more):
    """The only table of a workbook with these rows."""
    write_sheet(tmp_path / "a.xlsx", rows, **more)
    [(table, found)] = sample_tables(tmp_path / "a.xlsx", hints)
    return table, found


def test_what_stands_above_the_header_is_skipped_and_told(tmp_path):
    """Rows of a logger, some of them with numbers, and empty ones."""
    above = [["Logger X1"], ["Rate", 10], [], ["Serial", "A-7", "Ltd"]]
    table, rows = read(tmp_path, [*above, HEAD, *DATA])
    assert rows.to_dict("list") == pd.DataFrame(DATA, columns=HEAD).to_dict("list")
    assert table.notes == ["skipped 3 rows before the header"]
    assert table.row_offset == 5


@pytest.mark.parametrize(
    "units", [["s", "g", "°C"], ["[s]", "[m/s²]", "[degC]"], [None, "(g)", None]]
)
def test_a_row_of_units_stands_under_the_header(tmp_path, units):
    """In brackets or not."""
    table, rows = read(tmp_path, [HEAD, units, *DATA])
    bare = {name: unit.strip("[]()") for name, unit in zip(HEAD, units, strict=True) if unit}
    assert table.units == bare
    assert rows["acc_x"].tolist() == [1.5, 1.6, 1.7]
    assert "units" in table.notes[0]


def test_sheets_without_numbers_are_left_out_and_named(tmp_path):
    """Wherever they stand; of two with numbers each has its name."""
    words = [["Made by hand"], ["nothing here"]]
    table, _ = read(tmp_path, words, title="About", more=[("Run", [HEAD, *DATA]), ("End", words)])
    assert table.left_out.keys() == {"About", "End"}
    assert table.name == ""
    write_sheet(tmp_path / "b.xlsx", [HEAD, *DATA], title="Run 1", more=[("Run 2", [HEAD, *DATA])])
    assert [table.name for table, _ in sample_tables(tmp_path / "b.xlsx")] == ["Run 1", "Run 2"]


def test_cells_keep_their_type(tmp_path):
    """Dates, times of day, spans in seconds, True, words and what is empty."""
    when = dt.datetime(2026, 3, 1, 12, 0, 0, 100_000)
    rows = [
        ["when", "day", "clock", "span", "ok", "state", "x"],
        [when, dt.date(2026, 3, 1), dt.time(12, 0, 1), dt.timedelta(hours=30), True, "run", 1],
        [when, dt.date(2026, 3, 2), dt.time(12, 0, 2), dt.timedelta(hours=31), False, None, "Bad"],
        [when, dt.date(2026, 3, 3), dt.time(12, 0, 3), dt.timedelta(hours=32), True, "run", None],
    ]
    _, found = read(tmp_path, rows)
    assert found["when"].tolist() == [pd.Timestamp(when)] * 3
    assert found["day"].tolist() == [pd.Timestamp(2026, 3, day) for day in (1, 2, 3)]
    assert found["clock"].tolist() == ["12:00:01", "12:00:02", "12:00:03"]
    assert found["span"].tolist() == [108000, 111600, 115200]
    assert found["ok"].tolist() == [1, 0, 1]
    assert found["x"].tolist()[:2] == ["1", "Bad"]
    assert found[["state", "x"]].isna().to_numpy().tolist() == [
        [False, False],
        [True, False],
        [False, True],
    ]


def test_columns_without_a_name(tmp_path):
    """An empty one is dropped, one is nameless, of several each has its letter."""
    _, rows = read(
        tmp_path, [[None, *HEAD, None], *([k, *row, None] for k, row in enumerate(DATA))]
    )
    assert list(rows) == ["", *HEAD]
    _, rows = read(tmp_path, [[*HEAD, None, None], *([*row, 1, 2] for row in DATA)])
    assert list(rows) == [*HEAD, "column D", "column E"]


def test_empty_rows_are_no_samples(tmp_path):
    """Between others or at the end."""
    _, rows = read(tmp_path, [HEAD, *DATA, [], [0.3, 1.8, 23], [], []])
    assert rows["ts"].tolist() == [0.0, 0.1, 0.2, 0.3]


def test_numbers_of_text_are_data(tmp_path):
    """As instruments of some countries write them; their meaning is decided later."""
    _, rows = read(
        tmp_path, [HEAD, ["01.03.2026 12:00:00", "1,5", 20], ["01.03.2026 12:00:01", "1,6", 20]]
    )
    assert rows["acc_x"].tolist() == ["1,5", "1,6"]


def test_names_told_are_those_of_a_sheet_without_any(tmp_path):
    """As many as there are columns."""
    _, rows = read(tmp_path, DATA, Hints(columns=("ts", "a", "b")))
    assert list(rows) == ["ts", "a", "b"]
    assert len(rows) == 3


@pytest.mark.parametrize(
    ("rows", "hints", "line"),
    [
        (DATA, NO_HINTS, "a.xlsx, sheet Sheet: no names above the rows, allowed: --columns with 3"),
        (DATA, Hints(columns=("a", "b")), "2 names for 3 columns"),
        ([["ts", "x", "x"], *DATA], NO_HINTS, "two columns are called x"),
        ([["only", "words"]], NO_HINTS, "a.xlsx: no row of numbers, found sheets Sheet"),
        ([], NO_HINTS, "a.xlsx: no row of numbers"),
    ],
)
def test_what_is_no_table_gets_one_line(tmp_path, rows, hints, line):
    """It names the file and the sheet."""
    with pytest.raises(SessionFileError, match=line):
        read(tmp_path, rows, hints)


def test_a_workbook_that_is_a_bomb_is_refused(tmp_path):
    """Before the library unpacks it."""
    made = io.BytesIO()
    write_sheet(tmp_path / "a.xlsx", [HEAD, *DATA])
    with (
        zipfile.ZipFile(tmp_path / "a.xlsx") as whole,
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as bomb,
    ):
        for name in whole.namelist():
            spaces = b" " * (100 << 20) if name.endswith("sheet1.xml") else b""
            bomb.writestr(name, whole.read(name) + spaces)
    (tmp_path / "a.xlsx").write_bytes(made.getvalue())
    with pytest.raises(SessionFileError, match=r"a.xlsx: unpacks to more than 67 MB"):
        sample_tables(tmp_path / "a.xlsx")


def test_an_old_workbook_that_holds_none_is_refused(tmp_path):
    """What begins like one; a workbook with a password looks so too."""
    (tmp_path / "a.xls").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4000))
    with pytest.raises(SessionFileError, match=r"a.xls: no whole workbook"):
        sample_tables(tmp_path / "a.xls")
