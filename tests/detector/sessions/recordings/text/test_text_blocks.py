"""Delimited text in blocks: borders change nothing, memory is bounded, annotated tables follow."""

from __future__ import annotations

import io

import pandas as pd
import pytest

from detector.errors import SessionFileError
from detector.sessions.recordings import delimited
from detector.sessions.recordings.contract import Hints
from detector.sessions.recordings.delimited import read
from tests.detector.sessions.recordings.text.text_files import ROWS, plain, read_text, source_of


def small_blocks(monkeypatch):
    """Blocks of some ten lines, with the first of them decided by as many."""
    monkeypatch.setattr(delimited, "_SNIFFED", 300)
    monkeypatch.setattr(delimited, "_LEAST", 200)
    monkeypatch.setattr(delimited, "_ROWS", 8)
    monkeypatch.setattr("detector.sessions.recordings.text.encoding._HEAD", 64)


def test_blocks_part_rows_but_change_nothing(monkeypatch, tmp_path):
    """Every chunk has the same columns, and together they are the file."""
    small_blocks(monkeypatch)
    text = ROWS + ROWS.split("\n", 1)[1] * 20
    (table,) = read(source_of(tmp_path, text), Hints())
    chunks = list(table.chunks)
    assert len(chunks) > 10
    assert {tuple(chunk.columns) for chunk in chunks} == {("ts", "acc", "temp")}
    whole = pd.read_csv(io.StringIO(text))
    pd.testing.assert_frame_equal(pd.concat(chunks, ignore_index=True), whole)


def test_a_quoted_line_end_at_the_end_of_a_block_parts_no_row(monkeypatch, tmp_path):
    """Whatever falls on the border."""
    small_blocks(monkeypatch)
    text = "ts,note\n" + "".join(f'{n},"a{"a" * (n % 7)}\n{n}"\n' for n in range(200))
    _, rows = read_text(tmp_path, text)
    assert list(rows["note"]) == [f"a{'a' * (n % 7)}\n{n}" for n in range(200)]


def test_a_word_far_behind_makes_text_of_its_own_chunk_alone(monkeypatch, tmp_path):
    """The column keeps its name and its numbers."""
    small_blocks(monkeypatch)
    body = ROWS.split("\n", 1)[1]
    (table,) = read(source_of(tmp_path, ROWS + body * 5 + "9.0,Bad Input,1.0\n" + body), Hints())
    kinds = [pd.api.types.is_numeric_dtype(chunk["acc"]) for chunk in table.chunks]
    assert kinds[0]
    assert kinds.count(False) == 1


def test_a_line_that_does_not_fit_is_named_far_behind_too(monkeypatch, tmp_path):
    """By its number in the file, with blank lines and comments counted."""
    small_blocks(monkeypatch)
    text = ROWS + "\n# note\n" + ROWS.split("\n", 1)[1] * 5 + "1,2\n" + ROWS.split("\n", 1)[1]
    with pytest.raises(SessionFileError, match=f"line {text.split(chr(10)).index('1,2') + 1}: "):
        read_text(tmp_path, text)


def test_a_byte_of_windows_far_behind_ascii_is_read(monkeypatch, tmp_path):
    """The beginning fits both, so nothing was decided yet."""
    small_blocks(monkeypatch)
    text = "ts,note\n" + "1,a\n" * 500
    table, rows = read_text(tmp_path, text.encode() + "2,°C\n".encode("cp1252"))
    assert rows["note"].iloc[-1] == "°C"
    assert table.format.endswith("Windows-1252")


@pytest.mark.parametrize("size", range(60, 75))
def test_a_character_on_the_border_of_two_blocks_is_read(size, monkeypatch, tmp_path):
    """Its bytes come apart."""
    small_blocks(monkeypatch)
    monkeypatch.setattr("detector.sessions.recordings.text.encoding._HEAD", size)
    _, rows = read_text(tmp_path, "ts,note\n" + "1,°µΩ\n" * 300)
    assert set(rows["note"]) == {"°µΩ"}


@pytest.mark.parametrize("size", [10, 11, 12])
def test_a_byte_of_windows_at_the_end_of_a_block_is_read(size, monkeypatch, tmp_path):
    """It could have been the first of two of UTF-8."""
    small_blocks(monkeypatch)
    monkeypatch.setattr("detector.sessions.recordings.text.encoding._HEAD", size)
    _, rows = read_text(tmp_path, ("ts,note\n1,ä\n" + "2,b\n" * 50).encode("cp1252"))
    assert rows["note"].iloc[0] == "ä"


