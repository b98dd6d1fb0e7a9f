"""Asks who somebody is before any route answers, where the settings have a login.

Whatever is not named here is closed, so that a route added later is not left open by mistake.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from dashboard.access import denials
from dashboard.access.provider import session_in
from dashboard.access.session import Session, endings
from detector.settings.access.auth import CALLBACK, AuthSettings

logger = logging.getLogger(__name__)

NO_SESSION, NO_ROLE = 4401, 4403  # close codes
SIGN_IN = "no session, or one that is over, allowed: sign in on the page"
ROLELESS = "signed in without a role, allowed: viewer, operator or engineer"
ENDED = "the session is over, allowed: sign in again"
ELSEWHERE = "this session belongs to another address, allowed: open the page under its own"

LOGOUT = "/auth/logout"
STREAM = "/_stcore/stream"  # Streamlit's own socket: it draws the way to sign in
OPEN = (STREAM, CALLBACK, "/_stcore/health", "/_stcore/host-config", "/favicon.png")
# Code, texts and ways to sign in, which hold nothing; the API asks for a token or a session itself.
OPEN_FOLDERS = ("/assets/", "/words/", "/static/", "/component/", "/_stcore/bidi-components/",
                "/auth/", "/api/")  # fmt: skip


class Gate:
    """Lets through whoever has signed in, for as long as their session lasts.

    Args:
        app: What answers them.
        auth: Gives the settings of the login; None: there is none, everybody passes.
        pages: Paths of the pages, which are sent to all and stay empty without a session.
    """

    def __init__(
        self, app: ASGIApp, auth: Callable[[], AuthSettings | None], pages: Collection[str]
    ) -> None:
        self._app = app
        self._auth = auth
        self._open = {*OPEN, *pages}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, as ASGI has it."""
        auth = self._auth() if scope["type"] in {"http", "websocket"} else None
        if auth is None:
            return await self._app(scope, receive, send)
        session = session_in(HTTPConnection(scope).cookies, auth)
        if scope["type"] == "websocket":
            return await self._socket(session, auth, scope, receive, send)
        if session is not None and scope["path"] == LOGOUT:
            endings.end(session)
            logger.info("access: %s signed out", session.who)
        line = None if self._is_open(scope["path"]) else refusal(session)
        if line is None:
            return await self._app(scope, receive, send)
        _tell(scope, session, line)
        return await _refused(session, line)(scope, receive, send)

    def _is_open(self, path: str) -> bool:
        return path in self._open or path.startswith(OPEN_FOLDERS)

    async def _socket(
        self,
        session: Session | None,
        auth: AuthSettings,
        scope: Scope,
        receive: Receive,
        send: Send,
    ) -> None:
        line = refusal(session)
        if line is None and Headers(scope=scope).get("origin") != auth.origin:
            line = ELSEWHERE
        if line is not None and scope["path"] != STREAM:
            _tell(scope, session, line)
            return await _close(WebSocket(scope, receive, send), session, line)
        if session is None:
            return await self._app(scope, receive, send)
        if await _outlasts(self._app(scope, receive, send), session):
            return None
        with suppress(RuntimeError, OSError):  # it has gone by itself meanwhile
            await send({"type": "websocket.close", "code": NO_SESSION, "reason": ENDED})
        return None


def refusal(session: Session | None) -> str | None:
    """Why somebody may not even look; None: they may."""
    if session is None:
        return SIGN_IN
    return ROLELESS if session.role is None else None


async def _outlasts(serving: Awaitable[None], session: Session) -> bool:
    """Serve until it is done, or the session is over; returns whether it was done."""
    served = asyncio.ensure_future(serving)
    ended = asyncio.ensure_future(endings.over(session))
    try:
        await asyncio.wait({served, ended}, return_when=asyncio.FIRST_COMPLETED)
        if served.done():
            served.result()
            return True
        return False
    finally:
        for task in (served, ended):
            task.cancel()
        await asyncio.wait({served, ended})


def _refused(session: Session | None, line: str) -> JSONResponse:
    code = 401 if session is None else 403
    return JSONResponse({"detail": line}, code, {"cache-control": "no-store"})


async def _close(socket: WebSocket, session: Session | None, line: str) -> None:
    await socket.accept()  # otherwise browsers see only 1006
    await socket.close(NO_SESSION if session is None else NO_ROLE, line)


def _tell(scope: Scope, session: Session | None, line: str) -> None:
    client = scope.get("client")
    address = client[0] if client else "somebody"
    denials.tell(scope["path"], address if session is None else session.who, line)
