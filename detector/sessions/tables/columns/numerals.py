"""Numbers as people write them: decimal comma, groups of three, words for none.

``1,234`` may be 1.234 or 1234. Which of the two is decided by other cells of the column, so such
cells are read as the first and marked.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from enum import Enum, auto

from detector.vocabulary import EMPTY_CELL, SWITCHES


class Style(Enum):
    """What a cell says of its column's way to write numbers."""

    PLAIN = auto()  # nothing
    COMMA = auto()  # the comma is the decimal mark
    POINT = auto()  # the comma groups thousands, the point is the decimal mark
    EITHER = auto()  # 1,234
    EMPTY = auto()  # a word for a missing value
    WORD = auto()  # no number


@dataclass(frozen=True, slots=True)
class Numeral:
    """A text cell, read.

    Attributes:
        value: NaN where it is none.
        style: What it says of the others.
    """

    value: float
    style: Style


LONGEST = 64
_EXPONENT = r"(?:[eE][+-]?\d{1,3})?"
_SIGN = r"[+-]?"
MAYBE_GROUPED = rf"\s*{_SIGN}[1-9][0-9]{{0,2}},[0-9]{{3}}\s*"  # 1,234
_ONE_COMMA = re.compile(rf"{_SIGN}(?:\d+,\d*|,\d+){_EXPONENT}", re.ASCII)
_COMMA_GROUPS = re.compile(rf"{_SIGN}\d{{1,3}}(?:,\d{{3}})+(?:\.\d*)?", re.ASCII)
_POINT_GROUPS = re.compile(rf"{_SIGN}\d{{1,3}}(?:\.\d{{3}})+(?:,\d*)?", re.ASCII)
_GAPS = " '\u2019\u00a0\u202f"
_GAP_GROUPS = re.compile(rf"{_SIGN}\d{{1,3}}(?:[{_GAPS}]\d{{3}})+(?:[.,]\d*)?", re.ASCII)
_NO_GAPS = str.maketrans("", "", _GAPS)
_MINUS = str.maketrans("\u2212\u2013", "--")  # as typesetters write it


def read_numeral(text: str) -> Numeral:
    """Read a text that is no plain number."""
    text = text.strip().translate(_MINUS)
    if len(text) > LONGEST:
        return Numeral(math.nan, Style.WORD)
    word = text.lower()
    if word in EMPTY_CELL:
        return Numeral(math.nan, Style.EMPTY)
    if word in SWITCHES:
        return Numeral(SWITCHES[word], Style.PLAIN)
    if _GAP_GROUPS.fullmatch(text):
        text = text.translate(_NO_GAPS)
    return _with_comma(text) if "," in text else _without_comma(text)


def _with_comma(text: str) -> Numeral:
    if re.fullmatch(MAYBE_GROUPED, text):
        return Numeral(float(text.replace(",", ".")), Style.EITHER)
    if _ONE_COMMA.fullmatch(text):
        return Numeral(float(text.replace(",", ".")), Style.COMMA)
    if _COMMA_GROUPS.fullmatch(text):
        return Numeral(float(text.replace(",", "")), Style.POINT)
    if _POINT_GROUPS.fullmatch(text):
        return Numeral(float(text.replace(".", "").replace(",", ".")), Style.COMMA)
    return Numeral(math.nan, Style.WORD)


def _without_comma(text: str) -> Numeral:
    if text.count(".") > 1 and _POINT_GROUPS.fullmatch(text):
        return Numeral(float(text.replace(".", "")), Style.COMMA)
    try:
        return Numeral(math.nan if "_" in text else float(text), Style.PLAIN)
    except ValueError:
        return Numeral(math.nan, Style.WORD)


def says_point(text: str) -> bool:
    """Whether a plain number is one only with the point as decimal mark."""
    return "." in text and not is_point_group(text)


def is_point_group(text: str) -> bool:
    """Whether a plain number such as 1.234 would be 1234 with a decimal comma."""
    text = text.strip()
    return _POINT_GROUPS.fullmatch(text) is not None and not text.lstrip("+-").startswith("0")
