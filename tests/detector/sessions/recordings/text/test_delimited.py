"""Delimited text: encodings, separators, numbers, rows that do not fit, and what is refused."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from detector.errors import SessionFileError
from detector.sessions.recordings.contract import Hints
from tests.detector.sessions.recordings.text.text_files import ROWS, plain, read_text

NAMED = ROWS.replace("temp", "Öl °C")


@pytest.mark.parametrize(
    ("codec", "mark", "said"),
    [
        ("utf-8", b"", ""), ("utf-8", b"\xef\xbb\xbf", ""), ("cp1252", b"", "Windows-1252"),
        ("utf-16-le", b"\xff\xfe", "UTF-16"), ("utf-16-be", b"\xfe\xff", "UTF-16"),
        ("utf-16-le", b"", "UTF-16"), ("utf-16-be", b"", "UTF-16"),
        ("utf-32-le", b"\xff\xfe\0\0", "UTF-32"),
    ],
)  # fmt: skip
def test_every_encoding_gives_the_same_rows(codec, mark, said, tmp_path):
    """With and without a byte order mark; the format says which."""
    table, rows = read_text(tmp_path, mark + NAMED.encode(codec))
    assert list(rows.columns) == ["ts", "acc", "Öl °C"]
    np.testing.assert_array_equal(rows.to_numpy(), plain().to_numpy())
    assert table.format.endswith(said or "','")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\r\r\n"])
def test_every_line_end_gives_the_same_rows(end, tmp_path):
    """Of Unix, Windows, old systems, and copied twice through Windows."""
    _, rows = read_text(tmp_path, ROWS.replace("\n", end).encode())
    pd.testing.assert_frame_equal(rows, plain())


@pytest.mark.parametrize("separator", [",", ";", "\t", "|", "   ", " ", ", ", " ; ", " | ", "\t "])
def test_every_separator_gives_the_same_rows(separator, tmp_path):
    """Also with blanks around it."""
    _, rows = read_text(tmp_path, ROWS.replace(",", separator))
    pd.testing.assert_frame_equal(rows, plain())


@pytest.mark.parametrize("quote", ['"', "'"])
def test_quoted_cells_give_the_same_rows(quote, tmp_path):
    """All of them, in either quotes."""
    lines = (line.split(",") for line in ROWS.splitlines())
    text = "".join(",".join(f"{quote}{cell}{quote}" for cell in line) + "\n" for line in lines)
    _, rows = read_text(tmp_path, text)
    pd.testing.assert_frame_equal(rows, plain())


def test_separators_and_line_ends_in_quotes_are_part_of_a_cell(tmp_path):
    """Neither parts a row, and the quote in a cell is written twice."""
    text = 'ts,"a, b",note\n1,2,"x, y"\n# left out\n2,3,"two\n# lines"\n3,4,"a ""b"""\n'
    _, rows = read_text(tmp_path, text)
    assert list(rows.columns) == ["ts", "a, b", "note"]
    assert list(rows["note"]) == ["x, y", "two\n# lines", 'a "b"']


@pytest.mark.parametrize("separator", [";", "\t", "   ", " | "])
def test_a_decimal_comma_is_read_and_said(separator, tmp_path):
    """Whatever separates cells."""
    text = ROWS.replace(",", separator).replace(".", ",")
    table, rows = read_text(tmp_path, text)
    pd.testing.assert_frame_equal(rows, plain())
    assert "decimal comma" in table.format


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (("1.234,5", "999,25", "-1.000.000,0"), (1234.5, 999.25, -1e6)),
        (("1,234.5", "999.25", "1,000,000"), (1234.5, 999.25, 1e6)),
        (("1'234.5", "999.5", "12'345.0"), (1234.5, 999.5, 12345.0)),
        (("1\u00a0234,5", "999,5", "1,0"), (1234.5, 999.5, 1.0)),
        (("1\u202f234,5", "999,5", "1,0"), (1234.5, 999.5, 1.0)),
        (("0,125", "1,250", "12,375"), (0.125, 1.25, 12.375)),
        (("1,5e-3", "2E3", "-,5"), (0.0015, 2000.0, -0.5)),
        (("+   1.5", "-   2.5", "+ 10.0"), (1.5, -2.5, 10.0)),
        (("998", "999", "1,001"), (998.0, 999.0, 1001.0)),
    ],
)
def test_numbers_are_read_as_they_are_meant(cells, numbers, tmp_path):
    """Thousands and decimals are told apart by the column itself."""
    beside = "0.5" if cells[-1] == "1,001" else "7"
    text = "ts;a\n" + "".join(f"{beside};{cell}\n" for cell in cells)
    _, rows = read_text(tmp_path, text)
    assert tuple(rows["a"]) == numbers


