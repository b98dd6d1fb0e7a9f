"""The past of some devices in few points: for the tiles of the overview that are in view."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec
import numpy as np
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from dashboard import context
from dashboard.refusals import noted
from detector.errors import FaultlineError
from detector.store import devices
from detector.store.archive.place import place_at
from detector.store.history.history import History, history
from detector.store.places import archive_place
from detector.store.schema import StoreFailure

POINTS = 60
MOST = 24  # devices asked for at once; the browser asks again for others
LONGEST_S = 3660 * 86_400.0
READ = 16 * POINTS  # from a tier that is fine enough to be summed up here
KEPT = 4000  # answers, of about 1 KB
_one_reads = asyncio.Lock()  # however many viewers there are, the store is asked by one

Spark = dict[str, list[Any]]


async def serve(request: Request) -> Response:
    """Answer ``/sparks?device=…&last_s=…``, or with ``start`` and ``end``, UTC seconds."""
    asked = request.query_params
    names = asked.getlist("device")[:MOST]
    now = time.time()
    try:
        start, end = span_of(asked, now)
    except ValueError as error:
        return PlainTextResponse(str(error), 400)
    try:
        async with _one_reads:
            found = await asyncio.to_thread(_sparks, names, start, end, now)
    except (FaultlineError, StoreFailure) as error:
        return PlainTextResponse(noted(error), 503)
    return Response(
        msgspec.json.encode(found), 200, {"cache-control": "no-store"}, "application/json"
    )


def span_of(asked: Mapping[str, str], now: float) -> tuple[float, float]:
    """The stretch that is asked for; its end is a multiple of a point, so that many ask alike.

    Raises:
        ValueError: If it is none.
    """
    numbers = {name: float(asked[name]) for name in ("last_s", "start", "end") if name in asked}
    last_s = numbers.get("last_s", numbers.get("end", math.nan) - numbers.get("start", math.nan))
    if not 0 < last_s <= LONGEST_S:
        raise ValueError("sparks: last_s, or end - start, is not more than 0 and at most ten years")
    if "last_s" in numbers:
        point_s = last_s / POINTS
        end = math.floor(now / point_s) * point_s
        return end - last_s, end
    return numbers["start"], numbers["end"]


def _sparks(names: list[str], start: float, end: float, now: float) -> dict[str, Spark]:
    with context.engine().connect() as connection:
        known = {name: devices.one(connection, name) for name in names}
    found: dict[str, Spark] = {}
    for name, status in known.items():
        if status is not None:
            # By the device's own clock; whole points, so that a wavering offset asks alike.
            point_s = (end - start) / POINTS
            ahead = round((status.last_ts - status.last_arrival) / point_s) * point_s
            is_over = end <= now
            found[name] = _spark(name, start + ahead, end + ahead, 0 if is_over else int(now / 10))
    return found


@lru_cache(KEPT)
def _spark(device: str, start: float, end: float, _when: int) -> Spark:
    store = context.engine()
    place = place_at(archive_place(store, context.settings().store.archive))
    with store.connect() as connection:
        return told(history(connection, place, device, start, end, READ))


def told(past: History) -> Spark:
    """Highest score of each point, None where there is none, and whether it has an anomaly."""
    point_s = (past.end - past.start) / POINTS
    first = np.floor((past.ts - past.start) / point_s).astype(int)
    last = np.ceil((past.ts + past.width_s - past.start) / point_s).astype(int) - 1
    scores, marks = np.full(POINTS, np.nan), np.zeros(POINTS, bool)
    for at, until, score, anomalies in zip(
        np.maximum(first, 0), np.maximum(first, last), past.score, past.anomalies, strict=True
    ):
        covered = slice(at, until + 1)  # a bucket may be wider than a point
        scores[covered] = np.fmax(scores[covered], score)
        marks[covered] |= anomalies > 0
    shown = [round(float(score), 3) if np.isfinite(score) else None for score in scores]
    return {"scores": shown, "marks": marks.astype(int).tolist()}
