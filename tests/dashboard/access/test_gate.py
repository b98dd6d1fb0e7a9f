"""What the server answers without a session, with a bad one and with a good one."""

from __future__ import annotations

import http.client
import json
import time

import pytest
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.conftest import PATIENCE
from tests.support.live.provider import COOKIE_SECRET

NAME = "_streamlit_user"
HOUR = 3600
SOON_S = 20 * PATIENCE


def cookie(site, secret=COOKIE_SECRET, **changes):
    """A cookie as Streamlit makes one."""
    claims = {
        "is_logged_in": True, "origin": site.url, "iat": time.time(), "provider": "default",
        "sub": "vera", "preferred_username": "vera", "groups": ["plant-viewers"],
    }  # fmt: skip
    signed = create_signed_value(secret, NAME, json.dumps({**claims, **changes}))
    return f"{NAME}={signed.decode()}"


def closed(site, sent, origin=None, path="/live?device=bad"):
    """With which code and words a socket is closed; None: it is served."""
    headers = {} if sent is None else {"Cookie": sent}
    url = f"ws://127.0.0.1:{site.port}{path}"
    with connect(
        url, origin=origin or site.url, additional_headers=headers, open_timeout=SOON_S
    ) as live:
        try:
            assert b'"full":true' in live.recv(timeout=SOON_S)
        except ConnectionClosed as ended:
            return ended.rcvd.code, ended.rcvd.reason
    return None


def last_of(live):
    """Hear a socket out."""
    while True:
        live.recv(timeout=SOON_S)


def asked(site, path, sent=None, **headers):
    """Status and text of one request."""
    there = http.client.HTTPConnection("127.0.0.1", site.port, timeout=SOON_S)
    there.request("GET", path, headers={**headers, **({"Cookie": sent} if sent else {})})
    answer = there.getresponse()
    return answer.status, answer.read().decode(errors="replace")


def test_a_socket_asks_for_a_session(site, feed):
    """That of a real login is tried beside it, in ``test_login``."""
    assert closed(site, cookie(site)) is None
    said, signature = cookie(site).rsplit(".", 1)
    for sent in (
        None,
        f"{NAME}=",
        f"{NAME}=chunks-2",
        f"{said}.{signature[::-1]}",
        cookie(site, secret="another secret of the same length 32"),  # noqa: S106
        cookie(site, iat=time.time() - 13 * HOUR),
        cookie(site, iat=None),
        cookie(site, is_logged_in=False),
        cookie(site, origin="http://elsewhere.example"),
    ):
        code, line = closed(site, sent)
        assert (code, line) == (
            4401,
            "no session, or one that is over, allowed: sign in on the page",
        )


def test_a_socket_asks_for_a_role_and_an_origin(site, feed):
    """Whoever has signed in is told why they see nothing."""
    code, line = closed(site, cookie(site, groups=["staff"]))
    assert (code, line.startswith("signed in without a role")) == (4403, True)
    for origin in ("http://elsewhere.example", f"http://localhost:{site.port}", "null"):
        code, line = closed(site, cookie(site), origin)
        assert (code, "allowed: " in line or "open this page" in line) == (4403, True)


@pytest.mark.parametrize("path", ["/live?device=bad", "/_stcore/stream"])
def test_a_socket_ends_with_its_session(site, feed, path):
    """At the moment it is over, ours and Streamlit's own."""
    sent = cookie(site, iat=time.time() - 12 * HOUR + 1.5)
    url = f"ws://127.0.0.1:{site.port}{path}"
    with (
        connect(
            url, origin=site.url, additional_headers={"Cookie": sent}, open_timeout=SOON_S
        ) as live,
        pytest.raises(ConnectionClosed) as ended,
    ):
        last_of(live)
    assert ended.value.rcvd.code == 4401


@pytest.mark.parametrize(
    "path",
    ["/media/x.csv", "/_stcore/upload_file/a/b", "/_stcore/metrics", "/a-new-route", "/live"],
)
def test_a_route_asks_too(site, path):
    """Also one that nobody has written yet; the refusal is one line of JSON."""
    status, said = asked(site, path)
    assert (status, list(json.loads(said))) == (401, ["detail"])
    assert asked(site, path, cookie(site, groups=[]))[0] == 403
    assert asked(site, path, cookie(site))[0] not in {401, 403}


def test_what_holds_nothing_is_open(site):
    """A browser needs it to show the way in."""
    for path in ("/", "/device?device=bad", "/alarms", "/words/x/en", "/_stcore/health"):
        assert asked(site, path)[0] == 200


def test_the_api_takes_a_session_for_a_token(site, feed):
    """Of whoever may look."""
    assert asked(site, "/api/devices")[0] == 403  # no token is set
    assert asked(site, "/api/devices", cookie(site, groups=[]))[0] == 403
    status, said = asked(site, "/api/devices", cookie(site))
    assert (status, json.loads(said)[0]["device"]) == (200, "bad")
