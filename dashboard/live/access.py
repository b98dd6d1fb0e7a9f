"""Who may talk to this server: pages that it has sent itself, under a name of its own.

Login or not, the browser's word is what stands between another site's script and the thresholds.
Its Origin tells whose page asks. Its Host tells under which name: a foreign site
whose name was turned to this address (DNS rebinding) has the same Origin and Host, but a name
that is not ours.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Collection
from functools import cache
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

REFUSED = 4403  # close code; sent after accepting, otherwise browsers see only 1006
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})  # change nothing, and no foreign page reads answers


class OwnPagesOnly:
    """Refuses a foreign Host, and a foreign Origin of whatever may change something.

    Args:
        app: What answers the others.
        hosts: Gives the names that are ours besides addresses and this computer's own.
    """

    def __init__(self, app: ASGIApp, hosts: Callable[[], Collection[str]]) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, as ASGI has it."""
        if scope["type"] not in {"http", "websocket"}:
            return await self._app(scope, receive, send)
        line = self._refusal(scope)
        if line is None:
            return await self._app(scope, receive, send)
        if scope["type"] == "http":
            return await PlainTextResponse(line, status_code=403)(scope, receive, send)
        socket_ = WebSocket(scope, receive, send)
        await socket_.accept()
        return await socket_.close(REFUSED, line)

    def _refusal(self, scope: Scope) -> str | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not is_own_host(host, self._hosts()):
            return "unknown host name, allowed: this computer's, or one of dashboard.hosts"
        if scope["type"] == "websocket" or scope["method"] not in SAFE:
            origin = headers.get("origin")
            # Missing is refused at a socket: every browser sends one there.
            missing_is_fine = scope["type"] == "http"
            if not (is_same_origin(origin, host) if origin else missing_is_fine):
                return "open this page from the dashboard itself"
        return None


def is_own_host(host: str, names: Collection[str]) -> bool:
    """Whether a Host header names this server: by address, or by a name known as its own."""
    try:
        name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return False
    if not name:
        return False
    return is_address(name) or name in own_names() or name in {own.lower() for own in names}


def is_address(name: str) -> bool:
    """Whether it is an IP address, which no foreign name server has a say in."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


@cache
def own_names() -> frozenset[str]:
    """What this computer calls itself."""
    name = socket.gethostname().lower()
    return frozenset({"localhost", name, name.partition(".")[0], f"{name.partition('.')[0]}.local"})


def is_same_origin(origin: str, host: str) -> bool:
    """Whether a page of this very host and port asks."""
    return urlsplit(origin).netloc.lower() == host.lower()
