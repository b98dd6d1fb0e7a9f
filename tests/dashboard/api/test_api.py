"""The read-only API as a script asks it: a real server on a real store."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.parse
import urllib.request

import numpy as np
import pytest

from detector.errors import SettingsError
from detector.records import Alarm, DeviceState, DeviceStatus
from detector.settings.load import load_settings
from detector.store import alarms, commands, devices
from detector.store import frames as stored
from detector.store.schema import open_store
from tests.support.live.server import Site
from tests.support.stores.machine import START, frames

TOKEN = "a token that nobody guesses"  # noqa: S105
NAN = float("nan")
HOSTILE = "<script>alert(1)</script>\u202e"


def status(device, **changes):
    """The latest word on a machine that is heard now."""
    now = time.time()
    made = {
        "device": device, "state": DeviceState.UNSCORED, "reason": "no rule", "score": None,
        "mse": None, "threshold": 1.0, "last_ts": START + 30, "last_arrival": now, "rate_hz": 10.0,
        "features": ("a", "b"), "model": None,
    }  # fmt: skip
    return DeviceStatus(**{**made, **changes})


def fill(url):
    """30 s of a machine with a peak, an alarm that somebody spoke of, a machine gone quiet."""
    blocks = frames(30)
    blocks[7].values[3, 0] = 99.0
    blocks[8].values[:, 1] = NAN
    store = open_store(url)
    with store.begin() as connection:
        stored.write(connection, blocks)
        devices.update(connection, [
            status("press-1"), status(HOSTILE, last_arrival=time.time() - 3600),
        ])  # fmt: skip
        alarm = Alarm(None, "press-1", "score", "active", START, None, 2.0, {"a": 0.25}, "m", 1.0)
        number = alarms.raise_alarm(connection, alarm, START)
        value = {"alarms": [number], "why": "belt replaced"}
        spoken = commands.issue(connection, "press-1", "comment", value, "kim")
        commands.mark_applied(connection, spoken, "applied")
    store.dispose()


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A dashboard with one token."""
    folder = tmp_path_factory.mktemp("site")
    own = Site(folder, FAULTLINE_DASHBOARD__API_TOKENS__GRAFANA=TOKEN,
               FAULTLINE_DASHBOARD__STALE_S="600")  # fmt: skip
    fill(own.store)
    with own as started:
        yield started


def fetch(url, method="GET", **headers):
    """The status and the text of an answer."""
    request = urllib.request.Request(url, method=method, headers=headers)  # noqa: S310 -- our own
    try:
        with urllib.request.urlopen(request) as answer:  # noqa: S310
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


@pytest.fixture
def ask(site):
    """Asks as a script would; gives the status and what was answered."""

    def asked(path, token=TOKEN, **query):
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        address = f"{site.url}/api/{path}?{urllib.parse.urlencode(query)}"
        code, answer = fetch(address, **headers)
        return code, json.loads(answer)

    return asked


def test_devices_with_their_state(ask):
    """Stale where its data are old; a hostile name is text like any other."""
    code, found = ask("devices")
    assert code == 200
    assert {one["device"]: one["state"] for one in found} == {
        "press-1": "unscored", HOSTILE: "stale",
    }  # fmt: skip


def test_alarms_with_what_was_said(ask):
    """Of all, of one, the open ones; none of a machine without any."""
    code, [alarm] = ask("alarms", device="press-1", open=True)
    assert code == 200
    assert (alarm["id"], alarm["contributions"]) == (1, {"a": 0.25})
    assert [one["text"] for one in alarm["comments"]] == ["belt replaced"]
    assert ask("alarms")[1] == [alarm]
    assert ask("alarms", device=HOSTILE) == (200, [])


TIMES = {
    "ISO": ("2026-03-01T12:00:00Z", "2026-03-01T12:00:30Z"),
    "ISO, elsewhere": ("2026-03-01T21:00:00+09:00", "2026-03-01T21:00:30+09:00"),
    "seconds": (START, START + 30),
    "milliseconds": (f"{1000 * START:.0f}", f"{1000 * START + 30_000:.0f}"),
    "by the machine's clock": (START, None),
}


@pytest.mark.parametrize("form", TIMES)
def test_history_keeps_extremes(ask, form):
    """However a time is written; at any number of points."""
    first, last = TIMES[form]
    query = {"device": "press-1", "from": first} | ({} if last is None else {"to": last})
    code, past = ask("history", points=20, **query)
    assert code == 200
    assert sum(row["samples"] for row in past["rows"]) == 300
    assert len(past["rows"]) < 60
    assert max(row["a_max"] for row in past["rows"]) == 99.0


