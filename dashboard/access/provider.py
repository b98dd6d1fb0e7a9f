"""What Streamlit is told of the provider, and what it makes of a login: a signed cookie.

Streamlit knows who looks at a page; a route of ours has to read the cookie itself, with functions
that are not part of Streamlit's promised interface. They are used here alone, and a test holds
them against a real login.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any, TypeAlias

import streamlit as st
from streamlit.auth_util import get_cookie_with_chunks
from streamlit.web.server.server_util import get_cookie_secret
from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value
from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

from dashboard.access.session import Session, endings, session_of
from detector.errors import SettingsError
from detector.settings.access.auth import AuthSettings

Secrets: TypeAlias = dict[str, Any]
CONTENT = "auth"  # the part of Streamlit's secrets that it looks for


def streamlit_secrets(auth: AuthSettings | None) -> Secrets | None:
    """The settings in the form that ``st.App(secrets=…)`` takes; they stay in memory."""
    if auth is None:
        return None
    return {
        CONTENT: {
            "redirect_uri": auth.redirect_uri,
            "cookie_secret": _cookie_secret(auth),
            "client_id": auth.client_id,
            "client_secret": auth.client_secret.get_secret_value(),
            "server_metadata_url": auth.metadata_url,
            "client_kwargs": {"scope": auth.scope},
        }
    }


def _cookie_secret(auth: AuthSettings) -> str:
    own = auth.cookie_secret
    return secrets.token_hex(32) if own is None else own.get_secret_value()


def refuse_streamlits_own() -> None:
    """Refuse a login that is set up where our routes would not ask for it.

    Raises:
        SettingsError: If Streamlit's secrets have an ``[auth]`` of their own.
    """
    if st.secrets.load_if_toml_exists() and CONTENT in st.secrets:
        raise SettingsError(
            "secrets.toml: found [auth], allowed: [auth] in faultline.toml, which knows roles too"
        )


def is_told() -> bool:
    """Whether Streamlit has heard of the provider: only at its start."""
    return st.secrets.load_if_toml_exists() and CONTENT in st.secrets


def session_in(cookies: Mapping[str, str], auth: AuthSettings) -> Session | None:
    """The session that a browser's cookies tell; None: none, a forged one, or one that is over."""
    claims = _claims(cookies)
    if claims is None or claims.get("origin") != auth.origin or not claims.get("is_logged_in"):
        return None
    found = session_of(claims, auth)
    return None if found is None or endings.is_over(found) else found


def _claims(cookies: Mapping[str, str]) -> dict[str, Any] | None:
    secret = get_cookie_secret()

    def part(name: str) -> bytes | None:
        signed = cookies.get(name)
        if not signed or not signed.isascii():
            return None
        return decode_signed_value(secret, name, signed)

    if not secret or USER_COOKIE_NAME not in cookies:
        return None
    whole = get_cookie_with_chunks(part, USER_COOKIE_NAME)
    try:
        claims = None if whole is None else json.loads(whole)
    except ValueError:
        return None
    return claims if isinstance(claims, dict) else None
