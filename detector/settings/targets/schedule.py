"""When a target of notifications is told: days and hours by the clock on its wall."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator

from detector.settings.section import Section

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MIN = 24 * 60


class Schedule(Section):
    """Days and hours; outside of them a target is told nothing, and nothing waits for it."""

    days: str = Field("mon-sun", description="Days and ranges of days, for example `mon-fri,sun`.")
    hours: str = Field(
        "00:00-24:00",
        description="Ranges of hours, for example `08:00-12:00,13:00-17:30`; `22:00-06:00` goes on "
        "into the next day.",
    )
    time_zone: str = Field("UTC", description="Whose clock it is, for example `Asia/Seoul`.")

    def covers(self, at: float) -> bool:
        """Whether a time, UTC seconds, is in it."""
        local = datetime.fromtimestamp(at, UTC).astimezone(ZoneInfo(self.time_zone))
        today, minute = local.weekday(), local.hour * 60 + local.minute
        days = _days(self.days)
        return any(
            (today in days and begin <= minute < end)
            or ((today - 1) % 7 in days and begin <= minute + DAY_MIN < end)
            for begin, end in _hours(self.hours)
        )

    @field_validator("days")
    @classmethod
    def _known_days(cls, text: str) -> str:
        _days(text)
        return text

    @field_validator("hours")
    @classmethod
    def _known_hours(cls, text: str) -> str:
        _hours(text)
        return text

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("allowed: a zone such as Europe/Berlin or UTC") from None
        return name


@lru_cache(maxsize=64)
def _days(text: str) -> frozenset[int]:
    """Numbers of the days, Monday 0; a range may go over the end of the week."""
    found: set[int] = set()
    for part in text.lower().split(","):
        first, _, last = part.strip().partition("-")
        if first not in DAYS or (last or first) not in DAYS:
            raise ValueError(f"allowed: {', '.join(DAYS)} and ranges of them, such as mon-fri")
        begin, end = DAYS.index(first), DAYS.index(last or first)
        found |= {day % 7 for day in range(begin, end + (7 if end < begin else 0) + 1)}
    return frozenset(found)


@lru_cache(maxsize=64)
def _hours(text: str) -> tuple[tuple[int, int], ...]:
    """Begin and end in minutes of a day; what goes over midnight ends beyond ``DAY_MIN``."""
    found = []
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        begin, end = _minute(first), _minute(last)
        if begin in {end, DAY_MIN}:
            raise ValueError(f"{part.strip()} is no time at all; allowed: such as 08:00-17:00")
        found.append((begin, end if end > begin else end + DAY_MIN))
    return tuple(found)


def _minute(text: str) -> int:
    hour, _, minute = text.partition(":")
    is_clock = len(hour) == 2 and len(minute) == 2 and (hour + minute).isdecimal()
    found = int(hour) * 60 + int(minute) if is_clock and int(minute) < 60 else DAY_MIN + 1
    if found > DAY_MIN:
        raise ValueError("allowed: ranges such as 08:00-17:00, from 00:00 to 24:00")
    return found
