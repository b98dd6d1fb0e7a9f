"""Decimal commas and thousands: what a comma or point in a number means, column by column.

``1,5`` and ``1.234,5`` say it themselves, ``1,234`` does not: the rest of its column says it, then
the other columns; where they say the opposite, the file is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from detector.errors import SessionFileError

_BLANKS = "'\u00a0\u202f"
_BOTH = re.compile(rf"[+-]?\d{{1,3}}(?:([.,{_BLANKS}])\d{{3}})+([.,])\d*")
_GROUPS = re.compile(rf"[+-]?\d{{1,3}}([.,{_BLANKS}])\d{{3}}(?:\1\d{{3}})+")
_EITHER = re.compile(r"[+-]?[1-9]\d{0,2}([.,])\d{3}")
_ONE = re.compile(r"[+-]?\d*([.,])\d*(?:e[+-]?\d+)?", re.IGNORECASE)
_SMALL = re.compile(r"[+-]?\d{1,3}")
_PLAIN = r"^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$|^[+-]?(?:nan|NaN|NAN|inf|Inf|INF)$"
_LIKE = rf"^[+-]?\s*[\d.,{_BLANKS}]+(?:[eE][+-]?\d+)?$"
_OTHER = {".": ",", ",": "."}


@dataclass(frozen=True, slots=True)
class Style:
    """How numbers of a column are written.

    Attributes:
        decimal: ``.`` or ``,``.
        thousands: Between groups of three digits; empty: nothing.
    """

    decimal: str = "."
    thousands: str = ""


@dataclass(frozen=True, slots=True)
class _Votes:
    decimals: frozenset[str]
    thousands: frozenset[str]
    either: frozenset[str]
    small: bool  # whether bare integers stand beside, all of them below 1000


def styles_of(
    columns: Sequence[Sequence[str]], separator: str, where: Sequence[str]
) -> tuple[str, tuple[Style, ...]]:
    """Find how numbers are written.

    Args:
        columns: Cells of the first rows, column by column.
        separator: Between cells.
        where: File and column, for the refusal.

    Returns:
        The decimal sign of the file and the style of each column.

    Raises:
        SessionFileError: If a column can be read both ways.
    """
    votes = [_votes_of(cells) for cells in columns]
    decimals = {sign for one in votes for sign in one.decimals}
    unsure = any("," in one.either for one in votes) and separator != ","
    default = "," if "," in decimals or (unsure and "." not in decimals) else "."
    found = zip(votes, where, columns, strict=True)
    return default, tuple(_style(one, default, name, cells) for one, name, cells in found)


def _votes_of(cells: Iterable[str]) -> _Votes:
    decimals, thousands, either, bare = set(), set(), set(), []
    for cell in cells:
        if found := _BOTH.fullmatch(cell):
            if found[1] != found[2]:
                thousands.add(found[1])
                decimals.add(found[2])
        elif found := _GROUPS.fullmatch(cell):
            thousands.add(found[1])
        elif found := _EITHER.fullmatch(cell):
            either.add(found[1])
        elif found := _ONE.fullmatch(cell):
            decimals.add(found[1])
        elif cell.lstrip("+-").isdecimal():
            bare.append(_SMALL.fullmatch(cell) is not None)
    return _Votes(
        frozenset(decimals), frozenset(thousands), frozenset(either), bool(bare) and all(bare)
    )


def _style(votes: _Votes, default: str, where: str, cells: Sequence[str]) -> Style:
    grouped = "".join(sorted(votes.thousands)[:1])
    if len(votes.decimals) == 1:
        return Style(next(iter(votes.decimals)), grouped)
    if grouped:
        return Style(_OTHER.get(grouped, default), grouped)
    if not votes.either - {default} or votes.decimals:
        return Style(default)
    sign = _OTHER[default]
    if votes.small:
        return Style(default, sign)
    example = next(cell for cell in cells if _EITHER.fullmatch(cell) and sign in cell)
    raise ambiguous(where, example, default)


def ambiguous(where: str, cell: str, decimal: str) -> SessionFileError:
    """The refusal of a number that can be read both ways."""
    return SessionFileError(
        f"{where}: {cell} can be read as {re.sub('[.,]', '.', cell)} or as "
        f"{re.sub('[.,]', '', cell)} where others have '{decimal}' for decimals; "
        "allowed: numbers without a sign between thousands"
    )


def numbers_of(text: pa.Array, style: Style, where: str, *, is_usual: bool) -> pa.Array:
    """Numbers of a column of text, where all of it is numbers; else text with a decimal point.

    Args:
        text: Cells as they stand, without blanks around them.
        style: How the column writes numbers.
        where: File and column, for the refusal.
        is_usual: Whether the parser, which looked for decimal points, found them to be text.

    Raises:
        SessionFileError: If a number can be read both ways.
    """
    apart = pc.match_substring_regex(text, r"^[+-]\s+\d")
    is_plain = style == Style() and is_usual
    if not pc.any(apart if is_plain else pc.match_substring_regex(text, _LIKE)).as_py():
        return text
    text = pc.if_else(apart, pc.replace_substring_regex(text, r"^([+-])\s+", r"\1"), text)
    if style != Style():
        text = _with_point(text, style, where)
    told = pc.not_equal(text, "")
    fits = pc.match_substring_regex(text, _PLAIN)
    if pc.all(pc.or_(fits, pc.invert(told))).as_py():
        empty = pa.scalar(None, text.type)
        return pc.cast(pc.if_else(told, text, empty), pa.float64())
    return text


def _with_point(text: pa.Array, style: Style, where: str) -> pa.Array:
    """Only cells that are numbers in whole change; words keep their commas."""
    decimal, other = re.escape(style.decimal), style.thousands or _OTHER[style.decimal]
    if not style.thousands:
        unsure = pc.match_substring_regex(text, rf"^[+-]?[1-9]\d{{0,2}}{re.escape(other)}\d{{3}}$")
        if pc.any(unsure).as_py():
            raise ambiguous(where, text.filter(unsure)[0].as_py(), style.decimal)
    fraction = rf"(?:{decimal}\d*)" + ("?" if style.thousands else "")
    grouped = pc.match_substring_regex(
        text, rf"^[+-]?\d{{1,3}}(?:{re.escape(other)}\d{{3}})+{fraction}$"
    )
    text = pc.if_else(grouped, pc.replace_substring(text, other, ""), text)
    return pc.replace_substring_regex(
        text, rf"^([+-]?\d*){decimal}(\d*(?:[eE][+-]?\d+)?)$", r"\1.\2"
    )
