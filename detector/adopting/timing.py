"""When samples come: rate, jitter, on change or periodic, gaps; and where their time is from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import numpy as np

from detector.ingest.codecs.json import parse
from detector.ingest.messages.contract import Message, Record
from detector.records import Times
from detector.vocabulary import FINER_FROM, TIME_NAMES

FEWEST = 5  # times that say something of a pace
STEADY_WITHIN = 0.5  # of a period; so far from it an interval still belongs to it
STEADY_SHARE = 0.8  # of all intervals
GAP_PERIODS = 3.0
UNZONED = "ISO 8601 without zone, read as UTC"
UNITS = {1e9: "ns", 1e6: "µs", 1e3: "ms"}


class Pace(StrEnum):
    """How values follow each other."""

    PERIODIC = "periodic"
    ON_CHANGE = "on change"
    FEW = "too few"


@dataclass(frozen=True)
class Timing:
    """The pace of some samples.

    Attributes:
        pace: How they follow each other.
        rate_hz: Samples a second; None where there are too few.
        jitter: Share of the period within which 90 % of intervals stay; None unless periodic.
        repeats: Share of samples with the time of another.
        gaps: Pauses longer than three periods, where it is periodic.
        longest_gap_s: The longest of them.
    """

    pace: Pace
    rate_hz: float | None = None
    jitter: float | None = None
    repeats: float = 0.0
    gaps: int = 0
    longest_gap_s: float = 0.0


def timing_of(times: Times) -> Timing:
    """Judge sample times, in any order.

    Args:
        times: Shape (n,), UTC seconds.
    """
    intervals = np.diff(np.unique(times))
    repeats = 1.0 - (len(intervals) + 1) / len(times) if len(times) else 0.0
    if len(intervals) + 1 < FEWEST:
        return Timing(Pace.FEW, repeats=repeats)
    period = float(np.median(intervals))
    off = np.abs(intervals - period) / period
    if np.mean(off <= STEADY_WITHIN) < STEADY_SHARE:
        return Timing(Pace.ON_CHANGE, len(intervals) / float(intervals.sum()), None, repeats)
    is_gap = intervals > GAP_PERIODS * period
    return Timing(
        Pace.PERIODIC,
        1.0 / period,
        float(np.quantile(off[~is_gap], 0.9)),
        repeats,
        int(is_gap.sum()),
        float(intervals.max(initial=0.0, where=is_gap)),
    )


@dataclass
class Clock:
    """Where the times of a source come from, and how they lie to the arrival.

    Attributes:
        origins: Messages by where their time stands and its unit.
        late_s: Arrival minus newest sample time, of each message with a time.
    """

    origins: Counter[tuple[str, str]] = field(default_factory=Counter)
    late_s: list[float] = field(default_factory=list)

    def note(self, codec: str, message: Message, records: Sequence[Record], newest: float) -> None:
        """Add one message.

        Args:
            codec: That read it.
            message: As read.
            records: What stands in it.
            newest: Time of its newest sample, UTC seconds.
        """
        times = [record.time for record in records if record.time is not None]
        if not times:
            self.origins["arrival", ""] += 1
            return
        first = times[0][0] if isinstance(times[0], list) and times[0] else times[0]
        key = _key_of(times[0], parse(message.payload)) if codec == "json" else ""
        is_as_sent = key or codec not in ("json", "sparkplug")
        self.origins[key or "the payload", unit_of(first) if is_as_sent else ""] += 1
        self.late_s.append(message.arrival - newest)

    @property
    def offset_s(self) -> float | None:
        """The median of ``late_s``; above 0 the device's clock is behind, or its messages late."""
        return float(np.median(self.late_s)) if self.late_s else None


def unit_of(time: object) -> str:
    """In what a time is told, as ``moment`` reads it."""
    if isinstance(time, datetime):
        return "date"
    if isinstance(time, str) and not time.strip().replace(".", "", 1).isdecimal():
        is_zoned = datetime.fromisoformat(time.strip()).tzinfo is not None
        return "ISO 8601" if is_zoned else UNZONED
    number = float(str(time))
    return next((UNITS[per_s] for bound, per_s in FINER_FROM if number > bound), "s")


def _key_of(time: object, document: object) -> str:
    """The key under which a time stands in a document; empty where none is found."""
    for key, value in _pairs(document):
        if value == time and (key.lower() in TIME_NAMES or type(value) is type(time)):
            return key
    return ""


def _pairs(document: object) -> Iterable[tuple[str, Any]]:
    """All keys and values, the usual names of times first among those of one object."""
    if isinstance(document, Mapping):
        yield from sorted(document.items(), key=lambda pair: pair[0].lower() not in TIME_NAMES)
        for value in document.values():
            yield from _pairs(value)
    elif isinstance(document, list):
        for value in document[:3]:
            yield from _pairs(value)
