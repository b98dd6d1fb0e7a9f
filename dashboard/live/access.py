"""Who may open a live socket: only pages that this server itself has sent."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import Headers

REFUSED = 4401  # close code; sent after accepting, otherwise browsers see only 1006


def is_same_origin(headers: Headers) -> bool:
    """Whether the request comes from a page of this very host and port.

    A missing Origin is refused too: every browser sends one with a WebSocket.
    """
    origin = headers.get("origin")
    host = headers.get("host")
    return bool(origin and host) and urlsplit(origin).netloc.lower() == str(host).lower()
