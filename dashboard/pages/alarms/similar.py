"""Has this been before? The earlier alarms whose features contributed alike."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from detector.records import Alarm

LIKE = 0.8  # cosine from which two alarms are called alike
SHOWN = 5


@dataclass(frozen=True, slots=True)
class Match:
    """An earlier alarm, and how alike its contributions are, 0 to 1."""

    alarm: Alarm
    alike: float


def similar(alarm: Alarm, earlier: Sequence[Alarm], shown: int = SHOWN) -> list[Match]:
    """The alarms most like one, those of its device before those of others.

    Args:
        alarm: With contributions; without, nothing is like it.
        earlier: Candidates.
        shown: At most so many.
    """
    found = [Match(one, cosine(alarm.contributions, one.contributions)) for one in earlier]
    alike = [match for match in found if match.alike >= LIKE]
    return sorted(alike, key=lambda m: (m.alarm.device != alarm.device, -m.alike))[:shown]


def cosine(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    """Of two vectors by feature; 0 where one of them is empty."""
    product = sum(share * other.get(name, 0.0) for name, share in one.items())
    norm = math.hypot(*one.values()) * math.hypot(*other.values())
    return product / norm if norm else 0.0
