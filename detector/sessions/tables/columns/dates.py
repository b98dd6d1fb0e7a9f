"""How a date or a time of day is written: one example -> the format of its column."""

from __future__ import annotations

import re
from enum import StrEnum

import pandas as pd

ISO, DURATION = "ISO8601", "duration"


_ISO_NEEDS = ("%Y", "%m", "%d", "%H", "%M")
_DIGITS = {
    "%Y": r"(\d{4})", "%f": r"(\d{1,9})", **dict.fromkeys(("%m", "%d", "%H", "%M", "%S"), r"(\d\d)")
}  # fmt: skip


class Order(StrEnum):
    """Which part of a date such as 05/03/06 comes first."""

    DAY = "%d{0}%m{0}"
    MONTH = "%m{0}%d{0}"
    YEAR = "%y{0}%m{0}"


_ISO = re.compile(
    r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d(?::?\d\d)?)?)?", re.ASCII
)
_YEAR_FIRST = re.compile(r"\d{4}([-/.])\d{1,2}\1\d{1,2}", re.ASCII)
_YEAR_LAST = re.compile(r"\d{1,2}([-/.])\d{1,2}\1(\d{4}|\d\d)(?!\d)", re.ASCII)
_DAY_WORD = re.compile(r"\d{1,2}([-/ .])([A-Za-z]{3,9})\1(\d{4}|\d\d)(?!\d)", re.ASCII)
_WORD_DAY = re.compile(r"([A-Za-z]{3,9}) \d{1,2}(,?) \d{4}", re.ASCII)
_COMPACT = re.compile(r"\d{8}([T _-]?)\d{6}(\.\d{1,9})?(Z?)", re.ASCII)
_WEEKDAY = re.compile(r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)(?P<mark>,? )", re.ASCII)
_UNIX_DATE = re.compile(r"[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]?\d \d\d:\d\d:\d\d \d{4}", re.ASCII)
_BETWEEN = re.compile(r"T|_|,? +|,|-", re.ASCII)
_CLOCK = re.compile(
    r"(?P<hour>\d{1,3}):\d\d(?P<second>:\d\d(?:(?P<mark>[.,])\d{1,9})?)?"
    r"(?P<half>(?P<blank> ?)[AaPp][Mm])?(?P<zone> ?(?:Z|UTC|GMT|[+-]\d\d(?::?\d\d)?))?", re.ASCII
)  # fmt: skip
_SHORT_CLOCK = re.compile(r"\d{1,3}:\d\d\.\d{1,9}", re.ASCII)  # minutes and seconds
_DURATION = re.compile(r"-?(?:\d+ days? )?[+-]?\d{1,4}:\d\d:\d\d(?:\.\d{1,9})?", re.ASCII)
# Of German, French, Spanish, Portuguese, Italian and Dutch, where they are not the English ones.
_MONTHS = {
    "Jan": "januar janv janvier ene enero janeiro gen gennaio januari jän jänner",
    "Feb": "februar févr février febrero fev fevereiro febbraio februari",
    "Mar": "mär märz mrz mars marzo março mrt maart",
    "Apr": "avr avril abr abril aprile",
    "May": "mai mayo maio mag maggio mei",
    "Jun": "juni juin junio junho giu giugno",
    "Jul": "juli juil juillet julio julho lug luglio",
    "Aug": "août ago agosto augustus",
    "Sep": "sept septembre septiembre set setembro settembre",
    "Oct": "okt oktober octobre octubre out outubro ott ottobre",
    "Nov": "novembre noviembre novembro",
    "Dec": "dez dezember déc décembre dic diciembre dezembro dicembre",
}
_MONTH_OF = {word: month for month, words in _MONTHS.items() for word in words.split()}
_MONTH_WORD = re.compile(r"(?<=\d)\.?([-/ .])([^\W\d_]{3,10})\.?(?=\1\d{2,4})", re.IGNORECASE)
_UNTIDY = re.compile(r"[ap]\. ?m\.?|오전|오후|\d\d:\d\d:\d\d:\d{3}$", re.IGNORECASE)


def is_untidy(text: str) -> bool:
    """Whether ``tidied`` has something to do."""
    return _MONTH_WORD.search(text) is not None or _UNTIDY.search(text) is not None


def tidied(texts: pd.Series) -> pd.Series:
    """As ``format_of`` knows it.

    ``1. März 2026`` as ``1 Mar 2026``, ``p. m.`` as ``PM``, ``오후 1:05`` as ``1:05 PM``,
    ``12:00:00:250`` as ``12:00:00.250``.
    """
    texts = texts.str.replace(_MONTH_WORD, _in_english, regex=True)
    texts = texts.str.replace(r"(?i)([ap])\. ?m\.?", r"\1m", regex=True)
    texts = texts.str.replace(r"오전 *([\d:.,]+)", r"\1 AM", regex=True)
    texts = texts.str.replace(r"오후 *([\d:.,]+)", r"\1 PM", regex=True)
    return texts.str.replace(r"(\d\d:\d\d:\d\d):(\d{3})$", r"\1.\2", regex=True)


