"""The stretch of time that every page shows: live, the last so long, or from one time to another.

It is chosen once, in the header, kept over pages, and part of the link: ``?range=1h`` or
``?from=2026-03-01T14:00:00Z&to=2026-03-01T15:00:00Z``; a link without either is live.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import NoReturn

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from dashboard.words.viewer import no_markdown, say, zone

NAMES = ("range", "from", "to")
OFFERED = ("15m", "1h", "24h", "7d")
LONGEST_S = 3660 * 86_400.0
_UNITS = {"m": 60.0, "h": 3600.0, "d": 86_400.0}
_LAST = re.compile(r"([0-9]{1,6}) ?(m|h|d)(?:in|ays|ay)?")
_KEPT = "time range"


class RangeError(ValueError):
    """A link names a range that there cannot be; what is wrong in the viewer's language."""


@dataclass(frozen=True)
class TimeRange:
    """What is looked at; live where nothing is set.

    Attributes:
        last_s: Up to now, seconds, > 0.
        start: UTC seconds.
        end: UTC seconds, after ``start``; None beside a start: up to now.
    """

    last_s: float | None = None
    start: float | None = None
    end: float | None = None

    @property
    def is_live(self) -> bool:
        """Whether the newest samples are followed as they come."""
        return self.last_s is None and self.start is None

    def bounds(self, now: float) -> tuple[float, float] | None:
        """From when to when, UTC seconds; None while live.

        Args:
            now: By the clock that the samples have, such as a device's own.
        """
        if self.last_s is not None:
            return now - self.last_s, now
        if self.start is None:
            return None
        end = max(now, self.start + 1.0) if self.end is None else self.end
        return self.start, end


def choose_range() -> TimeRange:
    """The range that this viewer has chosen; in the link from now on.

    What the link says counts, else what was chosen on another page. A link that says nonsense
    is told on one line, once, and the page is live.
    """
    asked = {name: st.query_params[name] for name in NAMES if name in st.query_params}
    if asked:
        st.session_state[_KEPT] = asked
    kept: dict[str, str] = st.session_state.get(_KEPT, {})
    try:
        chosen = read(kept, zone())
    except RangeError as refused:
        st.warning(no_markdown(str(refused)), icon=":material/error:")
        chosen, kept = TimeRange(), {}
    keep(kept)
    return chosen


def keep(words: Mapping[str, str]) -> None:
    """Set what every page shows from now on, as a link says it; nothing: live."""
    st.session_state[_KEPT] = dict(words)
    for name in NAMES:
        if name in words and st.query_params.get(name) != words[name]:
            st.query_params[name] = words[name]
        elif name not in words and name in st.query_params:
            del st.query_params[name]


def kept() -> dict[str, str]:
    """The range as the link says it."""
    return dict(st.session_state.get(_KEPT, {}))


def open_page(page: StreamlitPage, query: Mapping[str, str]) -> NoReturn:
    """Go to another page of which the link says ``query``; the range goes with it."""
    st.switch_page(page, query_params={**kept(), **query})


def read(words: Mapping[str, str], zone: tzinfo) -> TimeRange:
    """A range from a link.

    Args:
        words: Of ``range``, ``from`` and ``to`` those that the link has.
        zone: Of times that name none.

    Raises:
        RangeError: If that is no range.
    """
    if "from" in words:
        start = _moment("from", words["from"], zone)
        end = _moment("to", words["to"], zone) if "to" in words else None
        if end is not None and end <= start:
            raise RangeError(say("shell.range_turned", start=words["from"], end=words["to"]))
        return TimeRange(start=start, end=end)
    if "to" in words:
        raise RangeError(say("shell.range_no_start", end=_short(words["to"])))
    text = words.get("range", "live")
    return TimeRange() if text.lower() == "live" else TimeRange(last_s=_last(text))


def as_link(start: float, end: float) -> dict[str, str]:
    """A stretch as a link says it, UTC to the millisecond."""
    return {"from": _iso(start), "to": _iso(end)}


def _last(text: str) -> float:
    found = _LAST.fullmatch(text.strip().lower())
    seconds = int(found[1]) * _UNITS[found[2]] if found else 0.0
    if not 0 < seconds <= LONGEST_S:
        allowed = ", ".join(("live", *OFFERED))
        raise RangeError(say("shell.range_refused", found=_short(text), allowed=allowed))
    return seconds


def _moment(name: str, text: str, zone: tzinfo) -> float:
    """UTC seconds of ISO 8601, or of seconds as a number."""
    try:
        if re.fullmatch(r"[0-9]{1,11}(\.[0-9]+)?", text):
            return float(text)
        at = datetime.fromisoformat(text.strip())
        seconds = (at if at.tzinfo else at.replace(tzinfo=zone)).timestamp()
    except (ValueError, OverflowError):
        seconds = math.nan
    if not math.isfinite(seconds) or seconds < 0:
        raise RangeError(say("shell.moment_refused", name=name, found=_short(text)))
    return seconds


def _iso(ts: float) -> str:
    at = datetime.fromtimestamp(ts, UTC).isoformat(timespec="milliseconds")
    return at.removesuffix("+00:00").removesuffix(".000") + "Z"


def _short(text: str) -> str:
    return repr(text if len(text) <= 40 else f"{text[:40]}…")
