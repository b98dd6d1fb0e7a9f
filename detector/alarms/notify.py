"""What goes out to servers: one JSON per alarm transition, one retained state per device."""

from __future__ import annotations

import math
from typing import Any

import msgspec

from detector.records import Alarm, DeviceStatus


def alarm_message(log_id: int, transition: str, ts: float, alarm: Alarm) -> bytes:
    """A transition as JSON; ``id`` is unique and grows, so that a receiver can drop repeats."""
    return msgspec.json.encode(
        {
            "id": log_id,
            "transition": transition,
            "ts": ts,
            "alarm": {
                "id": alarm.id,
                "device": alarm.device,
                "kind": alarm.kind,
                "state": alarm.state,
                "start": alarm.start,
                "end": alarm.end,
                "peak_score": alarm.peak_score,
                "contributions": alarm.contributions,
                "model": alarm.model,
                "threshold": alarm.threshold,
                "life": alarm.life,
                "priority": alarm.priority,
                "peak_ts": alarm.peak_ts,
                "sentence": alarm.sentence,
                "acknowledged_by": alarm.acknowledged_by,
                "ended_by": alarm.ended_by,
            },
        }
    )


def state_message(status: DeviceStatus, alarm: Alarm | None) -> bytes:
    """The state of a device as JSON, for a retained topic."""
    message: dict[str, Any] = {
        "ts": status.last_ts,
        "state": status.state.value,
        "reason": status.reason,
        "score": _finite(status.score),
        "threshold": status.threshold,
        "alarm_id": None if alarm is None else alarm.id,
        "alarm_kind": None if alarm is None else alarm.kind,
        "alarm_life": None if alarm is None else alarm.life,
        "priority": None if alarm is None else alarm.priority,
        "model": None if status.model is None else status.model.name,
        "provisional": status.model is not None and status.model.provisional,
    }
    return msgspec.json.encode(message)


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
