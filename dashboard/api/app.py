"""The read-only API beside the page: ``/api/devices``, ``/api/alarms``, ``/api/history``.

A description of it for programs is at ``/api/openapi.json``, one to read and try at ``/api/docs``.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response, status
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi_offline import FastAPIOffline

from dashboard import context
from dashboard.api.answers import (
    AlarmAnswer,
    DeviceAnswer,
    HistoryAnswer,
    alarm_answer,
    device_answer,
    history_answer,
)
from dashboard.api.tokens import holder
from dashboard.refusals import noted
from detector.errors import FaultlineError
from detector.records import DeviceStatus
from detector.store import alarms, commands, devices
from detector.store.archive.place import place_at
from detector.store.history.history import history
from detector.store.places import archive_place
from detector.store.schema import Connection, StoreFailure

HOUR_S = 3600.0
MOST_POINTS = 20_000
MOST_ALARMS = 10_000

app = FastAPIOffline(
    title="Faultline",
    summary="Machines, their alarms and their past, to read.",
    description="Send one of `dashboard.api_tokens` as a bearer token. Times that are asked for "
    "are ISO 8601 (UTC unless they say) or Unix seconds or milliseconds.",
    version="1",  # of what is answered, not of the program
    docs_url="/docs",
    redoc_url=None,
)
reading = APIRouter(dependencies=[Depends(holder)], tags=["read"])
Device = Annotated[str, Query(description="Name of the machine.", min_length=1)]
Time = Annotated[datetime | None, Query(description="ISO 8601, Unix seconds or milliseconds.")]
From = Annotated[datetime | None, Query(alias="from", description="Default: an hour before `to`.")]


@contextmanager
def _store() -> Iterator[Connection]:
    with context.engine().connect() as connection:
        yield connection


@reading.get("/devices", summary="Every machine now", response_model=list[DeviceAnswer])
def list_devices() -> list[DeviceAnswer]:
    """Every machine and the latest word on it, by name."""
    with _store() as connection:
        found = devices.every(connection)
    now, stale_s = time.time(), context.settings().dashboard.stale_s
    return [device_answer(one, now, stale_s) for one in found]


@reading.get("/alarms", summary="Alarms, the newest first", response_model=list[AlarmAnswer])
def list_alarms(
    device: Annotated[str | None, Query(description="Only of this machine.")] = None,
    open: Annotated[  # noqa: A002 -- its name in the address
        bool, Query(description="Only those that ask something of somebody.")
    ] = False,
    limit: Annotated[int, Query(ge=1, le=MOST_ALARMS)] = 1000,
) -> list[AlarmAnswer]:
    """Alarms, the newest first."""
    with _store() as connection:
        found = alarms.listed(connection, device, limit, only_open=open)
        said = commands.comments(connection)
    return [alarm_answer(one, said.get(one.id or 0, [])) for one in found]


@reading.get("/history", summary="The past of a machine", response_model=HistoryAnswer)
def read_history(
    device: Device,
    from_: From = None,
    to: Annotated[datetime | None, Query(description="Default: now, by its clock.")] = None,
    points: Annotated[int, Query(ge=1, le=MOST_POINTS, description="Rows, at most.")] = 2000,
) -> HistoryAnswer:
    """A machine's past: each extreme and each anomaly is kept at any number of points."""
    store = context.engine()
    place = place_at(archive_place(store, context.settings().store.archive))
    with store.connect() as connection:
        end = _now_of(_known(connection, device)) if to is None else _seconds(to)
        start = end - HOUR_S if from_ is None else _seconds(from_)
        _refuse_backwards(start, end)
        connection.rollback()  # history reads at one moment, of its own
        return history_answer(history(connection, place, device, start, end, points))


def _known(connection: Connection, device: str) -> DeviceStatus:
    found = devices.one(connection, device)
    if found is None:
        raise HTTPException(
            status.HTTP_404_NOT_FOUND, f"{device!r}: not in the store, allowed: see /api/devices"
        )
    return found


def _now_of(found: DeviceStatus) -> float:
    """This moment by the machine's clock, as far as its newest sample tells."""
    return time.time() + found.last_ts - found.last_arrival


def _seconds(moment: datetime) -> float:
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _refuse_backwards(start: float, end: float) -> None:
    if start >= end:
        raise HTTPException(
            status.HTTP_422_UNPROCESSABLE_CONTENT,
            "from: not before to, allowed: a stretch of time",
        )


@app.exception_handler(RequestValidationError)
def _refused(_request: Request, error: Exception) -> Response:
    """One line: what, found, allowed."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    return _line(status.HTTP_422_UNPROCESSABLE_CONTENT, _told(first))


def _told(found: dict[str, Any]) -> str:
    name = found["loc"][-1]
    given = "" if found["input"] is None else f" found {found['input']!r},"
    return f"{name}:{given} {found['msg'].lower()}"


@app.exception_handler(FaultlineError)
@app.exception_handler(StoreFailure)
def _away(_request: Request, error: Exception) -> Response:
    """The settings are refused, or the store is away."""
    return _line(status.HTTP_503_SERVICE_UNAVAILABLE, noted(error))


def _line(code: int, line: str) -> Response:
    return JSONResponse({"detail": line}, code)


app.include_router(reading)