def test_what_is_missing_is_null(ask):
    """JSON has no NaN; a row of one sample has it as smallest, mean and largest."""
    query = {"from": START - 60, "to": START + 30, "points": 1000}
    code, past = ask("history", device="press-1", **query)
    assert code == 200
    rows = past["rows"]
    assert [row["b_mean"] for row in rows[80:90]] == [None] * 10
    assert all(row["a_min"] == row["a_mean"] == row["a_max"] for row in rows)
    assert past["gaps"][0]["end"] == START
    values = np.concatenate([block.values[:, 0] for block in frames(30)])
    values[73] = 99.0
    assert [np.float32(row["a_mean"]) for row in rows] == list(values)


WRONG = {
    "an unknown machine": ({"device": "ghost"}, 404, "'ghost': not in the store"),
    "no machine": ({}, 422, "device: field required"),
    "no points": ({"device": "press-1", "points": 0}, 422, "points: found '0'"),
    "too many": ({"device": "press-1", "points": 10**9}, 422, "points: found '1000000000'"),
    "no time": ({"device": "press-1", "from": "noon"}, 422, "from: found 'noon'"),
    "no finite time": ({"device": "press-1", "from": "nan"}, 422, "from: found 'nan'"),
    "an endless one": ({"device": "press-1", "to": "1e300"}, 422, "to: found '1e300'"),
    "backwards": ({"device": "press-1", "from": 9, "to": 9}, 422, "from: not before to"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_question_is_one_line(ask, case):
    """What, found, allowed."""
    query, code, line = WRONG[case]
    found = ask("history", **query)
    assert found[0] == code
    assert line in found[1]["detail"]
    assert "\n" not in found[1]["detail"]


@pytest.mark.parametrize("path", ["devices", "alarms", "history"])
@pytest.mark.parametrize("token", [None, "", TOKEN[:-1], TOKEN + "x", "\u00e9"])
def test_without_the_token_nothing_is_told(ask, site, path, token):
    """Neither the answer nor the log shows a token; a denial is one line in the log."""
    code, answer = ask(path, token and token.encode().decode("latin-1"))
    assert code == 401
    assert list(answer) == ["detail"]
    said = site.log.read_text()
    assert f"/api/{path} denied to 127.0.0.1" in said
    assert TOKEN[:-1] not in said


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_it_changes_nothing(site, method):
    """There is nothing but reading."""
    headers = {"Authorization": f"Bearer {TOKEN}", "Origin": site.url}
    assert fetch(f"{site.url}/api/devices", method, **headers)[0] == 405


def test_a_foreign_name_is_refused_here_too(site):
    """A page of another site whose name was turned to this address reads nothing."""
    assert fetch(f"{site.url}/api/openapi.json", Host="evil.example")[0] == 403


def test_the_description_names_all_that_is_answered(site):
    """A program finds the paths under the address they have; fields are described."""
    described = json.loads(fetch(f"{site.url}/api/openapi.json")[1])
    base = described["servers"][0]["url"]
    assert {base + path for path in described["paths"]} == {
        "/api/devices", "/api/alarms", "/api/history",
    }  # fmt: skip
    assert "HTTPBearer" in described["components"]["securitySchemes"]


def test_the_page_for_people_needs_no_other_server(chromium, site):
    """It shows the three paths and asks nobody else for anything."""
    page = chromium.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{site.url}/api/docs")
    page.get_by_text("/history", exact=True).wait_for(timeout=20_000)
    assert all(address.startswith((site.url, "data:")) for address in asked)
    page.close()


@pytest.mark.parametrize("token", ["short", ""])
def test_a_short_token_is_refused_and_not_shown(monkeypatch, token):
    """Its name and its length are."""
    monkeypatch.setenv("FAULTLINE_DASHBOARD__API_TOKENS__GRAFANA", token)
    with pytest.raises(SettingsError, match=r"grafana has \d characters; allowed: 16") as refused:
        load_settings()
    assert "short" not in str(refused.value)


def test_a_file_may_hold_them(tmp_path):
    """As any other setting."""
    (tmp_path / "f.toml").write_text(f'[dashboard.api_tokens]\nscript = "{TOKEN}"\n')
    tokens = load_settings(tmp_path / "f.toml").dashboard.api_tokens
    assert tokens["script"].get_secret_value() == TOKEN
    assert TOKEN not in repr(tokens)


def test_a_store_that_is_away_is_one_line(tmp_path):
    """503 with the reason; the server lives."""
    own = Site(tmp_path, FAULTLINE_DASHBOARD__API_TOKENS__X=TOKEN)
    own.settings["FAULTLINE_STORE__URL"] = f"sqlite:///{tmp_path}/no/where/store.db"
    with own:
        code, answer = fetch(f"{own.url}/api/devices", Authorization=f"Bearer {TOKEN}")
    assert code == 503
    assert "allowed" in json.loads(answer)["detail"]
    assert "\n" not in answer
