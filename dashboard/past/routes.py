"""The past of a device for its chart: a stretch, its shares, a healthy stretch, a download.

And of some devices in few points, for the overview.
"""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from dashboard import context
from dashboard.past import sparks
from dashboard.past.asked import Asked, AskedError, read
from dashboard.past.download import download
from dashboard.past.healthy import healthy_before
from dashboard.past.shares import shares
from dashboard.past.stretch import stretch
from dashboard.refusals import noted
from detector.errors import FaultlineError
from detector.store.archive.place import Place, place_at
from detector.store.places import archive_place
from detector.store.schema import Connection, StoreFailure

BINARY, JSON = "application/octet-stream", "application/json"
PACKING = 1  # of gzip: quick, and a third of the size
Answer = Callable[[Connection, Place, Asked], bytes]


def _answering(answer: Answer, media_type: str) -> Callable[[Request], Any]:
    """A route that reads the store in a worker thread and refuses in one line."""

    async def serve(request: Request) -> Response:
        try:
            asked = read(request.query_params, request.query_params.getlist("feature"))
            content = await asyncio.to_thread(_read, answer, asked)
        except AskedError as error:
            return PlainTextResponse(str(error), 422)
        except (FaultlineError, StoreFailure) as error:
            return PlainTextResponse(noted(error), 503)
        headers = {"content-encoding": "gzip", "cache-control": "no-store"}
        return Response(content, media_type=media_type, headers=headers)

    return serve


def _read(answer: Answer, asked: Asked) -> bytes:
    store = context.engine()
    place = place_at(archive_place(store, context.settings().store.archive))
    with store.connect() as connection:
        return gzip.compress(answer(connection, place, asked), PACKING)


def _stretch(connection: Connection, place: Place, asked: Asked) -> bytes:
    return stretch(connection, place, asked)


def _shares(connection: Connection, _place: Place, asked: Asked) -> bytes:
    return msgspec.json.encode(shares(connection, asked.device, asked.start, asked.end))


def _healthy(connection: Connection, place: Place, asked: Asked) -> bytes:
    found = healthy_before(connection, place, asked.device, asked.start, asked.end)
    return msgspec.json.encode({"from": found})


ROUTES = (
    Route("/history", _answering(_stretch, BINARY)),
    Route("/shares", _answering(_shares, JSON)),
    Route("/healthy", _answering(_healthy, JSON)),
    Route("/download", download),
    Route("/sparks", sparks.serve),
)
