"""What the page says in the language of whoever looks at it, with numbers and times of theirs.

The language is that of ``?lang=``, else what the viewer chose before, else the browser's.
"""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import unquote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st
from babel import Locale, UnknownLocaleError
from babel.dates import format_datetime
from babel.localtime import get_localzone
from babel.numbers import format_decimal, format_percent

from dashboard.words import catalogue, told

_CHOSEN = "language"
_MARKS = "\\`*_{}[]()<>#+-.!|~:$"
SIZES = ((86_400, "days", 3600, "hours"), (3600, "hours", 60, "minutes"),
         (60, "minutes", 1, "seconds"))  # fmt: skip


def language() -> str:
    """The viewer's, one of those there are."""
    asked = st.query_params.get("lang")
    if asked:
        st.session_state[_CHOSEN] = catalogue.closest(asked)
    chosen = st.session_state.get(_CHOSEN) or st.context.cookies.get("faultline_language")
    return catalogue.closest(chosen or st.context.locale)


def say(key: str, **fields: object) -> str:
    """A text of the catalogue; see ``catalogue.say``."""
    return catalogue.say(language(), key, **fields)


def translated(sentence: str) -> str:
    """A sentence of the detector in the viewer's language; see ``told.translated``."""
    return told.translated(language(), sentence)


def no_markdown(text: str) -> str:
    """Text from elsewhere, such as a device's name, of which nothing is Markdown."""
    return "".join(f"\\{mark}" if mark in _MARKS else mark for mark in text)


def number(value: float, digits: int = 0) -> str:
    """With the separators of the viewer's locale."""
    return format_decimal(value, format=f"#,##0.{'0' * digits}".rstrip("."), locale=_locale())


def percent(share: float) -> str:
    """A share as whole per cent."""
    return format_percent(share, locale=_locale())


def zone() -> ZoneInfo:
    """The time zone that the viewer has chosen, else the browser's, UTC where that is unknown."""
    for name in (st.context.cookies.get("faultline_zone"), st.context.timezone):
        try:
            if name:
                return ZoneInfo(unquote(name))
        except (ZoneInfoNotFoundError, ValueError, OSError):
            continue
    return ZoneInfo("UTC")


def machine_zone() -> str:
    """The name of the time zone that the computer of this server is set to."""
    return str(getattr(get_localzone(), "key", "UTC"))


def moment(ts: float) -> str:
    """A time to the second in the viewer's zone, by order of size: ``2026-03-01 14:03:20``."""
    return datetime.fromtimestamp(ts, UTC).astimezone(zone()).strftime("%Y-%m-%d %H:%M:%S")


def day(ts: float) -> str:
    """A date and an hour as the viewer's locale writes them."""
    return format_datetime(datetime.fromtimestamp(ts, UTC), "medium", zone(), locale=_locale())


def length(seconds: float) -> str:
    """A length of time: ``48.0 s``, ``12 min 5 s``, ``3 h 20 min``, ``2 d 4 h``."""
    whole = round(seconds)
    for size, large, part, small in SIZES:
        if whole >= size:
            parts = (large, whole // size), (small, whole % size // part)
            return " ".join(say(f"common.{unit}", n=count) for unit, count in parts)
    return say("common.seconds", n=number(max(seconds, 0.0), 1))


def _locale() -> Locale:
    """Numbers as the browser has them where it speaks the page's language, else as that does."""
    try:
        browser = Locale.parse(st.context.locale or "", sep="-")
    except (ValueError, UnknownLocaleError, TypeError):
        return Locale.parse(language())
    return browser if browser.language == language() else Locale.parse(language())
