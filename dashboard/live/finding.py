"""What the search finds: every device, the worst first, and the newest alarms."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from dashboard import context
from dashboard.live.states import shown_state, worst_first
from dashboard.refusals import noted
from detector.errors import FaultlineError
from detector.records import Alarm, DeviceStatus
from detector.store import alarms, devices
from detector.store.schema import StoreFailure
from detector.text import inert

ALARMS = 200


async def serve(_request: Request) -> Response:
    """Answer ``/find``: names to look up with, and the same safe to show."""
    try:
        found = await asyncio.to_thread(_places)
    except (FaultlineError, StoreFailure) as error:
        found, status = {"error": noted(error)}, 503
    else:
        status = 200
    return Response(
        msgspec.json.encode(found), status, {"cache-control": "no-store"}, "application/json"
    )


def _places() -> dict[str, Any]:
    stale_s = context.settings().dashboard.stale_s
    now = time.time()
    with context.engine().connect() as connection:
        known = worst_first(devices.every(connection), now, stale_s)
        newest = alarms.listed(connection, limit=ALARMS)
    return {
        "devices": [_device(status, now, stale_s) for status in known],
        "alarms": [_alarm(alarm) for alarm in newest],
    }


def _device(status: DeviceStatus, now: float, stale_s: float) -> dict[str, Any]:
    return {
        "device": status.device,
        "shown": inert(status.device),
        "state": shown_state(status, now, stale_s),
    }


def _alarm(alarm: Alarm) -> dict[str, Any]:
    return {
        "id": alarm.id,
        "device": alarm.device,
        "shown": inert(alarm.device),
        "start": alarm.start,
        "life": alarm.life,
    }
