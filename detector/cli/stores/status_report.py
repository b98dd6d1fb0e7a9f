"""What ``store status`` prints for people."""

from __future__ import annotations

from detector.cli.tables import moment, table
from detector.store.upkeep.usage import DeviceUsage, StoreUsage
from detector.store.versions import VERSION

DAY_S = 86_400.0


def report(usage: StoreUsage, retention_days: float) -> str:
    """A table of the devices, and lines on the whole."""
    head = ("device", "first sample", "newest sample", "samples", "MB")
    about = "" if usage.is_exact else "about "
    rows = [_row(device, about) for device in usage.devices]
    return "\n".join([*_lines(usage, retention_days), "", table(head, rows, "no samples")])


def _lines(usage: StoreUsage, retention_days: float) -> list[str]:
    older = "" if usage.version == VERSION else f", this program's is {VERSION}: store migrate"
    lines = [
        f"store: {usage.url}",
        f"version: {usage.version}{older}",
        f"on disk: {_mb(usage.bytes)}, of which {_mb(usage.reusable_bytes)} to be used again",
        f"growth: {_growth(usage)}",
        f"retention: {_retention(usage, retention_days)}",
        f"disk: {_disk(usage)}",
    ]
    if not usage.is_exact:
        lines.append("samples and MB are estimated from frames evenly spaced over the store")
    return lines


def _growth(usage: StoreUsage) -> str:
    if usage.growth.bytes_per_day is None:
        return "none, nothing arrived in the last day"
    over = (
        "the last day"
        if usage.growth.observed_s >= DAY_S
        else f"{usage.growth.observed_s / 3600:.1f} h"
    )
    return f"{_mb(usage.growth.bytes_per_day)} a day, by what arrived in {over}"


def _retention(usage: StoreUsage, retention_days: float) -> str:
    rule = f"frames go after {retention_days:g} days (store.retention_days)"
    if usage.growth.freed_from is None:
        return rule
    if usage.growth.freed_bytes:
        return f"{rule}, {_mb(usage.growth.freed_bytes)} within the next day"
    return f"{rule}, the first on {moment(usage.growth.freed_from)} UTC"


def _disk(usage: StoreUsage) -> str:
    if usage.disk_free_bytes is None:
        return "not known here"
    if usage.days_until_full is None:
        return f"{_mb(usage.disk_free_bytes)} free, enough at this growth"
    return f"{_mb(usage.disk_free_bytes)} free, full in {usage.days_until_full:.1f} days"


def _row(device: DeviceUsage, about: str) -> tuple[str, ...]:
    samples = "few" if device.samples is None else f"{about}{device.samples:,}"
    size = "" if device.bytes is None else f"{device.bytes / 1e6:,.1f}"
    return (device.device, moment(device.first), moment(device.newest), samples, size)


def _mb(size: float) -> str:
    return f"{size / 1e6:,.1f} MB"
