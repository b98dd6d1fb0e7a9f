"""``adopt`` on a real broker, with devices of several kinds publishing at once."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time

import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from detector.__main__ import main
from detector.adopting.listen import listen
from detector.ingest.codecs.sparkplug_messages import Payload
from detector.ingest.sources import Sources
from detector.settings.load import load_settings
from detector.settings.mqtt import MqttSettings
from tests.conftest import Broker, free_port, wait_for
from tests.support.heard import as_bytes
from tests.support.serving import PROJECT, environment

SECONDS = 3


def birth(now):
    """A device of a Sparkplug edge node with one metric."""
    payload = Payload(timestamp=int(now * 1000))
    payload.metrics.add(name="Motor/Speed", alias=1, datatype=10, double_value=1480.5)
    return payload.SerializeToString()


def iso(now):
    """In UTC, with its zone."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(now))


def messages(now, i):
    """One round of every kind of device."""
    return {
        "plant/line1/fan-1": {"ts": int(now * 1000), "acc_x": 0.1, "mode": "auto"},
        "plant/line2/fan-2": {"ts": int(now * 1000), "acc_x": 0.2, "mode": "auto"},
        "hall/mill/rpm": f"{1480 + i}",
        "hall/mill/temp": "41.5",
        "zigbee2mqtt/motor": {"x_axis": i, "vibration": True},
        "zigbee2mqtt/bridge/info": {"version": 2},
        "tele/plug/SENSOR": {"Time": iso(now), "ENERGY": {"Power": i}},
        "tele/plug/LWT": "Online",
        "shellies/s-1/relay/0/power": "148.2",
        "homie/pump/motor/level": "3",
        "v3/app/devices/vib-7/up": {"end_device_ids": {"device_id": "vib-7"},
                                    "received_at": iso(now),
                                    "uplink_message": {"decoded_payload": {"rms": 0.1}}},
        "application/1/device/24e1/event/up": {"deviceInfo": {"devEui": "24e1"},
                                               "object": {"rms": 0.2}, "time": iso(now)},
        "csv/oven": f"{now:.3f};{i};2",
        "spBv1.0/plant/DBIRTH/edge/press-7": birth(now),
    }  # fmt: skip


WANTED = {
    "plant/+/{device}": {"fan-1", "fan-2"}, "hall/{device}/{feature}": {"mill"},
    "zigbee2mqtt/{device}": {"motor"}, "tele/{device}/SENSOR": {"plug"},
    "shellies/{device}/relay/0/{feature}": {"s-1"}, "homie/{device}/motor/{feature}": {"pump"},
    "v3/app/devices/{device}/up": {"vib-7"}, "application/1/device/{device}/event/up": {"24e1"},
    "csv/{device}": {"oven"}, "spBv1.0/#": {"press-7"},
}  # fmt: skip


class Plant:
    """Publishes round after round in a thread of its own; one message before is retained."""

    def __init__(self, broker):
        self.rounds = 0
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.connect("127.0.0.1", broker.port)
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self):
        """Begin."""
        self._client.loop_start()
        self._client.publish("homie/pump/$name", "Pump", 1, retain=True).wait_for_publish(10)
        self._thread.start()
        return self

    def __exit__(self, *_):
        """End."""
        self._done.set()
        self._thread.join()
        self._client.disconnect()
        self._client.loop_stop()

    def _run(self):
        while not self._done.wait(0.1):
            for topic, payload in messages(time.time(), self.rounds).items():
                self._client.publish(topic, as_bytes(payload))
            self.rounds += 1


