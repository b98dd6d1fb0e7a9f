"""Connections that are encrypted and proven, against a real mosquitto with TLS and websockets."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from detector.ingest import client
from detector.ingest.connection import ConnectionState
from tests.conftest import free_port, wait_for
from tests.support.certificates import Authority, Issued
from tests.support.secure_broker import SCHEMES, SecureBroker, Watching

CONNECTED, REFUSED = ConnectionState.CONNECTED, ConnectionState.REFUSED
PATIENT = {name: getattr(client, name) for name in ("RETRY_S", "REFUSED_S")}


@dataclass(frozen=True)
class Papers:
    """An authority and what it signed, another one, and its."""

    ca: Path
    good: Issued
    expired: Issued
    elsewhere: Issued
    ours: Issued
    old: Issued
    stranger: Authority
    strange: Issued


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    """All certificates of this file, made once."""
    ca = Authority(tmp_path_factory.mktemp("plant"), "plant")
    stranger = Authority(tmp_path_factory.mktemp("stranger"), "stranger")
    return Papers(
        ca=ca.certificate,
        good=ca.issue("broker"),
        expired=ca.issue("expired", days=-1),
        elsewhere=ca.issue("elsewhere", hosts="DNS:broker.example"),
        ours=ca.issue("detector"),
        old=ca.issue("old-detector", days=-1),
        stranger=stranger,
        strange=stranger.issue("strange-detector"),
    )


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again ten times sooner than in earnest."""
    monkeypatch.setattr(client, "RETRY_S", (0.1, 0.2))
    monkeypatch.setattr(client, "REFUSED_S", 0.3)


@pytest.fixture
def secure(tmp_path: Path, papers: Papers) -> Iterator[Callable[..., SecureBroker]]:
    """Start brokers that are stopped after the test."""
    made: list[SecureBroker] = []

    def make(issued: Issued = papers.good, **rules: Any) -> SecureBroker:
        made.append(SecureBroker(free_port(), tmp_path, issued=issued, **rules))
        made[-1].start()
        return made[-1]

    yield make
    for one in made:
        one.stop()


@pytest.fixture
def watching(papers: Papers) -> Iterator[Callable[..., Watching]]:
    """Make subscribers that trust the plant's authority and are stopped after the test."""
    made: list[Watching] = []

    def make(url: str, **settings: Any) -> Watching:
        trusted = {"ca": papers.ca} if url.startswith(("mqtts", "wss")) else {}
        made.append(Watching(url, "watching", **{**trusted, **settings}))
        return made[-1]

    yield make
    for one in made:
        one.subscriber.stop(0.5)


@pytest.mark.parametrize(
    ("scheme", "host"), [*((scheme, "127.0.0.1") for scheme in SCHEMES), ("mqtts", "localhost")]
)
def test_samples_arrive_over_every_scheme(secure, watching, scheme, host) -> None:
    """With the right authority, by address and by name, also over websockets."""
    broker = secure()
    there = watching(broker.at(scheme, host)).start(CONNECTED)
    other = watching(broker.at(scheme, host), client_id="other").start(CONNECTED)
    other.subscriber.publish("watching/m", '{"a": 1}', qos=1)
    wait_for(lambda: there.received() == 1)


@pytest.mark.parametrize("scheme", ["mqtts", "wss"])
@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("strange", "unable to get local issuer certificate), trying again, allowed: one signed"),
        ("expired", "certificate has expired), trying again, allowed: one that is valid still"),
        ("elsewhere", "IP address mismatch, certificate is not valid for '127.0.0.1'), trying"),
    ],
)
def test_a_broker_that_proves_nothing_is_not_trusted(
    secure, watching, papers, caplog, scheme, wrong, told
) -> None:
    """The reason is one line at one go, and a broker put right is found."""
    broker = secure(getattr(papers, wrong))
    there = watching(broker.at(scheme)).start(REFUSED)
    there.until_tried_again()
    assert told in there.reason
    assert errors(caplog) == [there.reason]
    broker.restart(issued=papers.good)
    there.until(CONNECTED)


