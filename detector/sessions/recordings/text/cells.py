"""What one cell looks like: a value, nothing, or a word; whether a row of them is of units."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum

from detector.sessions.contents.units import is_unit
from detector.sessions.recordings.text.vocabulary import KINDS, MISSING

_NUMBER = re.compile(
    r"[+-]?\s*(?:\d{1,3}(?:[.,'\u00a0\u202f]\d{3})+(?:[.,]\d*)?|\d+(?:[.,]\d*)?|[.,]\d+)"
    r"(?:e[+-]?\d+)?",
    re.IGNORECASE,
)
_MONTH = r"(?:jan|feb|mar|apr|may|mai|jun|jul|aug|sep|oct|okt|nov|dec|dez)[a-z]*\.?"
_DATE = (
    r"\d{1,4}[-/.]\s?\d{1,2}[-/.]\s?\d{1,4}\.?"
    rf"|\d{{1,2}}[-\s/.]*{_MONTH}[-\s/.,]*\d{{2,4}}|{_MONTH}\s+\d{{1,2}},?\s+\d{{4}}"
)
_CLOCK = (
    r"\d{1,3}:\d{2}(?::\d{2}(?:[.,:]\d+)?)?(?:\s*[ap]\.?m\.?)?"
    r"(?:\s*(?:z|utc|gmt|[+-]\d{2}:?\d{2}|[a-z]{3,4}))?"
)
_TIME = re.compile(
    rf"(?:[a-z]{{2,3}},?\s+)?(?:(?:{_DATE})(?:[t\s_,\-]\s*(?:{_CLOCK}))?|(?:{_CLOCK})(?:\s+(?:{_DATE}))?)"
    rf"|(?:[a-z]{{3}},?\s+)?{_MONTH}\s+\d{{1,2}}\s+(?:{_CLOCK})\s+\d{{4}}"
    r"|\d{8}[t\s_]?\d{6}(?:\.\d+)?z?",
    re.IGNORECASE,
)
_TIME_NAMES = frozenset({"time", "date", "t"})  # units of a column only below other names
_LONGEST_UNIT = 24
RULES = "-=_*+~:"  # drawn between rows, or where nothing was measured
_PART = r"(?:y{2,4}|m{2}|d{1,2}|h{1,2}|s{2,6}|f{1,6}|t{2}|j{2,4}|a{4}|n{2}|x{1,6}|z{1,3})"
_TIME_FORMAT = re.compile(rf"{_PART}(?:(?:[-.:/,\s]+|t){_PART})+", re.IGNORECASE)  # dd.mm.yyyy


class Look(Enum):
    """What a cell may hold."""

    VALUE = "a number or a time"
    NOTHING = "nothing, or a word for it"
    WORD = "anything else"


def look_of(cell: str) -> Look:
    """Judge a cell by its characters alone."""
    cell = cell.strip()
    if not cell.strip(RULES) or cell.lower() in MISSING:
        return Look.NOTHING
    if _NUMBER.fullmatch(cell) or is_time(cell):
        return Look.VALUE
    return Look.WORD


def is_time(cell: str) -> bool:
    """Whether a cell is a date, a time of day or both."""
    return len(cell) < 50 and _TIME.fullmatch(cell) is not None


def are_names(cells: Sequence[str]) -> bool:
    """Whether a row may name columns: words, and no value among them."""
    looks = [look_of(cell) for cell in cells]
    return Look.WORD in looks and Look.VALUE not in looks


def are_units(cells: Sequence[str]) -> bool:
    """Whether most words of a row are known units or stand in brackets."""
    told = [cell.strip() for cell in cells if look_of(cell) is not Look.VALUE and cell.strip()]
    known = sum(is_unit(cell) or _TIME_FORMAT.fullmatch(cell) is not None for cell in told)
    starts_with_name = bool(told) and told[0].lower() in _TIME_NAMES
    return known > len(told) / 2 and not starts_with_name and max(map(len, told)) <= _LONGEST_UNIT


def are_kinds(cells: Sequence[str]) -> bool:
    """Whether a row says how each column was made or stored, like ``Avg`` or ``double``."""
    told = [cell.strip().lower() for cell in cells if cell.strip()]
    return bool(told) and all(cell in KINDS for cell in told)