def test_a_column_with_points_beside_others_with_commas_keeps_its_points(tmp_path):
    """As where one program writes the time and another the values."""
    _, rows = read_text(tmp_path, "t;a\n1772366400.1;0,5\n1772366400.2;12,25\n1772366400.3;1,5\n")
    assert list(rows["t"]) == [1772366400.1, 1772366400.2, 1772366400.3]
    assert list(rows["a"]) == [0.5, 12.25, 1.5]


def test_words_among_numbers_leave_the_column_text_with_decimal_points(tmp_path):
    """What a word means is decided later, what a comma means is not."""
    _, rows = read_text(tmp_path, "t;a;state\n0;1,5;ready, 1,5\n1;Bad Input;off\n2;1.000,25;off\n")
    assert list(rows["a"]) == ["1.5", "Bad Input", "1000.25"]
    assert list(rows["state"]) == ["ready, 1,5", "off", "off"]


@pytest.mark.parametrize("cells", [("1.234", "2.345", "3.456"), ("1.234", "12", "3.456")])
def test_a_number_that_can_be_read_both_ways_is_refused(cells, tmp_path):
    """One line names the column, the number and both readings."""
    text = "t;rpm\n" + "".join(f"{n},5;{cell}\n" for n, cell in enumerate(cells))
    text = text if "12" not in cells else text.replace("12\n", "1200\n")
    with pytest.raises(SessionFileError, match=r"column rpm: 1.234 .* 1.234 or as 1234"):
        read_text(tmp_path, text)


def test_large_integers_keep_every_digit(tmp_path):
    """Nanoseconds since 1970 have more than a float64 has."""
    _, rows = read_text(tmp_path, "t,a\n1772366400123456789,1\n1772366400123456790,2\n")
    assert list(rows["t"]) == [1772366400123456789, 1772366400123456790]


def test_times_are_handed_as_times_and_everything_else_as_it_stands(tmp_path):
    """Dates alone, clocks and words for switches are text: what they mean is decided later."""
    _, rows = read_text(
        tmp_path,
        "iso,date,clock,on,day_first,a\n"
        "2026-03-01T12:00:00Z,2026-03-01,12:00:00,true,01.03.2026 12:00:00,1\n"
        "2026-03-01T13:00:00.5+01:00,2026-03-01,12:00:01,false,02.03.2026 12:00:00,2\n",
    )
    assert str(rows["iso"].dtype) == "datetime64[ns, UTC]"
    assert list(rows["iso"].diff().dt.total_seconds())[1] == 0.5
    assert list(rows["date"]) == ["2026-03-01"] * 2
    assert list(rows["clock"]) == ["12:00:00", "12:00:01"]
    assert list(rows["on"]) == ["true", "false"]
    assert list(rows["day_first"]) == ["01.03.2026 12:00:00", "02.03.2026 12:00:00"]


@dataclass(frozen=True)
class Refusal:
    """A file and what its refusal says."""

    content: str | bytes
    said: str