def _in_english(found: re.Match[str]) -> str:
    return found[1] + _MONTH_OF.get(found[2].lower(), found[2])


def orders_of(text: str, *, day_first: bool | None) -> tuple[Order, ...]:
    """In which orders a date may be meant; one where it does not matter.

    Args:
        text: An example of its column.
        day_first: As told by the caller.
    """
    found = _YEAR_LAST.match(text)
    if found is None:
        return (Order.DAY,)
    if day_first is not None:
        return (Order.DAY if day_first else Order.MONTH,)
    if found[1] == ".":  # 01.03.2026 is never month first
        return (Order.DAY,)
    return (Order.DAY, Order.MONTH) if len(found[2]) == 4 else tuple(Order)


def format_of(text: str, order: Order) -> str | None:
    """The format of ``strptime`` that a text is written in, ``ISO`` or ``DURATION``.

    Args:
        text: Tidied.
        order: Of a date in which it cannot be seen.
    """
    if _ISO.fullmatch(text):
        return ISO
    if _UNIX_DATE.fullmatch(text):
        return "%a %b %d %H:%M:%S %Y"
    compact = _COMPACT.fullmatch(text)
    if compact:
        return f"%Y%m%d{compact[1]}%H%M%S{'.%f' if compact[2] else ''}{'%z' if compact[3] else ''}"
    if _DURATION.fullmatch(text):
        return DURATION
    if _SHORT_CLOCK.fullmatch(text):
        return "%M:%S.%f"
    return _in_parts(text, order)


def iso_pattern(format_: str) -> tuple[str, str] | None:
    """What makes ISO 8601 of a format, which is read many times quicker; None: not of this one.

    Returns:
        A pattern and what it is replaced with.
    """
    tokens = re.findall("%[A-Za-z]|.", format_)
    marks = [token for token in tokens if token.startswith("%")]
    if not set(_ISO_NEEDS) <= set(marks) <= _DIGITS.keys():
        return None
    at = {mark: rf"\{place}" for place, mark in enumerate(marks, 1)}
    pattern = "".join(_DIGITS.get(token) or re.escape(token) for token in tokens)
    second = f":{at['%S']}" if "%S" in at else ""
    part = f".{at['%f']}" if "%f" in at else ""
    date, clock = f"{at['%Y']}-{at['%m']}-{at['%d']}", f"{at['%H']}:{at['%M']}"
    return f"^{pattern}$", f"{date}T{clock}{second}{part}"


def is_dated(format_: str) -> bool:
    """Whether texts of a format say the day, not only the time of it."""
    return format_ == ISO or "%d" in format_


def has_clock(text: str) -> bool:
    """Whether a text says a time of day."""
    return _COMPACT.fullmatch(text) is not None or _CLOCK.search(text) is not None


def _in_parts(text: str, order: Order) -> str | None:
    weekday = _WEEKDAY.match(text)
    start = weekday.end() if weekday else 0
    date, end = _date_format(text, start, order)
    if end == len(text):
        clock: str | None = ""
    else:
        between = _BETWEEN.match(text, end) if date else None
        clock = _clock_format(text[between.end() if between else end :])
        date += between[0] if between else ""
    if clock is None or not date + clock:
        return None
    return (f"%a{weekday['mark']}" if weekday else "") + date + clock


def _date_format(text: str, start: int, order: Order) -> tuple[str, int]:
    found = _YEAR_FIRST.match(text, start)
    if found:
        return f"%Y{found[1]}%m{found[1]}%d", found.end()
    found = _YEAR_LAST.match(text, start)
    if found:
        year = "%Y" if len(found[2]) == 4 else "%y"
        last = "%d" if order is Order.YEAR else year
        return order.value.format(found[1]) + last, found.end()
    found = _DAY_WORD.match(text, start)
    if found:
        mark = found[1]
        return f"%d{mark}{_month(found[2])}{mark}{_year(found[3])}", found.end()
    found = _WORD_DAY.match(text, start)
    if found:
        return f"{_month(found[1])} %d{found[2]} %Y", found.end()
    return "", start


def _month(word: str) -> str:
    return "%b" if len(word) == 3 else "%B"


def _year(digits: str) -> str:
    return "%Y" if len(digits) == 4 else "%y"


def _clock_format(text: str) -> str | None:
    found = _CLOCK.fullmatch(text)
    if found is None:
        return None
    half = f"{found['blank']}%p" if found["half"] else ""
    second = ":%S" + (f"{found['mark']}%f" if found["mark"] else "") if found["second"] else ""
    return ("%I" if half else "%H") + ":%M" + second + half + _zone_format(found["zone"] or "")


def _zone_format(zone: str) -> str:
    blank = " " if zone.startswith(" ") else ""
    mark = zone.strip()
    return f"{blank}%z" if mark[:1] in {"Z", "+", "-"} and mark else f"{blank}{mark}"
