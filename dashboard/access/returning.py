"""On the way to the provider and back: the page somebody wanted, and cookies that nobody overhears.

Streamlit leads everybody who has signed in to its first page, and those who have not as well.
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote, unquote, urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

from dashboard.access import denials
from detector.settings.access.auth import CALLBACK, AuthSettings
from detector.text import inert

LOGIN = "/auth/login"
COOKIE = "faultline_wanted"
KEPT_S = 900  # to sign in
LONGEST = 1500  # characters of a path
LONGEST_REASON = 80
FAILED = "/?sign_in=failed"


class Returning:
    """Leads people back to the page from which they went to sign in, or says that it failed.

    Args:
        app: What answers them.
        auth: Gives the settings of the login; None: there is none.
    """

    def __init__(self, app: ASGIApp, auth: Callable[[], AuthSettings | None]) -> None:
        self._app = app
        self._auth = auth

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, as ASGI has it."""
        auth = self._auth() if scope["type"] == "http" else None
        if auth is None:
            return await self._app(scope, receive, send)

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                _amend(message, Request(scope), auth)
            await send(message)

        return await self._app(scope, receive, sending)


def _amend(message: Message, request: Request, auth: AuthSettings) -> None:
    headers = MutableHeaders(scope=message)
    if request.url.path == LOGIN and message["status"] >= 400:
        message["status"] = 302
        _fail(headers, request, "the provider cannot be reached, or refuses this client")
    elif request.url.path == LOGIN:
        _note(headers, wanted(request.headers.get("referer", ""), auth.origin))
    elif request.url.path == CALLBACK:
        _lead(headers, request)
    if auth.origin.startswith("https:"):
        _encrypted_only(headers)


def wanted(referer: str, origin: str) -> str:
    """The page from which somebody comes, as a path of ours; empty: none of ours."""
    parts = urlsplit(referer)
    if f"{parts.scheme}://{parts.netloc}" != origin:
        return ""
    query = "" if parts.query in FAILED else f"?{parts.query}"
    path = f"{parts.path}{query}"
    return path if is_own_path(path) else ""


def is_own_path(path: str) -> bool:
    """Whether an address leads nowhere but to us."""
    return path.startswith("/") and not path.startswith(("//", "/\\")) and len(path) <= LONGEST


def _note(headers: MutableHeaders, path: str) -> None:
    answer = Response()
    answer.set_cookie(COOKIE, quote(path, safe=""), KEPT_S, path=CALLBACK, httponly=True)
    headers.append("set-cookie", answer.headers["set-cookie"])


def _lead(headers: MutableHeaders, request: Request) -> None:
    path = unquote(request.cookies.get(COOKIE, ""))
    if any(_is_session(cookie) for cookie in headers.getlist("set-cookie")):
        if is_own_path(path):
            headers["location"] = path
    elif {"code", "error"} & set(request.query_params):
        reason = request.query_params.get("error", "no session came of it")
        _fail(headers, request, inert(reason)[:LONGEST_REASON])


def _fail(headers: MutableHeaders, request: Request, reason: str) -> None:
    headers["location"] = FAILED
    client = request.client.host if request.client else "somebody"
    denials.tell(request.url.path, client, f"signing in failed: {reason}")


def _is_session(cookie: str) -> bool:
    return cookie.startswith(f"{USER_COOKIE_NAME}=") and "max-age=0" not in cookie.lower()


def _encrypted_only(headers: MutableHeaders) -> None:
    cookies = headers.getlist("set-cookie")
    del headers["set-cookie"]
    for cookie in cookies:
        headers.append("set-cookie", f"{cookie}; Secure")
