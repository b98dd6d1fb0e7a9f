"""Signing in and out, where the settings have a login."""

from __future__ import annotations

import logging
from urllib.parse import urlsplit

import streamlit as st

from dashboard import context
from dashboard.access import viewer
from dashboard.access.provider import is_told
from dashboard.words.viewer import say
from detector.settings.access.auth import AuthSettings

logger = logging.getLogger(__name__)
FAILED = "sign_in"  # in the address of whoever came back from the provider without a session


def is_needed() -> bool:
    """Whether this viewer has to sign in, or has no role, before anything is shown."""
    return viewer.role() is None


def show() -> None:
    """Draw the way in."""
    auth = context.settings().auth
    assert auth is not None, "asked only where is_needed"
    _, middle, _ = st.columns([2, 3, 2])
    with middle, st.container(border=True, key="sign-in"):
        found = viewer.session()
        if found is not None:
            st.subheader(say("access.no_role"))
            st.text(say("access.no_role_for", name=found.who))
            st.button(say("access.sign_out"), on_click=st.logout)
            return
        is_over = bool(st.user.get("is_logged_in"))
        st.subheader(say("access.ended") if is_over else say("access.sign_in_first"))
        _way_in(auth)


def _way_in(auth: AuthSettings) -> None:
    if not is_told():
        st.error(say("access.restart"), icon=":material/error:")
        return
    if st.query_params.get(FAILED):
        st.warning(say("access.failed"), icon=":material/error:")
    st.text(say("access.why"))
    if _origin(st.context.url) == auth.origin:
        st.button(say("access.sign_in"), on_click=st.login, type="primary")
    else:  # the provider leads back to one address alone
        st.link_button(say("access.own_address", address=auth.origin), auth.origin, type="primary")


def signed_in() -> str | None:
    """The name of the login; None where there is none."""
    found = viewer.session()
    return None if found is None else found.who


def corner() -> None:
    """Who is signed in, and the way out; nothing where there is no login."""
    found = viewer.session()
    if found is None:
        return
    if not st.session_state.get("session told"):
        logger.info("access: page opened by %s (%s)", found.who, found.role)
        st.session_state["session told"] = True
    with st.sidebar.container(key="signed-in", horizontal=True, vertical_alignment="center"):
        st.text(f"{found.who} · {say(f'access.role_{found.role}')}")
        st.button(
            say("access.sign_out"), on_click=st.logout, icon=":material/logout:", type="tertiary"
        )


def _origin(url: str | None) -> str:
    parts = urlsplit(url or "")
    return f"{parts.scheme}://{parts.netloc}"
