"""Who may ask the API: the holder of a token that the settings name, or whoever has signed in."""

from __future__ import annotations

import hmac
from typing import Annotated

from fastapi import Depends, HTTPException, Request, status
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from dashboard import context
from dashboard.access import denials, gate
from dashboard.access.provider import session_in

NO_TOKENS = "no token is set, allowed: one in dashboard.api_tokens, sent as a bearer token"
NO_TOKEN = "no token was sent, allowed: one of dashboard.api_tokens as a bearer token"  # noqa: S105
UNKNOWN = "unknown token, allowed: one of dashboard.api_tokens"

_bearer = HTTPBearer(auto_error=False, description="One of `dashboard.api_tokens`.")


def holder(
    request: Request, sent: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> str:
    """Name of the token that was sent, or of whoever has signed in to the page.

    Raises:
        HTTPException: 401 if it is none of ours, 403 if there are none, or no role.
    """
    auth = context.auth_settings()
    session = None if auth is None else session_in(request.cookies, auth)
    if sent is None and session is not None:
        if session.role is None:
            raise _denied(request, status.HTTP_403_FORBIDDEN, gate.ROLELESS)
        return session.who
    tokens = context.dashboard_settings().api_tokens
    if not tokens:
        raise _denied(request, status.HTTP_403_FORBIDDEN, NO_TOKENS)
    if sent is None:
        raise _denied(request, status.HTTP_401_UNAUTHORIZED, NO_TOKEN)
    given = sent.credentials.encode()
    # All are compared, so that the time taken tells nothing.
    found = [name for name, token in tokens.items()
             if hmac.compare_digest(given, token.get_secret_value().encode())]  # fmt: skip
    if not found:
        raise _denied(request, status.HTTP_401_UNAUTHORIZED, UNKNOWN)
    return found[0]


def _denied(request: Request, code: int, line: str) -> HTTPException:
    who = request.client.host if request.client else "somebody"
    denials.tell(request.url.path, who, line)
    headers = {"WWW-Authenticate": "Bearer"} if code == status.HTTP_401_UNAUTHORIZED else None
    return HTTPException(code, line, headers)