def errors(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What was logged as an error; that a broker hung up before it said why is only a warning."""
    return [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]


def test_a_broker_of_another_authority_is_not_trusted_by_default(secure, watching) -> None:
    """Without mqtt.ca those of this computer count, and a plant's own is none of them."""
    there = watching(secure().at("mqtts"), ca=None).start(REFUSED)
    assert (
        "allowed: one signed by an authority that this computer trusts, or mqtt.ca" in there.reason
    )


@pytest.mark.parametrize("scheme", ["mqtts", "wss"])
def test_our_own_certificate_opens_a_broker_that_asks_for_one(
    secure, watching, papers, scheme
) -> None:
    """Certificate and key of two files."""
    broker = secure(clients=papers.ca)
    ours = {"certificate": papers.ours.certificate, "key": papers.ours.key}
    watching(broker.at(scheme), **ours).start(CONNECTED)


def test_a_key_may_lie_in_the_file_of_the_certificate(secure, watching, papers, tmp_path) -> None:
    """As some authorities hand them out."""
    both = tmp_path / "both.pem"
    both.write_text(papers.ours.key.read_text() + papers.ours.certificate.read_text())
    watching(secure(clients=papers.ca).at("mqtts"), certificate=both).start(CONNECTED)


@pytest.mark.parametrize("scheme", ["mqtts", "wss"])
@pytest.mark.parametrize(
    ("shown", "told"),
    [
        (None, "(certificate required), trying again"),
        ("strange", "(unknown ca), trying again"),
        ("old", "(certificate expired), trying again"),
    ],
)
def test_a_broker_that_does_not_trust_us_is_told(
    secure, watching, papers, caplog, scheme, shown, told
) -> None:
    """The reason is one line at one go, and a broker that asks for less is found."""
    broker = secure(clients=papers.ca)
    pair = getattr(papers, shown) if shown else None
    ours = {"certificate": pair.certificate, "key": pair.key} if pair else {}
    there = watching(broker.at(scheme), **ours).start(REFUSED)
    there.until_tried_again()
    assert told in there.reason
    assert errors(caplog) == [there.reason]
    broker.restart(clients=None)
    there.until(CONNECTED)


@pytest.mark.parametrize("scheme", ["mqtts", "wss"])
def test_a_wrong_password_is_told_without_it(secure, watching, caplog, tmp_path, scheme) -> None:
    """Read from its file it is not told either, and a broker that knows it is found."""
    word = tmp_path / "word"
    word.write_text("s3cret-word\n")
    broker = secure(users={"ann": "another"})
    login = {"username": "ann", "password_file": word}
    there = watching(broker.at(scheme), **login).start(REFUSED)
    assert "ot authori" in there.reason
    assert "s3cret-word" not in f"{caplog.text} {there.settings!r}"
    broker.restart(users={"ann": "s3cret-word"})
    there.until(CONNECTED)


def test_another_reason_is_told_again(secure, watching, papers, caplog) -> None:
    """A broker that is put right by half gets a second line, not a third."""
    broker = secure(papers.expired)
    there = watching(broker.at("mqtts")).start(REFUSED)
    broker.restart(issued=papers.elsewhere)
    wait_for(lambda: "mismatch" in there.reason)
    there.until_tried_again()
    first, second = errors(caplog)
    assert "expired" in first
    assert second == there.reason


def test_a_broker_without_tls_is_told(secure, watching) -> None:
    """Encrypted words at an open port are no reason to go on in the clear."""
    broker = secure()
    url = f"mqtts://127.0.0.1:{broker.ports['mqtt']}"
    there = watching(url).start(ConnectionState.DISCONNECTED)
    assert "cannot be reached" in there.reason


@pytest.mark.parametrize(("given", "asked"), [("", "/mqtt"), ("/a/b", "/a/b")])
def test_a_websocket_is_asked_for_by_its_path(watching, given, asked) -> None:
    """Mosquitto takes any; other brokers and proxies do not."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(5)
        watching(f"ws://127.0.0.1:{server.getsockname()[1]}{given}").subscriber.start()
        with server.accept()[0] as there:
            assert there.recv(1000).startswith(f"GET {asked} HTTP/1.1\r\n".encode())


@pytest.mark.parametrize("wrong", ["expired", "good"])
def test_refusals_make_no_storm(secure, watching, papers, monkeypatch, wrong) -> None:
    """In earnest the pauses grow from 1 s on, whichever side refuses; this takes 2.5 s."""
    for name, pause in PATIENT.items():
        monkeypatch.setattr(client, name, pause)
    broker = secure(getattr(papers, wrong), clients=papers.ca)
    there = watching(broker.at("mqtts")).start(REFUSED)
    threading.Event().wait(2.5)
    assert there.tried <= 3
