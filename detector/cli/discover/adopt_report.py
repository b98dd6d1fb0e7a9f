"""What ``adopt`` found, for people and for programs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from statistics import median
from textwrap import indent
from typing import Any

from detector.adopting.findings import ChannelFound, DeviceFound, pace_of
from detector.adopting.survey import Adopted, Survey
from detector.adopting.timing import Clock, Pace
from detector.cli.tables import table
from detector.text import counted, inert, listed

MOST_REASONS = 15  # rows of what is not used
SAME_CLOCK_S = 0.05


def as_text(found: Survey) -> str:
    """Source by source, what is not used, and the settings."""
    parts = [_head(found), *map(_source, found.sources)]
    if found.unused:
        parts.append(_unused(found.unused))
    return "\n\n".join([*parts, _checked(found), found.settings])


def as_object(found: Survey) -> dict[str, Any]:
    """All of it, for JSON."""
    heard = found.recording
    return {
        "heard": {
            "topic": heard.filter,
            "seconds": round(heard.seconds, 3),
            "messages": heard.n_live,
            "topics": len(heard.live),
            "retained": heard.retained.total(),
        },
        "sources": [_source_object(source) for source in found.sources],
        "careful": found.careful,
        "unused": [{"topic": topic, "messages": heard.live[topic], "reason": reason}
                   for topic, reason in found.unused.items()],
        "settings": found.settings,
        "differences": found.differences,
    }  # fmt: skip


def _head(found: Survey) -> str:
    heard = found.recording
    count = f"{counted(heard.n_live, 'message')} on {counted(len(heard.live), 'topic')}"
    line = f"listened to {inert(heard.filter)} for {heard.seconds:.0f} s: {count}"
    if heard.retained:
        old = counted(heard.retained.total(), "retained message")
        line += f"\nnot counted: {old} on {counted(len(heard.retained), 'topic')}, from before"
    if heard.n_lost:
        line += f"\ncareful: the connection was lost {counted(heard.n_lost, 'time')}"
    if (rest := heard.n_live - len(heard.kept)) > 0:
        line += f"\nnot looked at: {rest:,} messages, more than are kept in memory"
    return "\n".join([line, *(f"careful: {one}" for one in found.careful)])


def _source(source: Adopted) -> str:
    found = source.found
    formats = ", ".join(found.formats) or "nothing read"
    heard = f"{counted(found.topics.total(), 'message')} on {counted(len(found.topics), 'topic')}"
    lines = [f"{inert(source.proposal.topic)}: {formats}, {heard}"]
    lines += [f"  {why}" for why in source.proposal.why]
    if source.proposal.alternatives:
        lines.append(f"  or: {listed(list(source.proposal.alternatives))}")
    if found.clock.origins:
        lines.append(f"  time: {_clock(found.clock)}")
    lines += [f"  careful: {line}" for line in source.careful]
    lines += [f"  {line}" for line in _gaps(source.devices)]
    if found.left_out:
        shown = [f"{name} ({reason})" for name, reason in found.left_out.items()]
        lines.append(f"  left out: {listed(shown, 3)}")
    for devices in _alike(source.devices):
        names = listed([device.name for device in devices])
        count = f"{len(devices)} devices: " if len(devices) > 1 else ""
        lines += ["", f"  {count}{names}", indent(_channels(devices), "    ")]
    return "\n".join(lines)


def _clock(clock: Clock) -> str:
    parts = []
    total = clock.origins.total()
    for (origin, unit), count in clock.origins.most_common(3):
        where = origin if origin in ("arrival", "the payload") else f"`{inert(origin)}`"
        share = "" if count == total else f" ({100 * count / total:.0f} %)"
        parts.append(f"{where}{f', {unit}' if unit else ''}{share}")
    line = "; ".join(parts)
    offset = clock.offset_s
    if offset is None:
        return f"{line}, for messages tell none"
    if abs(offset) < SAME_CLOCK_S:
        return f"{line}; the clocks agree"
    return f"{line}; {_span(offset)} {'before' if offset > 0 else 'after'} arrival"


def _span(seconds: float) -> str:
    size = abs(seconds)
    return f"{size:.2g} s" if size < 100 else f"{size / 3600:.3g} h"


def _gaps(devices: Sequence[DeviceFound]) -> Iterator[str]:
    having = [device for device in devices if device.timing.gaps]
    if having:
        worst = max(having, key=lambda device: device.timing.longest_gap_s)
        count = sum(device.timing.gaps for device in having)
        longest = f"{worst.timing.longest_gap_s:.3g} s of {inert(worst.name)}"
        yield f"gaps: {count} in {counted(len(having), 'device')}, the longest {longest}"


def _alike(devices: Iterable[DeviceFound]) -> list[list[DeviceFound]]:
    """Devices with the same channels together."""
    groups: dict[tuple[str, ...], list[DeviceFound]] = defaultdict(list)
    for device in devices:
        groups[tuple(device.channels)].append(device)
    return list(groups.values())


def _channels(devices: Sequence[DeviceFound]) -> str:
    head = ("channel", "unit", "low", "high", "Hz", "jitter", "pace")
    rows = [_row(name, devices) for name in devices[0].channels]
    return table(head, rows, "")


def _row(name: str, devices: Sequence[DeviceFound]) -> tuple[str, ...]:
    """One channel, over all devices."""
    channels = [device.channels[name] for device in devices]
    lows = [one.low for one in channels if one.low is not None]
    highs = [one.high for one in channels if one.high is not None]
    pace = pace_of(devices, name)
    timings = [one.timing for one in channels if one.timing.pace is pace]
    rates = [one.rate_hz for one in timings if one.rate_hz is not None]
    jitters = [one.jitter for one in timings if one.jitter is not None]
    return (
        name,
        channels[0].unit,
        f"{min(lows):.4g}" if lows else "missing",
        f"{max(highs):.4g}" if highs else "missing",
        f"{median(rates):.3g}" if rates else "",
        f"{100 * median(jitters):.0f} %" if jitters else "",
        f"{pace.value} to say" if pace is Pace.FEW else pace.value,
    )


def _unused(unused: dict[str, str]) -> str:
    by_reason: dict[str, list[str]] = defaultdict(list)
    for topic, reason in unused.items():
        by_reason[reason].append(topic)
    rows = [(listed(topics, 2), reason) for reason, topics in by_reason.items()]
    more = len(rows) - MOST_REASONS
    text = f"not used\n{indent(table(('topic', 'reason'), rows[:MOST_REASONS], ''), '  ')}"
    return f"{text}\n  and {more} more, with --json" if more > 0 else text


def _checked(found: Survey) -> str:
    if found.differences:
        lines = "\n".join(f"#   {line}" for line in found.differences[:MOST_REASONS])
        return f"# settings to paste; careful, read with them it is not as above:\n{lines}"
    n_devices = len({device.name for source in found.sources for device in source.devices})
    n_messages = sum(source.found.topics.total() for source in found.sources)
    return ("# settings to paste into faultline.toml, checked: they read "
            f"{counted(n_messages, 'message')} as {counted(n_devices, 'device')}")  # fmt: skip


def _source_object(source: Adopted) -> dict[str, Any]:
    found, clock = source.found, source.found.clock
    return {
        "topic": source.proposal.topic,
        **source.proposal.settings,
        "why": source.proposal.why,
        "careful": source.careful,
        "alternatives": source.proposal.alternatives,
        "formats": dict(found.formats),
        "messages": found.topics.total(),
        "refused": [{"kind": kind, "messages": count, "line": found.refusals[kind]}
                    for kind, count in found.refused.items()],
        "left_out": found.left_out,
        "time": [{"from": origin, "unit": unit, "messages": count}
                 for (origin, unit), count in clock.origins.items()],
        "offset_s": clock.offset_s,
        "devices": [_device_object(device) for device in source.devices],
    }  # fmt: skip


def _device_object(device: DeviceFound) -> dict[str, Any]:
    return {
        "device": device.name,
        "messages": device.messages,
        "gaps": device.timing.gaps,
        "longest_gap_s": device.timing.longest_gap_s,
        "channels": [_channel_object(channel) for channel in device.channels.values()],
    }


def _channel_object(channel: ChannelFound) -> dict[str, Any]:
    return {
        "channel": channel.name,
        "unit": channel.unit,
        "low": channel.low,
        "high": channel.high,
        "samples": channel.samples,
        "missing": channel.missing,
        "rate_hz": channel.timing.rate_hz,
        "jitter": channel.timing.jitter,
        "pace": channel.timing.pace.value,
    }