@pytest.mark.parametrize("limit", [1, 5, 40, 1000])
def test_no_more_rows_than_asked_for(limit, tmp_path):
    """Of the first ones."""
    _, rows = read_text(tmp_path, ROWS, Hints(limit_rows=limit))
    pd.testing.assert_frame_equal(rows, plain().head(limit))


class Watched(io.FileIO):
    """A file that remembers how it was read."""

    def __init__(self, path):
        super().__init__(path)
        self.most, self.seeks = 0, 0

    def read(self, size=-1):
        """Remember the most that was asked for at once."""
        content = super().read(size)
        self.most = max(self.most, len(content))
        return content

    def seek(self, *args):
        """Count."""
        self.seeks += 1
        return super().seek(*args)


def test_a_file_is_read_once_from_the_start_to_the_end_in_parts(monkeypatch, tmp_path):
    """So its position tells how far it is."""
    source = source_of(tmp_path, ROWS + ROWS.split("\n", 1)[1] * 2000)
    watched = Watched(source.path)
    monkeypatch.setattr(delimited, "_MOST", 1 << 18)
    (table,) = read(type(source)(source.name, source.path, ".csv", None, lambda: watched), Hints())
    for _ in table.chunks:
        assert watched.tell() > 0
    assert watched.closed or watched.tell() == source.size
    assert watched.most <= 1 << 18
    assert watched.seeks == 0


INFLUX = (
    "#group,false,false,true,false,true\r\n#datatype,string,long,dateTime:RFC3339,double,string\r\n"
    "#default,_result,,,,\r\n,result,table,_time,_value,_field\r\n"
)


def influx(field, times):
    """Rows of one series."""
    return "".join(f",,0,2026-03-01T12:00:0{t}Z,{t}.5,{field}\r\n" for t in times)


def test_annotated_tables_with_the_same_columns_are_one(tmp_path):
    """Each has its own annotations and header."""
    text = INFLUX + influx("a", range(5)) + "\r\n" + INFLUX + influx("b", range(5)) + "\r\n"
    table, rows = read_text(tmp_path, text)
    assert list(rows["_field"]) == ["a"] * 5 + ["b"] * 5
    assert list(rows["_value"]) == [t + 0.5 for t in range(5)] * 2
    assert table.format == "InfluxDB annotated CSV, separated by ','"


@pytest.mark.parametrize("is_used_up", [True, False])
def test_annotated_tables_with_other_columns_are_others(is_used_up, tmp_path):
    """Also where all are asked for before any is used."""
    other = INFLUX.replace("_field", "host") + influx("m1", range(3))
    tables = read(source_of(tmp_path, INFLUX + influx("a", range(5)) + "\r\n" + other), Hints())
    tables = [(t, list(t.chunks)) for t in tables] if is_used_up else list(tables)
    frames = [pd.concat(t[1] if is_used_up else list(t.chunks)) for t in tables]
    assert [list(frame.columns)[-1] for frame in frames] == ["_field", "host"]
    assert [len(frame) for frame in frames] == [5, 3]


@pytest.mark.parametrize("size", range(200, 320, 5))
def test_annotations_on_the_border_of_a_block_are_no_rows(size, monkeypatch, tmp_path):
    """Wherever it falls."""
    small_blocks(monkeypatch)
    monkeypatch.setattr(delimited, "_LEAST", size)
    heads = (INFLUX, INFLUX.replace("_field", "host"))
    text = "\r\n".join(heads[n % 2] + influx(f"f{n}", range(n % 5 + 1)) for n in range(30))
    tables = [pd.concat(list(table.chunks)) for table in read(source_of(tmp_path, text), Hints())]
    assert [len(rows) for rows in tables] == [n % 5 + 1 for n in range(30)]
    assert [rows.columns[-1] for rows in tables] == ["_field", "host"] * 15


def test_an_annotated_row_of_another_width_is_named_by_its_line(tmp_path):
    """Of the file, not of its table."""
    text = (
        INFLUX + influx("a", range(5)) + "\r\n" + INFLUX + influx("b", range(3)) + ",,1,2\r\n" * 2
    )
    with pytest.raises(SessionFileError, match="line 18: found 4 values, allowed: 6"):
        read_text(tmp_path, text)