def started(url, *arguments):
    """A running ``adopt``."""
    return subprocess.Popen(
        [sys.executable, "-m", "detector", "adopt", *arguments], cwd=PROJECT,
        env=environment(FAULTLINE_MQTT__URL=url), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    """A mosquitto that nobody else publishes to: all of it is listened to."""
    made = Broker(free_port(), tmp_path_factory.mktemp("adopt"))
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def found(broker):
    """What one run said, as JSON."""
    with Plant(broker):
        process = started(broker.url, "--topic", "#", "--seconds", str(SECONDS), "--json")
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    return json.loads(out)


def test_each_kind_of_device_gets_its_source(found):
    """With the devices that publish there, and nothing that differs when read again."""
    assert {source["topic"]: {device["device"] for device in source["devices"]}
            for source in found["sources"]} == WANTED  # fmt: skip
    assert found["differences"] == []
    assert found["heard"]["retained"] == 1
    unused = {entry["topic"] for entry in found["unused"]}
    assert unused == {"zigbee2mqtt/bridge/info", "tele/plug/LWT"}


def test_the_settings_load_and_read_every_kind(found, tmp_path):
    """By the very loader and sources that the detector has."""
    path = tmp_path / "faultline.toml"
    path.write_text(found["settings"])
    settings = load_settings(path)
    sources = Sources(settings.all_sources)
    unused = {entry["topic"] for entry in found["unused"]}
    read = {}
    for topic, payload in messages(1_772_366_400.0, 1).items():
        if topic not in unused:
            for device, block in sources.decode(topic, as_bytes(payload), 1.8e9).blocks:
                read.setdefault(device, set()).update(block.features)
    assert read == {
        device["device"]: {channel["channel"] for channel in device["channels"]}
        for source in found["sources"] for device in source["devices"]
    }  # fmt: skip
    assert all(settings.rule_for(device) is not None for device in read)


def test_rates_and_clocks_are_those_of_the_devices(found):
    """Some ten messages a second, in milliseconds, and clocks that agree."""
    [plant] = [s for s in found["sources"] if s["topic"] == "plant/+/{device}"]
    assert [(one["from"], one["unit"]) for one in plant["time"]] == [("ts", "ms")]
    assert abs(plant["offset_s"]) < 0.5
    [channel] = plant["devices"][0]["channels"]
    assert 2 < channel["rate_hz"] < 11
    assert plant["left_out"] == {"mode": "'auto' is no number"}


def test_an_interrupt_ends_it_early_and_still_reports(broker):
    """Ctrl-C; the text of the report, the settings last."""
    log = broker.folder / "mosquitto.log"
    before = log.read_text().count("as faultline-adopt-")
    with Plant(broker) as plant:
        process = started(broker.url, "--topic", "hall/#", "--seconds", "600")
        wait_for(lambda: log.read_text().count("as faultline-adopt-") > before, what="it listens")
        rounds = plant.rounds
        wait_for(lambda: plant.rounds > rounds + 5, what="some messages")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, "")
    assert out.startswith("listened to hall/# for ")
    assert "channel: the 3rd level, one value a message: rpm, temp" in out
    assert '[[devices]]\nmatch = "mill"' in out


def test_it_steals_nobodys_session(broker):
    """The detector's own client stays connected while it listens."""
    settings = MqttSettings(url=broker.url, client_id="the-detector")
    lost, heard = [], []
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id=settings.client_id)
    client.on_disconnect = lambda *_: lost.append(1)
    client.on_message = lambda *_: heard.append(1)
    client.connect("127.0.0.1", broker.port)
    client.subscribe("steal/x", 1)
    client.loop_start()

    def tell(_, n):
        client.publish("steal/x", "1", 1)
        if n > 2:
            raise KeyboardInterrupt

    recording = listen(settings, "steal/#", 20, tell)
    wait_for(lambda: len(heard) >= recording.n_live)
    assert not lost
    client.loop_stop()
    client.disconnect()


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--topic", "silent/#", "--seconds", "1"], "--topic silent/#: nothing was heard in 1 s"),
        (["--topic", "a/#/b"], "allowed: # as the last level only"),
        (["--topic", "$share/g/a"], "no $share"),
    ],
)
def test_what_gives_nothing_is_one_line(broker, monkeypatch, capsys, arguments, line):
    """With exit code 2."""
    monkeypatch.setenv("FAULTLINE_MQTT__URL", broker.url)
    assert main(["adopt", *arguments]) == 2
    told = capsys.readouterr().err
    assert line in told
    assert told.count("\n") == 1


def test_a_broker_out_of_reach_is_one_line(monkeypatch, capsys):
    """At once."""
    monkeypatch.setenv("FAULTLINE_MQTT__URL", "mqtt://127.0.0.1:1")
    assert main(["adopt", "--topic", "#"]) == 2
    assert capsys.readouterr().err == (
        "error: broker mqtt://127.0.0.1:1: cannot be reached (Connection refused), allowed: "
        "an MQTT broker at mqtt.url\n"
    )
