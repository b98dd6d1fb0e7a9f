"""The connection to a real mosquitto: lost, refused and found again."""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import socket
import subprocess
import threading
from base64 import b64encode

import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from detector.errors import SettingsError
from detector.ingest import client, mqtt
from detector.ingest.buffer import SharedBuffer
from detector.ingest.connection import ConnectionState
from detector.ingest.mqtt import Subscriber
from detector.settings.mqtt import MqttSettings
from tests.conftest import Broker, answers, wait_for
from tests.support.ingest.subscribing import T0, sources


def test_reconnects_after_the_broker_restarts(own_broker, detector, machine, caplog) -> None:
    """The connection comes back by itself, and each change is logged once."""
    caplog.set_level(logging.INFO, "detector")
    watching = detector(own_broker).start()
    own_broker.stop()
    watching.until(ConnectionState.DISCONNECTED)
    wait_for(lambda: "cannot be reached" in watching.subscriber.connection.reason)
    own_broker.start()
    watching.until(ConnectionState.CONNECTED)
    machine(own_broker).send(watching.settings.topic.replace("{device}", "m"), {"ts": T0, "a": 1})
    wait_for(lambda: watching.take() == 1)
    assert [record.levelname for record in caplog.records] == ["INFO", "WARNING", "INFO"]
    assert watching.count("sessions_lost") == 0


def test_starts_before_the_broker(own_broker, detector, caplog) -> None:
    """A broker that is not there yet is told in one line and found later."""
    own_broker.stop()
    watching = detector(own_broker)
    watching.subscriber.start()
    watching.until(ConnectionState.DISCONNECTED)
    line = watching.subscriber.connection.reason
    assert own_broker.url in line
    assert "Connection refused" in line
    own_broker.start()
    watching.until(ConnectionState.CONNECTED)
    assert len(caplog.records) == 1


def restart_with(broker: Broker, access: str) -> None:
    """Start a stopped mosquitto with another rule on who may enter."""
    broker.stop()
    broker.start()  # writes the configuration
    broker.stop()
    config = broker.folder / "mosquitto.conf"
    config.write_text(config.read_text().replace("allow_anonymous true", access))
    binary = shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    assert binary
    with (broker.folder / "mosquitto.log").open("ab") as log:
        broker.process = subprocess.Popen([binary, "-c", str(config)], stdout=log, stderr=log)
    wait_for(lambda: answers(broker.port))


def hashed(password: str) -> str:
    """A password as mosquitto 2 keeps it: PBKDF2 with SHA-512, 101 rounds."""
    salt = b"twelve bytes"
    key = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, 101)
    return f"$7$101${b64encode(salt).decode()}${b64encode(key).decode()}"


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_a_refusing_broker_is_told_in_one_line(own_broker, detector, caplog, protocol) -> None:
    """Refused credentials are shown without the password, and tried again until they fit."""
    restart_with(own_broker, "allow_anonymous false")
    login = {"username": "ann", "password": "s3cret-word"}
    watching = detector(own_broker, protocol=protocol, **login)
    watching.subscriber.start()
    watching.until(ConnectionState.REFUSED)
    log = own_broker.folder / "mosquitto.log"
    wait_for(lambda: log.read_text().count("not authorised") >= 2, what="a second attempt")
    now = watching.subscriber.connection
    assert now.state is ConnectionState.REFUSED
    assert "ot authori" in now.reason
    assert [record.getMessage() for record in caplog.records] == [now.reason]
    assert "s3cret-word" not in caplog.text
    passwords = own_broker.folder / "passwords"
    passwords.write_text(f"ann:{hashed('s3cret-word')}\n")
    restart_with(own_broker, f"allow_anonymous false\npassword_file {passwords}")
    watching.until(ConnectionState.CONNECTED)


def test_who_is_turned_away_asks_more_and_more_rarely(own_broker, detector, monkeypatch) -> None:
    """And soon again once the broker is gone, that it is found when it comes back."""
    monkeypatch.setattr(client, "REFUSED_S", 300)
    restart_with(own_broker, "allow_anonymous false")
    watching = detector(own_broker)
    watching.subscriber.start()
    threading.Event().wait(3.0)  # at 0, 0.1, 0.3, 0.7, 1.5 s; every 0.2 s they were 15
    assert 2 <= (own_broker.folder / "mosquitto.log").read_text().count("not authorised") <= 6
    own_broker.stop()
    watching.until(ConnectionState.DISCONNECTED)
    own_broker.start()
    watching.until(ConnectionState.CONNECTED)


def test_a_refused_subscription_is_shown_and_tried_again(broker, detector, monkeypatch) -> None:
    """A connection that may not read the topic counts as refused until it may."""
    monkeypatch.setattr(mqtt, "RESUBSCRIBE_S", 0.05)
    watching = detector(broker).start()
    seen: list[str] = []
    note = watching.subscriber._log.note
    monkeypatch.setattr(
        watching.subscriber._log, "note", lambda *word: (seen.append(word[0]), note(*word))
    )
    denied = ReasonCode(PacketTypes.SUBACK, "Not authorized")
    watching.subscriber._on_subscribe(None, None, 1, [denied], None)
    wait_for(lambda: seen == [ConnectionState.REFUSED, ConnectionState.CONNECTED])


def test_status_says_online_and_offline(broker, detector, machine) -> None:
    """The retained status follows start, a cut connection (the last will) and stop."""
    watching = detector(broker)
    topic = f"{watching.settings.topic_out}/status"
    listener = machine(broker, listen_to=topic)

    def states() -> list[str]:
        return [content["state"] for _, content, _ in listener.heard]

    watching.start()
    wait_for(lambda: states() == ["online"])
    watching.subscriber._client.socket().shutdown(socket.SHUT_RDWR)
    wait_for(lambda: states() == ["online", "offline", "online"])
    watching.subscriber.stop()
    wait_for(lambda: states() == ["online", "offline", "online", "offline"])
    late = machine(broker, listen_to=topic)
    wait_for(lambda: late.heard == [(topic, {"state": "offline"}, True)])


def test_publishing_tells_when_the_broker_has_it(own_broker, detector, machine) -> None:
    """At QoS 1 a message waits for the connection; at QoS 0 it is lost without one."""
    watching = detector(own_broker).start()
    own_broker.stop()
    watching.until(ConnectionState.DISCONNECTED)
    alarm = watching.subscriber.publish("out/m/alarm", '{"id": 1}', qos=1)
    state = watching.subscriber.publish("out/m/state", '{"id": 2}')
    assert not alarm.wait(0.1)
    own_broker.start()
    listener = machine(own_broker, listen_to="out/m/#")
    assert alarm.wait(10)
    assert not state.is_delivered()
    wait_for(lambda: listener.heard == [("out/m/alarm", {"id": 1}, False)])


@pytest.mark.parametrize("url", ["mqtt://host:99999", "mqtt://a..b:1883"])
def test_addresses_no_socket_could_use_are_refused(url: str) -> None:
    """A port out of range or an impossible host is refused before connecting."""
    with pytest.raises(SettingsError, match=r"mqtt\.url"):
        Subscriber(MqttSettings(url=url), sources(MqttSettings()), SharedBuffer(10, 1))
