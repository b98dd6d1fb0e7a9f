"""Who looks at the page that is being drawn."""

from __future__ import annotations

import streamlit as st

from dashboard import context
from dashboard.access.session import Session, endings, session_of
from detector.settings.access.auth import Role


def session() -> Session | None:
    """The viewer's session; None: they have not signed in, or it is over."""
    auth = context.settings().auth
    if auth is None or not st.user.is_logged_in:
        return None
    found = session_of(st.user.to_dict(), auth)
    return None if found is None or endings.is_over(found) else found


def role() -> Role | None:
    """The viewer's role: without a login everybody who reaches the page is an engineer."""
    if context.settings().auth is None:
        return "engineer"
    found = session()
    return None if found is None else found.role
