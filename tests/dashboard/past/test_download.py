"""A stretch as a file: what ``faultline export`` writes, or one line."""

from __future__ import annotations

import asyncio
import io

import pandas as pd
import pytest
from starlette.requests import Request

from dashboard import context
from dashboard.past.routes import ROUTES
from tests.support.stores.machine import START


@pytest.fixture
def ask(store, monkeypatch):
    """Asks the routes as the server does; gives status, headers and content."""
    monkeypatch.setenv("FAULTLINE_STORE__URL", store.url.render_as_string())
    context._settings.cache_clear()
    context.close()
    yield lambda path, query: asyncio.run(answered(path, query))
    context.close()
    context._settings.cache_clear()


async def answered(path, query):
    """The answer to one request."""
    route = next(route for route in ROUTES if route.path == path)
    sent = []

    async def receive():
        await asyncio.Event().wait()  # the browser stays

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": path, "query_string": query.encode(),
             "headers": [], "route": route}  # fmt: skip
    response = await route.endpoint(Request(scope, receive))
    await response(scope, receive, send)
    headers = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], headers, b"".join(part.get("body", b"") for part in sent[1:])


def test_a_stretch_is_taken_away_in_the_columns_of_an_export(ask):
    """Under a name that says what it is."""
    query = f"device=press-1&from={START + 60}&to=2026-03-01T12:01:10Z&format=csv"
    status, headers, csv = ask("/download", query)
    assert status == 200
    assert "press-1-20260301T120100-20260301T120110.csv" in headers["content-disposition"]
    read = pd.read_csv(io.BytesIO(csv))
    assert len(read) == 100
    assert {"ts", "session", "a", "a_reconstruction", "score", "anomaly"} <= set(read)


def test_what_cannot_be_exported_is_one_line(ask):
    """A device that is gone, a format that is none."""
    asked = f"device=nobody&from={START}&to={START + 1}"
    status, _, line = ask("/download", asked)
    assert (status, line) == (422, b"--device nobody: no samples in the store, allowed: none yet")
    status, _, line = ask("/download", f"{asked}&format=exe")
    assert (status, line) == (422, b"format: found 'exe', allowed: csv, parquet")


def test_a_question_that_cannot_be_and_a_store_that_is_away_are_one_line(ask, monkeypatch):
    """The chart shows it and tries again."""
    assert ask("/history", "device=press-1")[0] == 422
    context.close()
    context._settings.cache_clear()
    monkeypatch.setenv("FAULTLINE_STORE__URL", "sqlite:////no/such/folder/store.db")
    status, _, line = ask("/history", f"device=press-1&from={START}&to={START + 9}")
    assert status == 503
    assert b"\n" not in line.strip()
