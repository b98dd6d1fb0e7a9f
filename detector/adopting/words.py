"""What is known of topics beforehand: families that name their levels, and words on levels."""

from __future__ import annotations

import re
from dataclasses import dataclass

from detector.ingest.topics import TopicTemplate


@dataclass(frozen=True)
class Family:
    """Devices of a kind whose topics are documented.

    Attributes:
        name: As people call it.
        head: Filter of its topics.
        device: Level that names the device; None: the payload does.
    """

    name: str
    head: str
    device: int | None


@dataclass(frozen=True)
class Aside:
    """Topics that carry numbers, but none of a machine.

    Attributes:
        filter: Of the topics.
        reason: Why they are left aside.
    """

    filter: str
    reason: str


SPARKPLUG = "spBv1.0/#"
FAMILIES = (
    Family("Sparkplug B", SPARKPLUG, None),
    Family("The Things Stack", "v3/+/devices/+/up", 3),
    Family("ChirpStack", "application/+/device/+/event/up", 3),
    Family("zigbee2mqtt", "zigbee2mqtt/#", 1),
    Family("Homie", "homie/5/#", 2),
    Family("Homie", "homie/#", 1),
    Family("Tasmota", "tele/+/SENSOR", 1),
    Family("Shelly, first generation", "shellies/#", 1),
    Family("ESPHome", "+/sensor/+/state", 0),
    Family("ESPHome", "+/binary_sensor/+/state", 0),
    Family("rtl_433", "rtl_433/+/events", None),
)
ASIDES = (
    Aside("zigbee2mqtt/bridge/#", "zigbee2mqtt's own"),
    Aside("zigbee2mqtt/+/set/#", "commands"),
    Aside("zigbee2mqtt/+/get/#", "commands"),
    Aside("zigbee2mqtt/+/availability", "whether a device is reachable"),
    Aside("tele/+/STATE", "Tasmota's own: uptime, Wi-Fi"),
    Aside("tele/+/INFO1", "Tasmota's own"),
    Aside("tele/+/INFO2", "Tasmota's own"),
    Aside("tele/+/INFO3", "Tasmota's own"),
    Aside("stat/#", "answers to commands"),
    Aside("cmnd/#", "commands"),
    Aside("shellies/announce", "Shelly's own"),
    Aside("shellies/+/announce", "Shelly's own"),
    Aside("shellies/+/info", "Shelly's own"),
    Aside("+/events/rpc", "Shelly's events, which its status topics tell too"),
    Aside("homeassistant/+/+/config", "Home Assistant's discovery"),
    Aside("homeassistant/+/+/+/config", "Home Assistant's discovery"),
    Aside("faultline/#", "Faultline's own"),
)
_FAMILIES = tuple((TopicTemplate.compile(one.head), one) for one in FAMILIES)
_ASIDES = tuple((TopicTemplate.compile(one.filter), one.reason) for one in ASIDES)

# Words that stand on a level and name neither a machine nor a channel.
PLAIN = frozenset(
    {"data", "state", "status", "telemetry", "up", "sensor", "sensors", "event", "events", "json",
     "value", "values", "measurement", "measurements", "measure", "raw", "out", "tele", "stat",
     "device", "devices", "node", "nodes", "me", "v1", "v2", "v3", "mqtt", "iot", "payload",
     "messages", "message", "result", "update", "get", "attributes", "channel", "channels",
     "binary_sensor", "application", "ddata"}
)  # fmt: skip
# Words that name what is measured; a channel, not a machine.
QUANTITIES = (
    "acc", "accel", "amp", "ampere", "angle", "bar", "battery", "co2", "count", "crest", "current",
    "distance", "displacement", "energy", "flow", "force", "freq", "gyro", "hum", "humid",
    "irradiance", "kurtosis", "kwh", "level", "load", "lux", "mag", "noise", "ph", "peak", "phase",
    "pos", "position", "power", "ppm", "pressure", "rms", "rpm", "rssi", "running", "sound",
    "speed", "strain", "temp", "torque", "velocity", "vib", "vibration", "volt", "volume", "watt",
    "weight", "druck", "drehzahl", "leistung", "strom", "spannung", "schwingung", "feuchte",
    "durchfluss",
)  # fmt: skip
SHORT = 5  # letters; shorter words must stand alone, longer ones may begin a word
# Words that name where machines stand.
AREAS = frozenset(
    {"line", "hall", "plant", "site", "building", "floor", "area", "zone", "cell", "factory",
     "region", "werk", "halle", "linie", "shop", "enterprise", "org", "tenant"}
)  # fmt: skip
_MARKS = re.compile(r"[\s_.:\-]+|(?<=[a-z])(?=[A-Z0-9])")


def family_of(topic: str) -> Family | None:
    """The known family of a topic."""
    if topic.lower().startswith("shelly") and "/status/" in topic:
        return Family("Shelly", "+/status/#", 0)
    return next((one for template, one in _FAMILIES if template.fits(topic)), None)


def aside_of(topic: str) -> str | None:
    """Why a topic is left aside; None where it is not."""
    if any(level.startswith("$") for level in topic.split("/")):
        return "an attribute of its device"
    return next((reason for template, reason in _ASIDES if template.fits(topic)), None)


def is_plain(level: str) -> bool:
    """Whether a level says nothing of what it holds."""
    return level.lower() in PLAIN


def is_quantity(level: str) -> bool:
    """Whether a level names something that is measured."""
    return any(
        word == known or (len(known) >= SHORT - 1 and word.startswith(known))
        for word in _words(level)
        for known in QUANTITIES
    )


def is_area(level: str) -> bool:
    """Whether a level names where a machine stands."""
    return bool(AREAS & set(_words(level)))


def is_numbered(level: str) -> bool:
    """Whether a level is one of many that are alike."""
    return any(mark.isdigit() for mark in level)


def _words(level: str) -> list[str]:
    return [level.lower(), *(word.lower() for word in _MARKS.split(level) if word)]
