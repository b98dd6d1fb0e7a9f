"""Who may talk to the dashboard, on real sockets."""

from __future__ import annotations

import http.client
import socket

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from dashboard.live.access import is_own_host, own_names
from tests.conftest import PATIENCE

SOON_S = 20 * PATIENCE
SOCKETS = ["/live?device=x", "/live", "/_stcore/stream"]


def opened(site, path, origin, host=None):
    """A socket as a browser opens it: from a page of ``origin``, under the name ``host``."""
    there = socket.create_connection(("127.0.0.1", site.port), timeout=SOON_S)
    return connect(f"ws://{host or f'127.0.0.1:{site.port}'}{path}", sock=there, origin=origin)


def asked(site, method, path, **headers):
    """Status and text of one request."""
    there = http.client.HTTPConnection("127.0.0.1", site.port, timeout=SOON_S)
    there.request(method, path, headers=headers)
    answer = there.getresponse()
    return answer.status, answer.read().decode(errors="replace")


def test_a_page_of_this_server_is_answered(site):
    """The same origin gets updates."""
    with opened(site, "/live?device=x", site.url) as live:
        assert b'"full":true' in live.recv(timeout=SOON_S)


@pytest.mark.parametrize(
    "name", ["localhost", "plant.example", "PLANT.example", *sorted(own_names())]
)
def test_a_name_of_ours_is_answered(site, name):
    """This computer's, and the one that the settings name."""
    host = f"{name}:{site.port}"
    with opened(site, "/live?device=x", f"http://{host}", host) as live:
        assert b'"full":true' in live.recv(timeout=SOON_S)
    assert asked(site, "GET", "/device", Host=host)[0] == 200


@pytest.mark.parametrize("path", SOCKETS)
@pytest.mark.parametrize(
    "origin", [None, "null", "http://elsewhere.example", "http://127.0.0.1:1", "http://localhost"]
)
def test_a_foreign_or_missing_origin_is_refused(site, origin, path):
    """Another site's page in the same browser must neither read the plant's data nor act."""
    with opened(site, path, origin) as live, pytest.raises(ConnectionClosed) as closed:
        live.recv(timeout=SOON_S)
    assert closed.value.rcvd.code == 4403
    assert "from the dashboard itself" in closed.value.rcvd.reason


@pytest.mark.parametrize("path", SOCKETS)
@pytest.mark.parametrize("name", ["evil.example", "plant.example.evil.example", "127.0.0.1.nip.io"])
def test_a_foreign_host_is_refused_at_a_socket(site, name, path):
    """A name turned to this address (DNS rebinding) has the same origin and host."""
    host = f"{name}:{site.port}"
    refused = opened(site, path, f"http://{host}", host)
    with refused as live, pytest.raises(ConnectionClosed) as closed:
        live.recv(timeout=SOON_S)
    assert closed.value.rcvd.code == 4403
    assert "dashboard.hosts" in closed.value.rcvd.reason


@pytest.mark.parametrize("path", ["/", "/device", "/assets/x/live.css", "/_stcore/health"])
def test_a_foreign_host_is_refused_a_page(site, path):
    """One line says what is allowed."""
    status, said = asked(site, "GET", path, Host="evil.example")
    assert (status, said.count("\n")) == (403, 0)
    assert "dashboard.hosts" in said


def test_a_foreign_page_may_not_send_anything(site):
    """Not only sockets change something."""
    url = "/_stcore/upload_file/a/b"
    assert asked(site, "PUT", url, Origin="http://elsewhere.example")[0] == 403
    assert "dashboard itself" not in asked(site, "PUT", url, Origin=site.url)[1]


@pytest.mark.parametrize(
    ("host", "is_ours"),
    [
        ("127.0.0.1:8501", True),
        ("[::1]:8501", True),
        ("192.168.1.9", True),  # no name server has a say in an address
        ("localhost.", True),
        ("LocalHost:1", True),
        ("a.plant", True),
        ("b.plant", False),
        ("localhost.evil.example", False),
        ("", False),
        (":8501", False),
        ("[::1", False),
        ("user@localhost@evil.example", False),
    ],
)
def test_what_is_an_own_name(host, is_ours):
    """Addresses, this computer's names and those of the settings."""
    assert is_own_host(host, ("A.plant",)) is is_ours
