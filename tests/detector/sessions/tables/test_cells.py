"""Cells as files have them: numbers as text, words for none, decimal commas, groups of three."""

import numpy as np
import pandas as pd
import pytest

from detector.errors import SessionFileError
from detector.sessions.recordings.contract import Hints
from tests.support.sessions.tables import ACC, ROWS, TS, N, frame, read, read_one

LARGE = 1000 + ROWS * 7.5
GERMAN = str.maketrans(",.", ".,")


def texts(numbers, form="{}"):
    """Numbers as a column of text."""
    return [form.format(number) for number in numbers]


NUMBERS = {
    "text": (texts(ACC), ACC),
    "with blanks": (texts(ACC, " {} "), ACC),
    "decimal comma": ([t.replace(".", ",") for t in texts(ACC)], ACC),
    "comma for thousands": (texts(LARGE, "{:,.1f}"), LARGE),
    "point for thousands": ([t.translate(GERMAN) for t in texts(LARGE, "{:,.1f}")], LARGE),
    "point for thousands, none behind the comma": (
        ["0,5", *(t.translate(GERMAN) for t in texts(LARGE[1:], "{:,.0f}"))],
        np.r_[0.5, [float(f"{v:.0f}") for v in LARGE[1:]]],
    ),
    "gaps for thousands": ([t.replace(",", "\u202f") for t in texts(LARGE, "{:,.1f}")], LARGE),
    "apostrophes": ([t.replace(",", "'") for t in texts(LARGE, "{:,.1f}")], LARGE),
    "millions": (texts(999_900 + ROWS, "{:,}"), 999_900 + ROWS),
    "exponents": (texts(ACC, "{:e}"), ACC),
    "a minus of typesetters": ([t.replace("-", "\u2212") for t in texts(ACC)], ACC),
    "switches": (["on", "OFF"] * (N // 2), 1 - ROWS % 2),
    "flags": (ROWS % 2 == 0, 1 - ROWS % 2),
    "whole numbers with holes": (
        pd.array([None, *ROWS[1:]], dtype="Int64"), np.r_[np.nan, ROWS[1:]]
    ),
    "objects": (pd.Series([None, *ACC[1:]], dtype=object), np.r_[np.nan, ACC[1:]]),
}  # fmt: skip


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_are_read_however_written(name):
    """In float32, missing ones NaN."""
    cells, expected = NUMBERS[name]
    found, stretch = read_one(frame(v=cells))
    assert found.features == ("acc", "v")
    np.testing.assert_allclose(stretch.values[:, 1], expected, rtol=1e-6)


def test_a_comma_that_may_mean_both_is_never_guessed():
    """Unless another column or the reader tells what it means."""
    cells = texts(LARGE, "{:,.0f}")
    with pytest.raises(SessionFileError, match="column v: found numbers such as 1,234"):
        read(frame(v=cells))
    other = [t.replace(".", ",") for t in texts(ACC)]
    _, stretch = read_one(frame(v=cells, w=other))
    assert stretch.values[1, 1] == np.float32(1.008)
    _, stretch = read_one(frame(v=cells, w=texts(LARGE, "{:,.1f}")))
    assert stretch.values[1, 1] == 1008
    _, stretch = read_one(frame(v=cells), format="CSV, separated by ';', decimal comma")
    assert stretch.values[1, 1] == np.float32(1.008)


def test_a_column_with_both_marks_is_refused():
    """One of them is wrong."""
    with pytest.raises(SessionFileError, match="both a decimal comma and a decimal point"):
        read(frame(v=["1,5"] * 100 + ["1.25"] * 100))


def spoiled(*words, every=40):
    """Numbers as text, some of them other words."""
    cells = texts(ACC)
    for place in range(0, N, every):
        cells[place] = words[place // every % len(words)]
    return cells


@pytest.mark.parametrize("word", ["Bad Input", "I/O Timeout", "#REF!", "inf", "-Infinity", "1e999"])
def test_bad_cells_are_missing_counted_and_told(word):
    """In the file's own words."""
    found, stretch = read_one(frame(v=spoiled(word)))
    assert np.isnan(stretch.values[::40, 1]).all()
    assert np.isnan(stretch.values).sum() == 5
    [note] = found.notes
    assert note.startswith("v: 5 cells without a number")
    assert word in note or "inf" in note


def test_too_many_bad_cells_are_refused_with_the_first():
    """More than one in twenty; lines of the file, where it has any."""
    first = r"first 'ERR' in line 4, 'low' in line 14, 'ERR' in line 24; allowed"
    line = rf"v: 20 of 200 cells are no number, {first}"
    with pytest.raises(SessionFileError, match=line):
        read(frame(v=spoiled("ERR", "low", every=10)), row_offset=3)


@pytest.mark.parametrize("word", ["", "NaN", "null", "-", "N/A", "No Data", "unavailable", None])
def test_words_for_missing_are_missing_at_any_share(word):
    """Nine of ten rows of a slow channel hold nothing."""
    cells = [text if k % 10 == 0 else word for k, text in enumerate(texts(ACC))]
    found, stretch = read_one(frame(v=cells))
    assert np.isnan(stretch.values[:, 1]).sum() == 180
    assert "v: a value in every 10th row only" in stretch.notes
    assert not word or any(f"{word!r} (180)" in note for note in found.notes)


def test_what_float32_does_not_hold_is_missing():
    """Not infinite."""
    found, stretch = read_one(frame(v=np.where(ROWS == 7, 1e300, ACC)))
    assert np.flatnonzero(np.isnan(stretch.values[:, 1])).tolist() == [7]
    assert found.notes == ("v: 1 cell without a number, read as missing: '1e+300' (1)",)


def test_a_column_may_be_numbers_in_one_chunk_and_text_in_another():
    """A parser makes text of a chunk for one word in it."""
    numbers = pd.DataFrame({"ts": TS[:100], "v": ACC[:100]})
    words = pd.DataFrame({"ts": texts(TS[100:]), "v": ["No Data", *texts(ACC[101:])]})
    for chunks in ([numbers, words], [words, numbers]):
        _, stretch = read_one(*chunks)
        np.testing.assert_allclose(stretch.ts, TS, atol=1e-6)
        expected = np.where(ROWS == 100, np.nan, ACC)
        np.testing.assert_array_equal(stretch.values[:, 0], expected.astype(np.float32))


def test_columns_that_change_within_a_table_are_refused():
    """They are not one table."""
    with pytest.raises(SessionFileError, match="columns change: found ts, v after ts, acc"):
        read(frame(), pd.DataFrame({"ts": TS + 20, "v": ACC}))


def test_no_more_rows_than_asked_for_are_read():
    """Whatever a reader hands."""
    _, stretch = read_one(frame(), frame(TS + 20), hints=Hints(limit_rows=250))
    assert len(stretch.ts) == 250
