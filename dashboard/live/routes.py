"""The routes beside Streamlit's own: the pages' addresses, the live socket and the assets."""

from __future__ import annotations

import asyncio
import math

from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from dashboard import context
from dashboard.live import asset_files, finding, front_page
from dashboard.live.columns import MOST
from dashboard.live.hub import ANSWERS, HEADER, LiveHub, Viewer
from dashboard.words import catalogue

PAGES = ("/", "/device", "/alarms", "/tuning", "/models", "/lab", "/system")
CHANNELS = {"header": HEADER, "answers": ANSWERS}  # by their names in a query
hub = LiveHub(context.settings, context.engine)


async def live(websocket: WebSocket) -> None:
    """Push live updates of one device (``?device=``), of a channel, or of the overview.

    Each ``feature`` of the query is one that is drawn; without any the server chooses of many.
    """
    await websocket.accept()
    asked = websocket.query_params
    own = next((channel for name, channel in CHANNELS.items() if name in asked), None)
    device = own or asked.get("device") or None
    language = catalogue.closest(asked.get("lang"))
    drawn = tuple(asked.getlist("feature")[:MOST]) if own is None and device else ()
    window_s = _seconds(asked.get("window"))
    with hub.watching(device, window_s, drawn or None, language) as viewer:
        sending = asyncio.create_task(_send(websocket, viewer))
        try:
            while True:  # nothing is expected from the browser but its going away
                await websocket.receive_text()
        except (WebSocketDisconnect, KeyError):  # KeyError: a binary message
            pass
        finally:
            sending.cancel()


async def _send(websocket: WebSocket, viewer: Viewer) -> None:
    try:
        while True:
            await websocket.send_bytes(await viewer.take())
    except (WebSocketDisconnect, RuntimeError):  # RuntimeError: sent after the close
        return


def _seconds(text: str | None) -> float | None:
    """The window asked for; None: automatic."""
    try:
        seconds = float(text) if text else math.nan
    except ValueError:
        return None
    return seconds if seconds > 0 else None


ROUTES = (
    *(Route(path, front_page.serve) for path in PAGES),
    WebSocketRoute("/live", live),
    Route("/find", finding.serve),
    Route("/assets/{version}/{name:path}", asset_files.serve),
    Route("/words/{version}/{wanted}", asset_files.serve_words),
)
