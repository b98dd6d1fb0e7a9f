"""What a column's name says: its unit, and whether it is called like a time, a label, a counter."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from detector.errors import SessionFileError
from detector.text import inert, listed
from detector.vocabulary import TIME_NAMES

# Beside those of messages: what loggers, spreadsheets and other languages call a time.
OTHER_TIME_NAMES = (
    "date_time", "zeitstempel", "zeit", "datum", "datum_zeit", "uhrzeit", "datum_uhrzeit",
    "local_time", "utc_time", "sample_time", "log_time", "gps_time", "elapsed", "elapsed_time",
    "relative_time", "x_value", "seconds", "second", "sec", "secs", "millis", "micros",
    "horodatage", "heure", "temps", "fecha", "hora", "tiempo", "fecha_hora", "tempo", "ora",
    "data_ora", "tijd", "datetime_utc", "utc_datetime", "timestamp_utc", "시간", "시각",
    "일시", "날짜", "時刻", "時間", "日時", "last_changed", "last_updated",
    "start_time",
)  # fmt: skip
# Called so, a time is often that of another event than the sampling.
BESIDE = frozenset(
    {"created_at", "received_at", "reported_at", "last_seen", "last_changed", "last_updated",
     "start_time"}
)  # fmt: skip
DATES = frozenset({"date", "datum", "fecha", "날짜"})
LABELS = ("label", "anomaly", "is_anomaly", "labels")
SESSION, CHANGE_POINT = "session", "changepoint"
COUNTERS = frozenset(
    {"", "index", "level_0", "index_level_0", "#", "no", "nr", "row", "row_number", "rownum", "id",
     "record", "record_number", "recno", "seq", "sequence", "sample", "sample_number", "n", "번호"}
)  # fmt: skip
# What ``score`` and ``export`` write beside the signals says nothing of the machine.
WRITTEN, RECONSTRUCTED = frozenset({"score", "mse", "threshold"}), "_reconstruction"
SCALES = {
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), 1.0),
    **dict.fromkeys(("ms", "msec", "millis", "milliseconds"), 1e-3),
    **dict.fromkeys(("us", "µs", "μs", "usec", "micros", "microseconds"), 1e-6),
    **dict.fromkeys(("ns", "nsec", "nanos", "nanoseconds"), 1e-9),
    **dict.fromkeys(("min", "mins", "minutes"), 60.0),
    **dict.fromkeys(("h", "hr", "hours"), 3600.0),
    **dict.fromkeys(("d", "days"), 86_400.0),
}
_BRACKETS = re.compile(r"(.*\S)\s*(?:\[([^\[\]]*)\]|\(([^()]*)\))", re.DOTALL)
_NO_UNIT = re.compile(r"\d*|[xyzXYZ]")  # ``acc (x)`` and ``temp (2)`` tell columns apart
_BETWEEN = re.compile(r"[\s_\-/.:]+")
_NAMELESS = re.compile(r"(?:Unnamed: \d+)?")  # as pandas calls them


def key_of(name: str) -> str:
    """A name in its plainest form: ``Date/Time`` and ``_date time`` are both ``date_time``."""
    return _BETWEEN.sub("_", name.strip().lower()).strip("_")


_ALL_TIME_NAMES = (*TIME_NAMES, *OTHER_TIME_NAMES)
TIME_RANKS = {key_of(name): rank for rank, name in enumerate(_ALL_TIME_NAMES[::-1])}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes:
        place: Its number, from 0.
        heading: As it stands in the file.
        name: Without the unit; empty where it has none.
        unit: In words; empty where unknown.
    """

    place: int
    heading: str
    name: str
    unit: str

    @property
    def key(self) -> str:
        """The name's plainest form."""
        return key_of(self.name)

    @property
    def shown(self) -> str:
        """The name for people."""
        return inert(self.heading) or f"column {self.place + 1}"

    @property
    def time_rank(self) -> int | None:
        """How surely it is called like a time, 0 the least; None: it is not."""
        known = TIME_RANKS.get(self.key)
        if known is not None:
            return known
        stem, _, end = self.key.rpartition("_")
        return TIME_RANKS.get(stem) if end in SCALES else None

    @property
    def scale_s(self) -> float | None:
        """Seconds of a time's unit, as the unit or the end of the name says it."""
        unit = self.unit.strip().lower()
        return SCALES.get(unit) or SCALES.get(self.key.rpartition("_")[2])


def columns_of(headings: Sequence[object], units: Mapping[str, str], where: str) -> list[Column]:
    """Columns with their names and units.

    Args:
        headings: As the reader hands them.
        units: By heading, where the file tells them apart.
        where: The file, for the refusal.

    Raises:
        SessionFileError: If two have the same name.
    """
    texts = ["" if heading is None else str(heading).strip("\ufeff \t\r\n") for heading in headings]
    parted = [_parted(text) for text in texts]
    often = Counter(name for name, _ in parted)
    columns = []
    for place, (text, (name, unit)) in enumerate(zip(texts, parted, strict=True)):
        if often[name] > 1:  # the brackets tell them apart
            name, unit = ("" if _NAMELESS.fullmatch(text) else text), ""  # noqa: PLW2901
        columns.append(Column(place, text, name, units.get(str(headings[place]), unit)))
    _refuse_twins(columns, where)
    return columns


def _parted(text: str) -> tuple[str, str]:
    if _NAMELESS.fullmatch(text):
        return "", ""
    found = _BRACKETS.fullmatch(text)
    if found is None:
        return text, ""
    unit = (found[2] if found[2] is not None else found[3]).strip()
    return (text, "") if _NO_UNIT.fullmatch(unit) else (found[1].strip(), unit)


def _refuse_twins(columns: Sequence[Column], where: str) -> None:
    often = Counter(column.name for column in columns if column.name)
    twins = [name for name, count in often.items() if count > 1]
    if twins:
        raise SessionFileError(
            f"{where}: columns: found {listed(twins)} more than once; allowed: a name for each"
        )
