"""``alarms`` and ``devices``: what is in the store. Each returns what it prints."""

from __future__ import annotations

import argparse
import dataclasses
from typing import Any

from detector.alarms.priority import shares
from detector.cli.operating.figures_report import tell
from detector.cli.tables import as_json, moment, table
from detector.records import Alarm, Command, DeviceStatus, Unused
from detector.settings.load import load_settings
from detector.settings.tree import Settings
from detector.store import alarms, commands, devices, flight_log, unused
from detector.store.schema import open_store


def list_alarms(args: argparse.Namespace) -> str:
    """Alarms in the store, the newest first."""
    if args.figures:
        return tell(_store(args), args)
    with _store(args).begin() as connection:
        found = alarms.listed(connection, args.device, args.limit, only_open=args.open)
        comments = commands.comments(connection) if args.json else {}
        recorded = flight_log.recorded(connection, [alarm.id or 0 for alarm in found])
    if args.json:
        return as_json([_alarm_object(alarm, comments.get(alarm.id or 0, []), alarm.id in recorded)
                        for alarm in found])  # fmt: skip
    head = ("id", "device", "kind", "state", "priority", "start", "seconds", "peak", "record",
            "what", "verdict")  # fmt: skip
    rows = [_alarm_row(alarm, is_recorded=alarm.id in recorded) for alarm in found]
    return table(head, rows, "no alarms")


def list_devices(args: argparse.Namespace) -> str:
    """Devices in the store, or what was received and not used."""
    if args.unused:
        return _list_unused(args)
    with _store(args).begin() as connection:
        found = devices.every(connection)
    if args.json:
        return as_json([_device_object(status) for status in found])
    rows: list[tuple[str, ...]] = [
        (s.device, s.state.value, _number(s.score), moment(s.last_ts), _number(s.rate_hz),
         s.reason or "") for s in found
    ]  # fmt: skip
    return table(("device", "state", "score", "last sample", "Hz", "reason"), rows, "no devices")


def _list_unused(args: argparse.Namespace) -> str:
    with _store(args).begin() as connection:
        found = unused.every(connection)
    if args.json:
        return as_json(found)
    head = ("topic", "channel", "messages", "last seen", "reason")
    return table(head, [_unused_row(entry) for entry in found], "nothing was left unused")


def _unused_row(entry: Unused) -> tuple[str, ...]:
    reason = entry.reason
    if entry.channel is None:
        kind = f" ({entry.kind})" if entry.kind else ""
        reason = f"{entry.outcome.value}{kind}: {reason}"
    return (entry.topic, entry.channel or "", str(entry.count), moment(entry.last_seen), reason)


def _store(args: argparse.Namespace) -> Any:  # noqa: ANN401 -- an SQLAlchemy engine
    settings: Settings = load_settings(args.settings)
    return open_store(settings.store.url)


def _device_object(status: DeviceStatus) -> dict[str, Any]:
    fields = dataclasses.asdict(status)
    fields["rate"] = fields.pop("rate_hz")
    fields["model"] = None if status.model is None else status.model.name
    fields["provisional"] = status.model is not None and status.model.provisional
    return fields


def _alarm_object(alarm: Alarm, comments: list[Command], is_recorded: bool) -> dict[str, Any]:
    said = [{"who": one.who, "at": one.issued_at, "text": one.value["why"]} for one in comments]
    return {**dataclasses.asdict(alarm), "comments": said, "flight_record": is_recorded}


def _alarm_row(alarm: Alarm, *, is_recorded: bool) -> tuple[str, ...]:
    seconds = "" if alarm.end is None else f"{alarm.end - alarm.start:.1f}"
    what = alarm.sentence or shares(alarm.contributions)
    return (str(alarm.id), alarm.device or "(detector)", alarm.kind, alarm.life, alarm.priority,
            moment(alarm.start), seconds, _number(alarm.peak_score or None),
            "yes" if is_recorded else "", what, alarm.verdict or "")  # fmt: skip


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
