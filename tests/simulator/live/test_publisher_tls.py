"""The simulator at brokers that are encrypted or behind a websocket."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from simulator.errors import SimulatorError
from simulator.live.address import Address
from simulator.live.publisher import Publisher
from tests.conftest import free_port
from tests.support.certificates import Authority
from tests.support.secure_broker import SCHEMES, SecureBroker


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Whose certificate the broker has."""
    return Authority(tmp_path_factory.mktemp("plant"), "plant")


@pytest.fixture(scope="module")
def secure(tmp_path_factory, authority) -> Iterator[SecureBroker]:
    """One broker for all tests of this file."""
    folder = tmp_path_factory.mktemp("secure")
    made = SecureBroker(free_port(), folder, issued=authority.issue("broker"))
    made.start()
    yield made
    made.stop()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_samples_go_out_over_every_scheme(secure, authority, scheme) -> None:
    """The broker takes all, encrypted or not."""
    with Publisher(secure.at(scheme), ca=authority.certificate) as publisher:
        publisher.publish("m", {"ts": np.array([1.0]), "a": np.array([2.0])})
        publisher.flush(5)
    assert publisher.lost == 0


def test_a_broker_of_another_authority_is_refused(secure) -> None:
    """In one line, whose certificate is not trusted."""
    with (
        pytest.raises(SimulatorError, match=r"^mqtts://127.0.0.1:\d+: .*certificate verify failed"),
        Publisher(secure.at("mqtts")),
    ):
        pass


def test_our_own_certificate_opens_a_broker_that_asks_for_one(request, tmp_path, authority) -> None:
    """Certificate and key lie in one file."""
    ours = authority.issue("simulator")
    both = tmp_path / "both.pem"
    both.write_text(ours.key.read_text() + ours.certificate.read_text())
    ca, issued = authority.certificate, authority.issue("asking")
    asking = SecureBroker(free_port(), tmp_path, issued=issued, clients=ca)
    request.addfinalizer(asking.stop)
    asking.start()
    with Publisher(asking.at("mqtts"), ca=ca, own=both) as publisher:
        publisher.publish("m", {"ts": np.array([1.0])})
        publisher.flush(5)


def test_a_file_without_a_certificate_is_refused(tmp_path) -> None:
    """In one line, which one."""
    path = tmp_path / "ca.crt"
    path.write_text("no PEM\n")
    with pytest.raises(SimulatorError, match=r"ca\.crt: .*; allowed: a PEM file"):
        Publisher("mqtts://127.0.0.1", ca=path)


def test_an_address_has_a_path_where_it_is_a_websocket() -> None:
    """By default the usual one, at the usual port."""
    assert str(Address.parse("wss://ann:word@host")) == "wss://host:443/mqtt"
    assert str(Address.parse("ws://host:9001/a")) == "ws://host:9001/a"