REFUSALS = {
    "nothing": Refusal(b"", "is empty"),
    "only blank lines": Refusal("\n  \n\n", "is empty"),
    "only a mark": Refusal(b"\xef\xbb\xbf", "is empty"),
    "only a header": Refusal("ts,acc\n", "no row of numbers"),
    "binary": Refusal(bytes(range(256)) * 20, "binary"),
    "a NUL in the middle": Refusal("ts,acc\n1,2\n2,\0 3\n3,4\n", "line 3: is binary"),
    "two encodings": Refusal(
        "ts,Öl\n1,2\n".encode() + b"2,\xb0\n", "line 3: byte 0xb0 is not UTF-8"
    ),
    "no header": Refusal("0.0,1.5\n0.1,1.6\n", "--columns"),
    "a header that is too short": Refusal("a,b\n1,5,2,5\n2,5,3,5\n", "line 1 has 2 names"),
    "one name too few": Refusal("a,b\n0,1,5\n1,1,6\n2,1,5\n", "line 1 has 2 names, found 3"),
    "a name twice": Refusal("ts,acc,acc\n1,2,3\n2,3,4\n", "two columns are named acc"),
    "a long row": Refusal("ts,a,b\n1,2,3\n1,2,3,4\n2,3,4\n", "line 3: found 4 values, allowed: 3"),
    "a short row": Refusal("ts,a,b\n1,2,3\n1,2,3\n2,3\n2,3,4\n", "line 4: found 2 values"),
    "a long row behind blank lines and comments": Refusal(
        "ts,a,b\n1,2,3\n\n# a note, of us\n\n1,2,3,4\n2,3,4\n", "line 6: found 4 values"
    ),
    "a long row behind quoted line ends": Refusal(
        'ts,a,b\n1,"x\ny",3\n1,2,3\n1,2,3,4\n2,3,4\n', "line 5: found 4 values"
    ),
    "a long first row": Refusal("ts,a\n1,2,3\n2,3\n3,4\n4,5\n", "line 2: found 3 values"),
    "only a comment with a number": Refusal("# ts 0\n", "no row of numbers"),
    "line ends in a cell": Refusal('ts,acc\n"a\nb",c\n', r"'a\\nb,c'"),
    "thousands or decimals": Refusal(
        "t;a\n0.5;1,234\n1.5;2345\n", "column a: 1,234 can be read as 1.234 or as 1234"
    ),
    "words": Refusal("Dear reader,\nthis is no table.\n", "no row of numbers"),
}  # fmt: skip


@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=REFUSALS)
def test_what_cannot_be_read_is_refused_in_one_line(refusal, tmp_path):
    """It names the file and what is wrong, with the line where there is one."""
    with pytest.raises(SessionFileError, match=refusal.said) as error:
        read_text(tmp_path, refusal.content)
    assert str(error.value).startswith("file.csv: ")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "names", "values"),
    [
        ("0.0,1.5\n0.1,1.6\n", ("ts", "acc"), [0.0, 1.5]),
        ("# made today\n0.0,1.5\n0.1,1.6\n", ("ts", "acc"), [0.0, 1.5]),
        ("Logger;7\n0,0;1,5;2\n0,1;1,6;3\n", ("ts", "acc", "n"), [0.0, 1.5, 2]),
        ("a,b\n0.0,1.5\n0.1,1.6\n", ("ts", "acc"), [0.0, 1.5]),
    ],
)
def test_told_names_are_taken(text, names, values, tmp_path):
    """Where the file has none, and instead of those that it has."""
    _, rows = read_text(tmp_path, text, Hints(columns=names))
    assert tuple(rows.columns) == names
    assert list(rows.iloc[0]) == values
    assert len(rows) == 2


@pytest.mark.parametrize("names", [("ts",), ("ts", "a", "b"), ("ts", "ts")])
def test_names_that_do_not_fit_are_refused(names, tmp_path):
    """Too few, too many, or one twice."""
    with pytest.raises(SessionFileError, match="--columns"):
        read_text(tmp_path, "0.0,1.5\n0.1,1.6\n", Hints(columns=names))


