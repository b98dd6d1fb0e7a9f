"""The table of who may do what, and that the page goes by it."""

from __future__ import annotations

import re
import time

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import context
from dashboard.access.roles import NEEDED, may
from detector.alarms.requests import KINDS
from detector.settings.access.auth import ROLES
from detector.store import commands
from detector.store.schema import open_store
from tests.test_architecture import PROJECT


@pytest.mark.parametrize(
    ("kind", "allowed"),
    [
        ("waveform", "viewer operator engineer"),
        ("ack", "operator engineer"),
        ("shelve", "operator engineer"),
        ("verdict", "operator engineer"),
        ("maintenance", "engineer"),
        ("out-of-service", "engineer"),
        ("threshold", "engineer"),
        ("commission", "engineer"),
        ("what nobody has thought of yet", "engineer"),
    ],
)
def test_who_may_do_what(kind, allowed):
    """Without a role nobody may do anything."""
    assert [role for role in ROLES if may(role, kind)] == allowed.split()
    assert not may(None, kind)


def test_every_answer_to_an_alarm_is_in_the_table():
    """A new kind says whose it is."""
    assert set(KINDS) <= set(NEEDED)


def test_commands_are_written_in_one_place():
    """There the role is asked for; a page that wrote its own would go round it."""
    found = {
        path.name
        for path in (PROJECT / "dashboard").rglob("*.py")
        if "commands.issue(" in path.read_text()
    }
    assert found == {"answering.py"}


JOB = re.compile(r"\bjobs\.(?:begin|cancel|remove)\b")


def test_jobs_are_begun_and_ended_by_roles_too():
    """A page that begins, cancels or removes one asks first."""
    pages = (PROJECT / "dashboard" / "pages").rglob("*.py")
    found = [path for path in pages if JOB.search(path.read_text())]
    assert found
    assert not [path.name for path in found if "is_allowed(" not in path.read_text()]


@pytest.fixture
def store(tmp_path, monkeypatch):
    """A store, and settings with a login."""
    url = f"sqlite:///{tmp_path}/store.db"
    settings = {
        "STORE__URL": url, "AUTH__METADATA_URL": "https://id.example/x", "AUTH__CLIENT_ID": "a",
        "AUTH__CLIENT_SECRET": "b", "AUTH__REDIRECT_URI": "http://127.0.0.1/oauth2callback",
    }  # fmt: skip
    for name, value in settings.items():
        monkeypatch.setenv(f"FAULTLINE_{name}", value)
    monkeypatch.chdir(tmp_path)
    context.close()
    context._settings.cache_clear()
    opened = open_store(url)
    yield opened
    opened.dispose()
    context.close()
    context._settings.cache_clear()


def page():
    """Gives one command, as a page would."""
    import streamlit as st  # noqa: PLC0415 -- Streamlit runs this body as a file of its own

    from dashboard import context  # noqa: PLC0415
    from dashboard.pages.answering import issue, last_refusal  # noqa: PLC0415

    st.session_state["who"] = "somebody else"
    number = issue("pump", "threshold", {"threshold": 2.0})
    with context.engine().connect() as connection:
        st.text(str(number is not None))
        st.text(last_refusal(connection) or "")


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        ({"roles": "engineer"}, ["True", ""]),
        ({"roles": "operator"},
         ["False", "This is set by engineers; you are signed in as operator."]),
        ({"roles": "engineer", "iat": 1.0},
         ["False", "Your session has ended. Sign in again."]),
        ({"roles": "engineer", "is_logged_in": False},
         ["False", "Your session has ended. Sign in again."]),
    ],
)  # fmt: skip
def test_a_command_is_written_under_the_name_of_the_login(store, claims, said):
    """By whoever may, and never under another name; else one line and nothing is written."""
    running = AppTest.from_function(page, default_timeout=30)
    running.secrets["auth"] = {"cookie_secret": "s"}
    running.user = {"is_logged_in": True, "iat": time.time(), "preferred_username": "kim", **claims}
    running.run()
    assert [one.value for one in running.text] == said
    with store.connect() as connection:
        written = [(one.kind, one.who) for one in commands.pending(connection)]
    assert written == ([("threshold", "kim")] if said[0] == "True" else [])
