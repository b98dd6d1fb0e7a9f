"""How long there is room, where each tier grows until as much goes as comes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Flow:
    """What comes to a tier.

    Attributes:
        bytes_per_day: That come, >= 0.
        grows_days: From now until as much goes as comes, >= 0; infinite: nothing ever goes.
    """

    bytes_per_day: float
    grows_days: float


def days_until(room: float, flows: Sequence[Flow]) -> float | None:
    """When so many bytes more are taken, if each day brings as much as the last.

    Returns:
        Days, or None: never.
    """
    if math.isinf(room):
        return None
    at, left = 0.0, room
    for until in sorted({flow.grows_days for flow in flows}):
        rate = sum(flow.bytes_per_day for flow in flows if flow.grows_days > at)
        if left <= 0 or (rate > 0 and left <= rate * (until - at)):
            return at + max(left, 0.0) / rate if rate else at
        if rate > 0:
            left -= rate * (until - at)
        at = until
    return 0.0 if left <= 0 else None