def test_a_first_row_with_more_values_is_taken_where_names_are_told(tmp_path):
    """As a rig writes it that adds its set points to the first row."""
    text = "0;0.88 ;0.90;0.5;0.7\n5e-005;0.89 ;0.91\n0.0001;0.87 ;0.92\n"
    table, rows = read_text(tmp_path, text, Hints(columns=("t", "x", "y")))
    assert list(rows["t"]) == [0.0, 5e-5, 1e-4]
    assert list(rows.iloc[0]) == [0.0, 0.88, 0.90]
    assert table.row_offset == 0
    assert any("line 1 has 5 values" in note for note in table.notes)


@pytest.mark.parametrize(
    ("end", "rows", "note"),
    [
        ("3.0,4.0", 3, None), ("3.0,4.0\n", 3, None), ("3.", 2, "cut off"),
        ("3.0,4.0\n5", 3, "cut off"),
        ("3.0,4.0\n" + "\0" * 5000, 3, "NUL"), ("3.0,4.0\n\x1a", 3, None),
        ("3.0,4.0\n,\n,\n", 3, "2 x row"),
        ("3.0,4.0\n\n(3 rows affected)\n", 3, "behind the last row"),
        ("3.0,4.0\n# end\n", 3, None),
    ],
)  # fmt: skip
def test_the_end_of_a_file_may_be_cut_or_padded(end, rows, note, tmp_path):
    """What is left out there is said."""
    table, found = read_text(tmp_path, "ts,acc\n1.0,2.0\n2.0,3.0\n" + end)
    assert len(found) == rows
    assert (not table.notes) if note is None else any(note in one for one in table.notes)


def test_a_row_of_units_gives_units(tmp_path):
    """With and without brackets."""
    table, rows = read_text(tmp_path, "time;acc;temp\n[s];(g);°C\n0,0;0,5;20,0\n0,1;0,6;20,1\n")
    assert table.units == {"time": "s", "acc": "g", "temp": "°C"}
    assert any("units" in note for note in table.notes)
    assert table.row_offset == 2
    assert len(rows) == 2


def test_units_that_nobody_knows_are_units_where_they_are_told_twice(tmp_path):
    """Names are not told twice."""
    table, rows = read_text(tmp_path, "t,x,y,z\ns,blips,blips,blips\n0,1,2,3\n1,2,3,4\n")
    assert list(rows.columns) == ["t", "x", "y", "z"]
    assert table.units["x"] == "blips"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("ts,acc,\n1,2,\n2,3,\n", ["ts", "acc"]),
        ("ts,acc\n1,2,\n2,3,\n", ["ts", "acc"]),
        ("ts,acc,\n1,2\n2,3\n", ["ts", "acc"]),
        ("ts,acc,,,\n1,2,,,\n2,3,,,\n", ["ts", "acc"]),
        (",ts,acc,\n0,1,2,\n1,2,3,\n", ["", "ts", "acc"]),
        ("| ts | acc |\n| 1 | 2 |\n| 2 | 3 |\n", ["", "ts", "acc"]),
    ],
)
def test_separators_at_the_ends_of_lines_make_no_columns(text, names, tmp_path):
    """Only a first column may be without a name: it may number the rows."""
    table, rows = read_text(tmp_path, text)
    assert list(rows.columns) == names
    assert list(rows["acc"]) == [2, 3]
    assert not table.left_out


def test_a_later_column_without_a_name_is_left_out_and_said(tmp_path):
    """Unless it is empty."""
    table, rows = read_text(tmp_path, "ts,acc,\n1,2,7\n2,3,8\n")
    assert list(rows.columns) == ["ts", "acc"]
    assert table.left_out == {"column 3": "has no name"}


def test_a_logger_that_starts_again_writes_its_lines_again(tmp_path):
    """They are no rows, wherever they stand."""
    part = "Logger: LX\nStart, today\n\ntime,acc\ns,g\n0.0,1.5\n0.1,1.6\n"
    table, rows = read_text(tmp_path, part * 3)
    assert list(rows["acc"]) == [1.5, 1.6] * 3
    assert any("2 x repeated header" in note for note in table.notes)
