"""Where the rows of a sheet begin, what stands above them, and which units stand between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from detector.errors import SessionFileError
from detector.sessions.contents.looks import is_number
from detector.sessions.contents.units import is_unit, plain_unit

Row: TypeAlias = Sequence[Any]
LONGEST_UNIT = 12
FOLLOWING = 2  # rows that must be like the first one


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands above rows of data.

    Attributes:
        names: Of the columns; empty strings where there is none.
        units: By name.
        first: Row in which the data begins, from 0.
        skipped: Rows above the names that hold something.
    """

    names: tuple[str, ...]
    units: dict[str, str]
    first: int
    skipped: int


def heading_of(rows: Sequence[Row], told: tuple[str, ...] | None, where: str) -> Heading | None:
    """Where rows of data begin; None: there are none.

    Args:
        rows: The first ones of a sheet, with ``None`` or ``""`` where a cell is empty.
        told: Names, for a sheet that has none.
        where: The sheet, for the refusal.

    Raises:
        SessionFileError: If there are no names, or one twice.
    """
    first = next((i for i in range(len(rows)) if _begins(rows, i)), None)
    if first is None:
        return None
    above = [i for i in range(first) if any(map(_is_filled, rows[i]))]
    width = max(
        (k + 1 for row in rows for k, cell in enumerate(row) if _is_filled(cell)), default=0
    )
    units = _units(rows, above)
    header = rows[above.pop()] if above else ()
    names = [_name(header, k) for k in range(width)]
    if told is not None or not any(names):
        names = _told(told, width, where)
    _refuse_twice(names, where)
    return Heading(tuple(names), dict(zip(names, units, strict=False)), first, len(above))


def _begins(rows: Sequence[Row], i: int) -> bool:
    return all(map(_is_data, rows[i : i + 1 + FOLLOWING]))


def _is_data(row: Row) -> bool:
    """Whether at least half of what it holds are numbers or times."""
    filled = [cell for cell in row if _is_filled(cell)]
    numbers = sum(map(_is_number, filled))
    return numbers > 0 and 2 * numbers >= len(filled)


def _is_filled(cell: object) -> bool:
    return cell is not None and (not isinstance(cell, str) or bool(cell.strip()))


def _is_number(cell: object) -> bool:
    return not isinstance(cell, str) or is_number(cell.strip())


def _units(rows: Sequence[Row], above: list[int]) -> list[str]:
    """Of each column, where a row of them stands between the names and the data; taken off."""
    if len(above) < 2:
        return []
    row, names = rows[above[-1]], rows[above[-2]]
    filled = [str(cell).strip() for cell in row if _is_filled(cell)]
    known = sum(map(is_unit, filled))
    is_short = max(map(len, filled)) <= LONGEST_UNIT
    if not is_short or 2 * known < len(filled) or len(filled) > sum(map(_is_filled, names)):
        return []
    above.pop()
    return [plain_unit(str(cell or "")) for cell in row]


def _name(row: Row, k: int) -> str:
    return str(row[k]).strip() if k < len(row) and _is_filled(row[k]) else ""


def _told(told: tuple[str, ...] | None, width: int, where: str) -> list[str]:
    if told is None:
        raise SessionFileError(f"{where}: no names above the rows, allowed: --columns with {width}")
    if len(told) != width:
        found = f"{len(told)} names for {width} columns"
        raise SessionFileError(f"{where}: {found}, allowed: --columns with {width}")
    return list(told)


def _refuse_twice(names: list[str], where: str) -> None:
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise SessionFileError(f"{where}: two columns are called {twice[0]}, allowed: one")
