"""What is deleted, and why: a pure decision from what there is, how old it is and how large."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

DAY_S = 86_400.0
ARCHIVE, HOT = "archive", "hot"
# Whole samples first, the oldest of all; then rollups, the finest first.
ORDER = (ARCHIVE, HOT, "1s", "1min", "15min")
SLACK = 0.02  # of the limit: so much more goes at once, so that it is not asked every second


@dataclass(frozen=True, slots=True)
class Tier:
    """What a tier holds.

    Attributes:
        name: One of ``ORDER``.
        bytes: On disk.
        oldest: Arrival of its oldest, UTC seconds; None: it is empty.
        is_limited: Whether the limit is about it: of a disk, what lies elsewhere is not.
    """

    name: str
    bytes: int
    oldest: float | None
    is_limited: bool = True


@dataclass(frozen=True, slots=True)
class Holding:
    """All that a store holds.

    Attributes:
        tiers: Each once.
        kept_bytes: Of what is never deleted for its size: alarms, flight records, commands;
            where the limit is a disk's, of what lies on it.
        beside_bytes: Of these, of files.
    """

    tiers: Sequence[Tier]
    kept_bytes: int
    beside_bytes: int = 0

    @property
    def bytes(self) -> int:
        """Of all that the limit is about."""
        return self.kept_bytes + sum(tier.bytes for tier in self.tiers if tier.is_limited)


@dataclass(frozen=True, slots=True)
class Drop:
    """The oldest of a tier are to go: all before a time, or as many as make some room.

    Attributes:
        tier: Its name.
        before: Arrival, UTC seconds; None: whatever is oldest.
        bytes: To be freed; None: all before the time.
        reason: ``age`` or ``size``.
    """

    tier: str
    before: float | None
    bytes: int | None
    reason: str


def decide(
    holding: Holding, days: Mapping[str, float], limit_bytes: float, now: float
) -> list[Drop]:
    """What goes: first what is too old, then what there is no room for.

    Args:
        holding: What there is.
        days: Age at which each tier is deleted.
        limit_bytes: Most room for everything.
        now: UTC seconds.

    Returns:
        In the order in which they are to be carried out.
    """
    return [*_too_old(holding, days, now), *_too_large(holding, limit_bytes)]


def is_kept_alone_too_large(holding: Holding, limit_bytes: float) -> bool:
    """Whether what is never deleted for its size exceeds the limit by itself."""
    return holding.kept_bytes > limit_bytes


def _too_old(holding: Holding, days: Mapping[str, float], now: float) -> Iterator[Drop]:
    for tier in holding.tiers:
        before = now - days[tier.name] * DAY_S
        if tier.oldest is not None and tier.oldest < before:
            yield Drop(tier.name, before, None, "age")


def _too_large(holding: Holding, limit_bytes: float) -> Iterator[Drop]:
    if holding.bytes <= limit_bytes:
        return
    missing = holding.bytes - (1 - SLACK) * limit_bytes
    by_name = {tier.name: tier for tier in holding.tiers if tier.is_limited}
    for name in ORDER:
        tier = by_name.get(name)
        if missing <= 0 or tier is None or not tier.bytes:
            continue
        freed = min(missing, tier.bytes)
        yield Drop(name, None, int(freed) + 1, "size")
        missing -= freed
