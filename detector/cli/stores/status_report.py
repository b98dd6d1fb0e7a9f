"""What ``store status`` prints for people."""

from __future__ import annotations

from collections.abc import Iterator

from detector.cli.tables import moment, table
from detector.store.measuring.tiers import ORDER, TierUsage
from detector.store.measuring.usage import DeviceUsage, Room, StoreUsage
from detector.store.versions import VERSION

DAY_S = 86_400.0


def report(usage: StoreUsage, retention_days: float) -> str:
    """Lines on the whole, and tables of the tiers and of the devices."""
    parts = ["\n".join(_lines(usage, retention_days))]
    if usage.tiers:
        head = ("tier", "first", "newest", "samples", "MB", "MB a day")
        parts.append(table(head, [_tier(one, usage) for one in usage.tiers], "empty"))
    shown = [name for name in ORDER if any(one.tier == name for one in usage.tiers)]
    about = "" if usage.is_exact else "about "
    rows = [_device(device, about, shown) for device in usage.devices]
    heads = ("device", "first sample", "newest sample", "samples", "MB", *shown)
    parts.append(table(heads, rows, "no samples"))
    return "\n\n".join(parts)


def _lines(usage: StoreUsage, retention_days: float) -> Iterator[str]:
    older = "" if usage.version == VERSION else f", this program's is {VERSION}: store migrate"
    yield f"store: {usage.url}"
    yield f"version: {usage.version}{older}"
    yield f"database: {_mb(usage.bytes)}, of which {_mb(usage.reusable_bytes)} to be used again"
    if usage.room is not None:
        yield f"growth: {_growth(usage)}"
        yield f"retention: {_retention(usage, retention_days)}"
        yield f"limit: {_limit(usage.room)}"
        yield f"disk: {_disk(usage.room)}"
        if usage.room.is_kept_too_large:
            yield (f"alarms, flight records and commands alone take {_mb(usage.room.kept_bytes)}, "
                   "more than the limit; they stay, no sample does")  # fmt: skip
    if not usage.is_exact:
        yield "samples and MB of frames are estimated from some evenly spaced over the store"


def _growth(usage: StoreUsage) -> str:
    if usage.growth.bytes_per_day is None:
        return "none, nothing arrived in the last day"
    is_day = usage.growth.observed_s >= DAY_S
    over = "the last day" if is_day else f"{usage.growth.observed_s / 3600:.1f} h"
    return f"{_mb(usage.growth.bytes_per_day)} a day, by what arrived in {over}"


def _retention(usage: StoreUsage, retention_days: float) -> str:
    rule = f"samples go after {retention_days:g} days (store.retention_days)"
    if usage.growth.freed_from is None:
        return rule
    if usage.growth.freed_bytes:
        return f"{rule}, {_mb(usage.growth.freed_bytes)} within the next day"
    return f"{rule}, the first on {moment(usage.growth.freed_from)} UTC"


def _limit(room: Room) -> str:
    if room.limit_bytes is None:
        return "none (store.size_gb)"
    held = f"{_mb(room.held_bytes)} of {_mb(room.limit_bytes)} taken"
    if room.days_until_limit is None:
        return f"{held}, enough at this growth"
    if not room.days_until_limit:
        return f"{held}, the oldest go now"
    return f"{held}, the oldest go in {room.days_until_limit:.1f} days"


def _disk(room: Room) -> str:
    if room.disk_free_bytes is None:
        return "not known here"
    if room.days_until_full is None:
        return f"{_mb(room.disk_free_bytes)} free, enough at this growth"
    return f"{_mb(room.disk_free_bytes)} free, full in {room.days_until_full:.1f} days"


def _tier(tier: TierUsage, usage: StoreUsage) -> tuple[str, ...]:
    rate = usage.growth.by_tier.get(tier.tier)
    return (
        tier.tier, _moment(tier.first), _moment(tier.newest),
        "" if tier.samples is None else f"{tier.samples:,}", f"{tier.bytes / 1e6:,.1f}",
        "" if rate is None else f"{rate / 1e6:,.1f}",
    )  # fmt: skip


def _device(device: DeviceUsage, about: str, shown: list[str]) -> tuple[str, ...]:
    samples = "few" if device.samples is None else f"{about}{device.samples:,}"
    size = "" if device.bytes is None else f"{device.bytes / 1e6:,.1f}"
    by_tier = {one.tier: f"{one.bytes / 1e6:,.1f}" for one in device.tiers}
    return (device.device, _moment(device.first), _moment(device.newest), samples, size,
            *(by_tier.get(name, "") for name in shown))  # fmt: skip


def _moment(ts: float | None) -> str:
    try:
        return "" if ts is None else moment(ts)
    except (OverflowError, ValueError):  # of a clock that is far off
        return f"{ts:g} s"


def _mb(size: float) -> str:
    return f"{size / 1e6:,.1f} MB"
