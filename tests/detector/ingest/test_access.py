"""The broker of docs/mosquitto, run as it stands there but for folders and ports."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import MQTTProtocolVersion
from paho.mqtt.reasoncodes import ReasonCode

from detector.ingest.connection import ConnectionState
from tests.conftest import Broker, free_port, wait_for
from tests.support.certificates import Authority
from tests.support.secure_broker import Watching, password_file

EXAMPLE = Path(__file__).resolve().parents[3] / "docs" / "mosquitto"
USERS = ("faultline", "plant", "motor-1")
NEWS = ("faultline/motor-1/alarm", "faultline/motor-1/state", "faultline/motor-2/alarm")


@dataclass
class Example(Broker):
    """A mosquitto told what the example says; ``port`` is that of 8883."""

    port_of_websockets: int = 0

    def rules(self) -> str:
        """The example's mosquitto.conf, with our folder and ports."""
        text = (EXAMPLE / "mosquitto.conf").read_text()
        for theirs, ours in {
            "/etc/mosquitto/": f"{self.folder}/",
            "/var/lib/mosquitto/": f"{self.folder}/",
            "listener 8883": f"listener {self.port} 127.0.0.1",
            "listener 8884": f"listener {self.port_of_websockets} 127.0.0.1",
        }.items():
            assert theirs in text
            text = text.replace(theirs, ours)
        return text


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Whose certificate all trust."""
    return Authority(tmp_path_factory.mktemp("plant"), "plant")


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[Example]:
    """One broker for all tests of this file."""
    folder = tmp_path_factory.mktemp("example")
    (folder / "certs").mkdir()
    issued = authority.issue("broker")
    for path in (issued.certificate, issued.key):
        path.rename(folder / "certs" / path.name)
    (folder / "acl").write_text((EXAMPLE / "acl").read_text())
    password_file(folder, {user: word_of(user) for user in USERS})
    made = Example(free_port(), folder, port_of_websockets=free_port())
    made.start()
    yield made
    made.stop()


def word_of(user: str) -> str:
    """The user's password."""
    return f"{user}-word"


class Guest:
    """A user of the broker who writes and listens."""

    def __init__(self, example: Example, authority: Authority, user: str) -> None:
        self.heard: list[str] = []
        self._answers: dict[int, ReasonCode] = {}
        self._client = paho.Client(
            paho.CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5
        )
        self._client.username_pw_set(user, word_of(user))
        self._client.tls_set(str(authority.certificate))
        self._client.on_message = lambda _, __, message: self.heard.append(message.topic)
        self._client.on_publish = lambda _, __, mid, why, ___: self._answers.update({mid: why})
        self._client.connect("127.0.0.1", example.port)
        self._client.loop_start()

    def listen(self, *topics: str) -> Guest:
        """Subscribe, and wait until that is answered."""
        answered: list[int] = []
        self._client.on_subscribe = lambda *_: answered.append(1)
        self._client.subscribe([(topic, 1) for topic in topics])
        wait_for(lambda: answered, what="subscribed")
        return self

    def may_write(self, topic: str) -> bool:
        """Publish, and say whether the broker took it."""
        message = self._client.publish(topic, '{"a": 1}', 1)
        wait_for(lambda: message.mid in self._answers, what="answered")
        return not self._answers[message.mid].is_failure

    def stop(self) -> None:
        """Say goodbye."""
        self._client.disconnect()
        self._client.loop_stop()


@pytest.fixture
def guest(example: Example, authority: Authority) -> Iterator[Callable[[str], Guest]]:
    """Make users that are disconnected after the test."""
    made: list[Guest] = []

    def make(user: str) -> Guest:
        made.append(Guest(example, authority, user))
        return made[-1]

    yield make
    for one in made:
        one.stop()


@pytest.fixture(params=["mqtts", "wss"])
def detector(request, example: Example, authority: Authority) -> Iterator[Watching]:
    """The detector's subscriber at its usual topics, by either listener."""
    port = example.port if request.param == "mqtts" else example.port_of_websockets
    made = Watching(
        f"{request.param}://127.0.0.1:{port}",
        request.node.name,
        topic="sensors/{device}",
        topic_out="faultline",
        ca=authority.certificate,
        username="faultline",
        password=word_of("faultline"),
    )
    yield made.start(ConnectionState.CONNECTED)
    made.subscriber.stop(0.5)


def test_the_detector_receives_what_devices_send(detector, guest) -> None:
    """A device's user may write below its own name."""
    assert guest("motor-1").may_write("sensors/motor-1")
    wait_for(lambda: detector.received() == 1)


def test_the_plant_hears_all_that_the_detector_says(detector, guest) -> None:
    """Its status, and alarms and states of every device."""
    listener = guest("plant").listen("faultline/#")
    assert all(detector.subscriber.publish(topic, "{}", qos=1).wait(5) for topic in NEWS)
    wait_for(lambda: len(listener.heard) == 4)
    assert listener.heard == ["faultline/status", *NEWS]  # the status is retained


def test_the_detector_may_ask_a_node_for_its_birth(detector, guest) -> None:
    """A request of Sparkplug B reaches the node it is for."""
    node = guest("motor-1").listen("spBv1.0/+/NCMD/+")
    detector.subscriber.publish("spBv1.0/hall/NCMD/motor-2", b"", qos=1).wait(5)
    assert detector.subscriber.publish("spBv1.0/hall/NCMD/motor-1", b"", qos=1).wait(5)
    wait_for(lambda: node.heard)
    assert node.heard == ["spBv1.0/hall/NCMD/motor-1"]


def test_the_detector_may_not_pose_as_a_device(detector) -> None:
    """Whoever breaks into it forges no samples."""
    assert not detector.subscriber.publish("sensors/motor-1", '{"a": 1}', qos=1).wait(5)


def test_a_device_hears_of_itself_alone(detector, guest) -> None:
    """However widely it subscribes."""
    device = guest("motor-1").listen("#")
    for topic in reversed(NEWS):
        assert detector.subscriber.publish(topic, "{}", qos=1).wait(5)
    wait_for(lambda: NEWS[0] in device.heard)  # the last one
    assert device.heard == [NEWS[1], NEWS[0]]


@pytest.mark.parametrize("topic", ["spBv1.0/hall/NDATA/motor-1", "simulator/motor-1/truth"])
def test_a_device_writes_what_is_its_own(guest, topic) -> None:
    """As a node of Sparkplug B and as a replay too."""
    assert guest("motor-1").may_write(topic)


@pytest.mark.parametrize(
    "topic",
    [
        "faultline/motor-1/alarm",
        "faultline/status",
        "sensors/motor-2",
        "spBv1.0/hall/NDATA/motor-2",
        "spBv1.0/hall/NCMD/motor-1",
        "simulator/motor-1/fault",
    ],
)
def test_a_device_writes_nothing_else(guest, topic) -> None:
    """Neither alarms nor another's samples."""
    assert not guest("motor-1").may_write(topic)


def test_the_plant_only_listens(guest) -> None:
    """It can neither alarm nor measure."""
    there = guest("plant")
    assert not any(map(there.may_write, ["faultline/motor-1/alarm", "sensors/motor-1"]))


def test_nobody_enters_without_a_password(example, authority) -> None:
    """Who says no name is refused."""
    url, ca = f"mqtts://127.0.0.1:{example.port}", authority.certificate
    nobody = Watching(url, "nobody", ca=ca).start(ConnectionState.REFUSED)
    assert "ot authori" in nobody.reason
    nobody.subscriber.stop(0)
