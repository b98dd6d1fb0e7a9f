"""Values as a document or a sheet has them -> one column of one type: numbers, times or text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

Cells: TypeAlias = Sequence[Any]
NUMBERS = frozenset({int, float, bool})
TIMES = frozenset({datetime, date})
MOST_INT = 2**63
EPOCHS = 1e8  # what counts rows is less, what counts seconds since 1970 is more


def frame_of(columns: Mapping[str, Cells]) -> pd.DataFrame:
    """Columns of the same length as a table."""
    return pd.DataFrame({name: column_of(cells) for name, cells in columns.items()}, copy=False)


def column_of(cells: Cells) -> Any:  # noqa: ANN401 -- an array of any type
    """One column, shape (n,): int64, float64, datetime64 or text; None is missing.

    True and False are 1 and 0, a span of time is seconds. Where types are mixed, all is text.
    """
    kinds = set(map(type, cells)) - {type(None)}
    if kinds <= NUMBERS and _fit(cells, kinds):
        return _numbers(cells, kinds)
    if kinds <= TIMES and (found := _times(cells, kinds)) is not None:
        return found
    if kinds == {timedelta}:
        return _numbers([None if c is None else c.total_seconds() for c in cells], {float})
    return pd.array([None if c is None else text_of(c) for c in cells], dtype="str")


def _fit(cells: Cells, kinds: set[type]) -> bool:
    """Whether every whole number is told from its neighbours by a number of 64 bits."""
    if int not in kinds:
        return True
    whole = [c for c in cells if type(c) is int]
    is_exact = kinds == {int} and len(whole) == len(cells)
    most = MOST_INT - 1 if is_exact else 2**53
    return -most <= min(whole) and max(whole) <= most


def _numbers(cells: Cells, kinds: set[type]) -> np.ndarray:
    if kinds == {int} and None not in cells:
        return np.array(cells, np.int64)
    return np.array([np.nan if c is None else c for c in cells], np.float64)


def _times(cells: Cells, kinds: set[type]) -> pd.Series | None:
    """Without a zone; None where they do not fit."""
    if any(getattr(c, "tzinfo", None) is not None for c in cells):
        return None
    whole = [datetime(c.year, c.month, c.day) if type(c) is date else c for c in cells]
    return pd.Series(np.array(whole, "datetime64[us]"))


def index_name(cells: Cells, taken: Cells) -> str:
    """Name of an index that has none: ``time``, or nothing where it counts rows.

    Args:
        cells: One a row: numbers, times or text.
        taken: Names of the columns.
    """
    if "time" in taken or not len(cells):
        return ""
    return "" if isinstance(cells[0], int | float) and abs(cells[0]) < EPOCHS else "time"


def text_of(cell: object) -> str:
    """As it would be written; numbers as short as they can be read back."""
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return str(int(cell))
    return cell.isoformat() if isinstance(cell, datetime | date | time) else str(cell)
