"""Where the names stand above the values, and what else stands there: lines of a logger, units."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from detector.errors import SessionFileError
from detector.sessions.recordings.text.cells import RULES, Look, are_kinds, are_names, are_units
from detector.sessions.recordings.text.separators import Choice, Record
from detector.text import inert

_MARKS = "#%/!* "


@dataclass(frozen=True, slots=True)
class Header:
    """The rows above the values.

    Attributes:
        first: The first row of values.
        names: The row of names; None: there is none.
        units: The row of units; None: there is none.
        kinds: How many rows say how each column was made or stored.
    """

    first: Record
    names: Record | None
    units: Record | None = None
    kinds: int = 0


def find_header(choice: Choice) -> Header:
    """Find the first row of values and the rows above it.

    Args:
        choice: The lines parted; at least one is a row of values.
    """
    records = [record for record in choice.records if not record.is_comment]
    width, columns = choice.width, value_columns(choice)
    first = _first_of_values(records, width, columns)
    above = first
    while above and _is_mixed(records[above - 1], width, columns):
        above -= 1
    pure = above
    while pure and _may_name(records[pure - 1], width, columns):
        pure -= 1
    if above < first:
        return _with_mixed(records, first, above, pure)
    if pure == above:
        return Header(records[first], _set_apart(choice.records, records[first], width))
    return _parted(records, pure, above, first)


def value_columns(choice: Choice) -> list[bool]:
    """Which columns hold values in most rows, judged by the later half of them."""
    body = [record for record in choice.rows() if record.values]
    body = body[len(body) // 2 :]
    return [_mostly_values([one.looks[c] for one in body]) for c in range(choice.width)]


def _mostly_values(looks: Sequence[Look]) -> bool:
    return looks.count(Look.VALUE) > looks.count(Look.WORD)


def _first_of_values(records: Sequence[Record], width: int, columns: Sequence[bool]) -> int:
    told = [index for index, record in enumerate(records) if not record.is_blank]
    for at, index in enumerate(told):
        if not _is_strict(records[index], width, columns):
            continue
        ten = [_is_strict(records[i], width, columns) for i in told[at : at + 10]]
        if all(ten[:2]) or sum(ten) >= len(ten) / 2:
            return index
    return next(i for i, one in enumerate(records) if len(one.cells) == width and one.values)


def _is_strict(record: Record, width: int, columns: Sequence[bool]) -> bool:
    """Whether every cell that should be a value is one, or says that it is missing."""
    if len(record.cells) != width:
        return False
    looks = [look for look, is_value in zip(record.looks, columns, strict=True) if is_value]
    return Look.VALUE in looks and Look.WORD not in looks


def _is_mixed(record: Record, width: int, columns: Sequence[bool]) -> bool:
    """Whether some cells that should be values are, and others are words."""
    if len(record.cells) != width:
        return False
    looks = [look for look, is_value in zip(record.looks, columns, strict=True) if is_value]
    return Look.VALUE in looks and Look.WORD in looks


def _may_name(record: Record, width: int, columns: Sequence[bool]) -> bool:
    """Whether a record may be a row of names or units, of one more for a separator at the end."""
    if len(record.cells) == width:
        return are_names([c for c, is_value in zip(record.cells, columns, strict=True) if is_value])
    return _names_in(record, width) and are_names(record.cells)


def _names_in(record: Record, width: int) -> bool:
    count = len(record.cells)
    if count == width + 1:
        return record.cells[-1].lower() in {"", "comment"}
    return count == width or (count == width - 1 and count > 1)


def _with_mixed(records: Sequence[Record], first: int, above: int, pure: int) -> Header:
    """Words among the values: bad cells below a row of names, else names such as 1 and 2."""
    if pure < above:
        return _parted(records, pure, above, above)
    if records[first - 1].looks[0] is Look.WORD:
        return Header(records[first], records[first - 1])
    return Header(records[above], None)


def _parted(records: Sequence[Record], top: int, bottom: int, first: int) -> Header:
    """Tell names, units and kinds apart in the rows right above the values."""
    names, units, kinds = bottom - 1, None, 0
    while names > top or _is_below_numbers(records, names, top):
        if are_kinds(records[names].cells):
            kinds += 1
        elif units is None and _are_units(records, names):
            units = records[names]
        else:
            break
        names -= 1
    return Header(records[first], records[names], units, kinds)


def _are_units(records: Sequence[Record], index: int) -> bool:
    """Whether a row is of units: of known ones, or the same twice below different names."""
    above, row = (list(filter(None, one.cells)) for one in records[index - 1 : index + 1])
    if (
        len(row) == len(above) == 1
    ):  # a lone name looks like a unit, and a logger's line like a name
        return are_units(row) and row[0].lower() != "ts" and re.search(r"[\s:]", above[0]) is None
    is_told_twice = len(set(row)) < len(row) and len(set(above)) == len(above) >= len(row)
    return are_units(records[index].cells) or is_told_twice


def _is_below_numbers(records: Sequence[Record], names: int, top: int) -> bool:
    """Whether units stand below the header of an oscilloscope, whose channels are numbers."""
    if names != top or top == 0 or not are_units(records[names].cells):
        return False
    above = records[top - 1]
    return len(above.cells) == len(records[names].cells) > 1 and above.looks[0] is Look.WORD


def _set_apart(records: Sequence[Record], first: Record, width: int) -> Record | None:
    """The last row of names above the values, where it is behind a mark or set apart by a rule."""
    for record in reversed(records[: records.index(first)]):
        if len(record.cells) == width and are_names(record.cells):
            return record
        if not _is_ornament(record) and record.values < 1:
            return None
    return None


def _is_ornament(record: Record) -> bool:
    """Whether a record is blank, a rule of signs, or a mark such as ``[Data]``."""
    text = "".join(record.cells)
    return not text.strip(RULES + ". ") or (text.startswith("[") and text.endswith("]"))


def names_of(record: Record, choice: Choice, name: str) -> list[str]:
    """The names of a row of them, one a column.

    Args:
        record: The row.
        choice: The lines parted.
        name: Of the file, for the refusal.

    Raises:
        SessionFileError: If there are not as many names as columns, or two are the same.
    """
    cells = [cell.strip() for cell in record.cells]
    cells[0] = cells[0].lstrip(_MARKS)
    if len(cells) == choice.width + 1:
        del cells[-1]
    elif len(cells) == choice.width - 1:
        cells = _completed(cells, choice, name, record.line)
    refuse_twice(cells, f"{name}: line {record.line}")
    return cells


def _completed(cells: list[str], choice: Choice, name: str, line: int) -> list[str]:
    """One name too few: of an empty last column or of row numbers, else it is unknown whose."""
    body = [one.cells for one in choice.records if len(one.cells) == choice.width and one.values]
    if not any(row[-1] for row in body):
        return [*cells, ""]
    may_count = choice.separator.character == "\t" and len(body) > 1  # else a decimal comma
    if may_count and [row[0] for row in body] == _counted(body[0][0], len(body)):
        return ["", *cells]
    raise SessionFileError(
        f"{name}: line {line} has {len(cells)} names, found {choice.width} values in the lines "
        "below; allowed: a name for each column (a decimal comma needs another separator)"
    )


def _counted(start: str, count: int) -> list[str]:
    return [str(n) for n in range(int(start), int(start) + count)] if start.isdecimal() else []


def refuse_twice(names: Sequence[str], where: str) -> None:
    """Refuse two columns of one name; columns without a name are no columns of one name.

    Raises:
        SessionFileError: If two are the same.
    """
    twice = sorted({name for name in names if name and list(names).count(name) > 1})
    if twice:
        raise SessionFileError(
            f"{where}: two columns are named {inert(twice[0])}, "
            "allowed: a name of its own for each column"
        )
