"""What the live pages read of the store, as plain values ready to be sent."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from dashboard.live.columns import MOST, largest
from dashboard.live.states import auto_window_s, sampling_period_s, shown_state
from detector.records import HELD, Alarm, Command, DetectorHealth, DeviceStatus, Frame
from detector.settings.tree import Settings
from detector.store import alarms, commands, devices, frames
from detector.store.schema import Connection

LONGEST_WINDOW_S = 1200.0
LONGEST_SNAPSHOT = 300_000  # samples
ALARMS_SHOWN = 200
NOTES_SHOWN = 50
QUIET = ("provisional", "drift")  # kinds of alarms that nobody is notified of


@dataclass(frozen=True)
class Facts:
    """All that is said of one device besides its samples."""

    device: str
    status: DeviceStatus | None
    alarms: list[Alarm]
    command: Command | None
    notes: list[Command] = field(default_factory=list)

    @property
    def revision(self) -> str:
        """Changes whenever the page beside the chart should be drawn again."""
        newest = [(alarm.id, alarm.life, alarm.priority) for alarm in self.alarms[:5]]
        command = self.command and (self.command.id, self.command.outcome)
        threshold = self.status and self.status.threshold
        model = self.status and self.status.model and (
            self.status.model.name, self.status.model.provisional
        )  # fmt: skip
        note = self.notes[0].id if self.notes else None
        return f"{threshold} {model} {command} {newest} {note}"


def device_facts(connection: Connection, device: str) -> Facts:
    """The newest word on ``device``; its status is None when it was never seen."""
    return Facts(
        device,
        devices.one(connection, device),
        alarms.listed(connection, device, ALARMS_SHOWN),
        commands.latest(connection, device, "threshold"),
        commands.notes(connection, device, NOTES_SHOWN),
    )


def health_facts(health: DetectorHealth | None, now: float) -> dict[str, Any]:
    """Whether a detector lives, how its connection is, whether it or people have too much."""
    if health is None:
        return {"alive": False, "age_s": None, "connection": None, **_plain({})}
    age = now - health.renewed_at
    return {
        "alive": devices.is_new(health, now),
        "age_s": age,
        "connection": health.connection,
        **_plain(health.counters),
    }


def answers(connection: Connection, health: Mapping[str, Any]) -> dict[str, Any]:
    """What changes whenever a page that lists alarms or commands should be drawn again."""
    log_id, dealt_with = alarms.revision(connection)
    return {
        "now": time.time(),
        "revision": f"{log_id} {dealt_with:.6f} {health['alive']} {health['flood']}",
    }


def _plain(counters: Mapping[str, int]) -> dict[str, Any]:
    """What of the detector's counters is said on every page."""
    return {"thinned": counters.get("thinned", 1), "flood": counters.get("flood", 0),
            "disk_full": bool(counters.get("disk_full")),
            "kept_too_large": bool(counters.get(devices.KEPT_TOO_LARGE))}  # fmt: skip


def header(facts: Facts, frames_read: Sequence[Frame], settings: Settings) -> dict[str, Any]:
    """The part of a live update that changes with nearly every one."""
    now = time.time()
    status = facts.status
    period = sampling_period_s(status)
    scored = (frame for frame in reversed(frames_read) if np.isfinite(frame.score).any())
    newest = next(scored, None)  # where windows were left out, not every frame has a score
    return {
        "now": now,
        "revision": facts.revision,
        "status": None if status is None else _status_facts(status, now, settings),
        "gap_s": None if period is None else period * settings.sessions.gap_periods,
        "auto_window_s": auto_window_s(status, settings.dashboard.live_window_s),
        "stale_s": settings.dashboard.stale_s,
        "clock_limit_s": settings.alignment.clock_limit_s,
        "command": None if facts.command is None else asdict(facts.command),
        "contributions": None if newest is None else contributions(newest),
    }


def lasting(facts: Facts) -> dict[str, Any]:
    """The part of a live update that is sent only when it changed."""
    status = facts.status
    return {
        "card": None if status is None or status.model is None else asdict(status.model),
        "alarms": [alarm_facts(alarm) for alarm in facts.alarms],
        "notes": [asdict(note) for note in facts.notes],
    }


def alarm_facts(alarm: Alarm) -> dict[str, Any]:
    """An alarm; of many contributions the largest, what is missing to 1 are the others."""
    return asdict(alarm) | {"contributions": largest(alarm.contributions, MOST)}


def snapshot(
    connection: Connection, device: str, facts: Facts, window_s: float | None, settings: Settings
) -> list[Frame]:
    """The frames a viewer starts with.

    Args:
        connection: To the store.
        device: Name of the machine.
        facts: Of the same device.
        window_s: Seconds of device time; None: the automatic window.
        settings: For the automatic window.

    Returns:
        In order of commit, at most ``LONGEST_SNAPSHOT`` samples or so.
    """
    automatic = auto_window_s(facts.status, settings.dashboard.live_window_s)
    seconds = automatic if window_s is None else min(window_s, LONGEST_WINDOW_S)
    period = sampling_period_s(facts.status)
    if period is not None:
        seconds = min(seconds, period * LONGEST_SNAPSHOT)
    return frames.recent(connection, device, seconds)


def contributions(frame: Frame) -> dict[str, float]:
    """Share of each feature in the frame's largest score; features outside the model left out."""
    return {
        feature: round(float(share), 4)
        for feature, share in zip(frame.features, frame.contributions, strict=True)
        if np.isfinite(share)
    }


def overview(
    connection: Connection, settings: Settings, health: Mapping[str, Any]
) -> dict[str, Any]:
    """All devices by name, with the active alarms and the detectors' health."""
    now = time.time()
    return {
        "now": now,
        "health": health,
        "devices": [_tile(status, now, settings) for status in devices.every(connection)],
        "alarms": [alarm_facts(one) for one in alarms.active(connection) if one.life not in HELD],
        "broker": settings.mqtt.url,
        "topic": settings.mqtt.topic,
    }


def recent_scores(
    connection: Connection, device: str, seconds: float, points: int
) -> list[float | None]:
    """The recent scores of a device in ``points`` steps, the oldest first; None: no judged one."""
    held = frames.recent(connection, device, seconds)
    stretches = np.array_split(np.arange(len(held)), min(points, len(held)) or 1)
    return [_peak([held[index] for index in stretch]) for stretch in stretches if len(stretch)]


def _peak(stretch: Sequence[Frame]) -> float | None:
    scores = np.concatenate([frame.score[frame.judged] for frame in stretch])
    finite = scores[np.isfinite(scores)]
    return round(float(finite.max()), 3) if len(finite) else None


def _tile(status: DeviceStatus, now: float, settings: Settings) -> dict[str, Any]:
    said = _status_facts(status, now, settings)
    for name in ("counters", "mse", "rate_hz", "last_ts", "detector"):
        del said[name]
    said["model"] = None if status.model is None else status.model.name
    said["provisional"] = status.model is not None and status.model.provisional
    return said


def _status_facts(status: DeviceStatus, now: float, settings: Settings) -> dict[str, Any]:
    said = asdict(status)
    del said["model"], said["features"]  # of which there may be many; the card has them
    said["shown_state"] = shown_state(status, now, settings.dashboard.stale_s)
    return said
