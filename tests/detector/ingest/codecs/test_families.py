"""Shapes that families of devices and gateways send beside their usual one."""
# ruff: noqa: E501 -- messages stand in one line as they came

from __future__ import annotations

import json
import math
import struct

import pytest

from detector.errors import PayloadError
from detector.ingest.sources import Sources
from detector.settings.sources import SourceSettings

ARRIVAL = 1_800_000_000.0
T0 = 1_772_366_400.0
ISO = "2026-03-01T12:00:00Z"


def read(topic, content, source):
    """What one message says, by a source of its own."""
    payload = content if isinstance(content, bytes) else json.dumps(content).encode()
    return Sources([SourceSettings(**source)]).decode(topic, payload, ARRIVAL)


def told(decoded):
    """Devices with their times and values, NaN as None."""
    return [
        (device, samples.ts.tolist(), {
            name: [None if math.isnan(x) else pytest.approx(x) for x in samples.values[:, f].tolist()]
            for f, name in enumerate(samples.features)
        })
        for device, samples in decoded.blocks
    ]  # fmt: skip


STAT = {"topic": "stat/{device}/+"}
SHELLY = {"topic": "{device}/events/rpc", "exclude": ["*.id"]}
ZIGBEE = {"topic": "zigbee2mqtt/{device}"}
CHIRP = {"topic": "application/+/device/+/event/up"}
RTL = {"topic": "rtl_433/+/events", "device": ["model", "id"]}
TELEGRAF = {"topic": "telegraf/{device}/+"}
IOT = {"topic": "iotgateway/{device}"}
OPC = {"topic": "opcua/{device}"}
BAD = {"Code": 0x808A0000, "Symbol": "BadNotConnected"}
UPLINK = {
    "deviceInfo": {"deviceName": "pump-3", "devEui": "70b3"},
    "data": "qg==",
    "object": {"rms": 2},
}
EVENTS = {"src": "s", "dst": "s/events", "method": "NotifyStatus"}
DATA_SET = {"DataSetWriterId": 1, "DataSetWriterName": "press", "Timestamp": ISO,
            "Payload": {"a": {"Value": 1.5}, "b": {"Value": 2, "StatusCode": BAD}}}  # fmt: skip
NETWORK = {"MessageId": "1", "MessageType": "ua-data", "PublisherId": "gw"}
METRIC = {"fields": {"rms": 1}, "name": "vib", "tags": {"host": "a"}, "timestamp": T0}

READ = {
    "tasmota, answer to Status 8": (
        "stat/plug/STATUS8", {"StatusSNS": {"Time": "2026-03-01T12:00:00", "ENERGY": {"Power": 26}}},
        STAT, ("plug", [T0], {"ENERGY.Power": [26]}),
    ),
    "tasmota, answer to Status 11": (
        "stat/plug/STATUS11", {"StatusSTS": {"Time": "2026-03-01T12:00:00", "POWER": "ON"}},
        STAT, ("plug", [T0], {"POWER": [1]}),
    ),
    "tasmota, three phases": (
        "stat/plug/STATUS10", {"StatusSNS": {"Time": "2026-03-01T12:00:00", "ENERGY": {"Power": [1, 2, 3]}}},
        STAT, ("plug", [T0], {"ENERGY.Power.0": [1], "ENERGY.Power.1": [2], "ENERGY.Power.2": [3]}),
    ),
    "shelly, a notification": (
        "s/events/rpc", {**EVENTS, "params": {"ts": T0, "switch:0": {"id": 0, "apower": 8, "output": True}}},
        SHELLY, ("s", [T0], {"switch:0.apower": [8], "switch:0.output": [1]}),
    ),
    "shelly, a clock that is not set": (
        "s/events/rpc", {**EVENTS, "params": {"ts": None, "switch:0": {"apower": 8}}},
        SHELLY, ("s", [ARRIVAL], {"switch:0.apower": [8]}),
    ),
    "shelly, the answer to a question": (
        "faultline/rpc", {"id": 7, "src": "shellypro3em-1", "dst": "faultline", "result": {"id": 0, "a_act_power": 951.5}},
        {"topic": "faultline/rpc", "exclude": ["id"]}, ("shellypro3em-1", [ARRIVAL], {"a_act_power": [951.5]}),
    ),
    "shelly, gen 1 with three phases": (
        "shellies/s/emeter/1/power", b"3.5", {"topic": "shellies/{device}/emeter/{feature}/{feature}"},
        ("s", [ARRIVAL], {"1.power": [3.5]}),
    ),
    "zigbee2mqtt, last seen in text": (
        "zigbee2mqtt/m", {"x": 1, "last_seen": "2026-03-01T12:00:00.000Z"}, ZIGBEE, ("m", [T0], {"x": [1]})
    ),
    "zigbee2mqtt, last seen in local text": (
        "zigbee2mqtt/m", {"x": 1, "last_seen": "2026-03-01T13:00:00+01:00"}, ZIGBEE, ("m", [T0], {"x": [1]})
    ),
    "zigbee2mqtt, last seen as a number": (
        "zigbee2mqtt/m", {"x": 1, "last_seen": int(T0 * 1000)}, ZIGBEE, ("m", [T0], {"x": [1]})
    ),
    "chirpstack 4, times of the gateway alone": (
        "application/1/device/70b3/event/up",
        {**UPLINK, "rxInfo": [{"gwTime": ISO, "nsTime": "2026-03-01T12:00:00.868+00:00"}]},
        CHIRP, ("pump-3", [T0], {"rms": [2]}),
    ),
    "chirpstack 4, the time of the server alone": (
        "application/1/device/70b3/event/up", {**UPLINK, "rxInfo": [{"nsTime": ISO}]},
        CHIRP, ("pump-3", [T0], {"rms": [2]}),
    ),
    "chirpstack 3, JSON": (
        "application/1/device/70b3/event/up",
        {"applicationID": "1", "deviceName": "vib", "devEUI": "70b3", "rxInfo": [{"time": ISO, "loRaSNR": 9}],
         "data": "AQI=", "object": {"temperatureSensor": {"1": 25}}},
        CHIRP, ("vib", [T0], {"temperatureSensor.1": [25]}),
    ),
    "rtl_433, a zone without a colon": (
        "rtl_433/h/events", {"time": "2026-03-01 13:00:00+0100", "model": "A", "id": "f3e2", "humidity": 44},
        RTL, ("A-f3e2", [T0], {"humidity": [44]}),
    ),
    "rtl_433, seconds as text": (
        "rtl_433/h/events", {"time": "1772366400.5", "model": "A", "id": 12, "humidity": 44},
        RTL, ("A-12", [T0 + 0.5], {"humidity": [44]}),
    ),
    "rtl_433, a topic a value": (
        "rtl_433/h/devices/A/1/12/humidity", b"44", {"topic": "rtl_433/+/devices/{device}/+/{device}/{feature}"},
        ("A-12", [ARRIVAL], {"humidity": [44]}),
    ),
    "telegraf, a list of metrics": (
        "telegraf/a/vib", [METRIC, {**METRIC, "timestamp": T0 + 1}],
        TELEGRAF, ("a", [T0, T0 + 1], {"vib.rms": [1, 1]}),
    ),
    "telegraf, a metric a line": (
        "telegraf/a/vib", b"\n".join([json.dumps(METRIC).encode()] * 2),
        TELEGRAF, ("a", [T0, T0], {"vib.rms": [1, 1]}),
    ),
    "kepware, a tag a message": (
        "iotgateway/p", {"timestamp": ISO, "tag": "Line.Speed", "value": 4.5, "quality": "good"},
        IOT, ("p", [T0], {"Line.Speed": [4.5]}),
    ),
    "kepware, tags by name": (
        "iotgateway/p", {"Speed": {"value": 4.5, "quality": True, "timestamp": int(T0 * 1000)},
                         "Temp": {"value": 0, "quality": False, "timestamp": int(T0 * 1000)}},
        IOT, ("p", [T0], {"Speed": [4.5], "Temp": [None]}),
    ),
    "nested objects that are no channels": (
        "iotgateway/p", {"ts": T0, "acc": {"value": 1, "x": 2}, "b": {"value": 3, "unit": "C"}},
        IOT, ("p", [T0], {"acc.value": [1], "acc.x": [2], "b.value": [3]}),
    ),
    "opc ua, one message and no list": (
        "opcua/p", {**NETWORK, "Messages": DATA_SET}, OPC, ("p", [T0], {"a": [1.5], "b": [None]})
    ),
    "opc ua, several network messages": (
        "opcua/p", [{**NETWORK, "Messages": [DATA_SET]}] * 2, OPC,
        ("p", [T0, T0], {"a": [1.5, 1.5], "b": [None, None]}),
    ),
    "opc ua, the writer is the device": (
        "opcua", {**NETWORK, "Messages": [DATA_SET]}, {"topic": "opcua", "device": ["PublisherId", "DataSetWriterName"]},
        ("gw-press", [T0], {"a": [1.5], "b": [None]}),
    ),
    "opc ua, a payload without a header": (
        "opcua/p", {"a": {"Value": 1.5, "SourceTimestamp": ISO}, "b": {"Value": 2, "SourceTimestamp": ISO, "StatusCode": BAD}},
        OPC, ("p", [T0], {"a": [1.5], "b": [None]}),
    ),
    "opc ua, a payload and nothing else": (
        "opcua/p", {"Payload": {"a": {"Value": 1.5, "SourceTimestamp": ISO}}}, OPC, ("p", [T0], {"a": [1.5]})
    ),
    "opc ua, a node a value": (
        "opcua/p", [{"NodeId": "nsu=x;s=a", "DisplayName": "a", "Value": {"Value": 1.5, "SourceTimestamp": ISO}},
                    {"NodeId": "nsu=x;s=b", "Value": {"Value": 2, "SourceTimestamp": ISO, "StatusCode": BAD}}],
        OPC, ("p", [T0], {"a": [1.5], "nsu=x;s=b": [None]}),
    ),
    "binary, rows with a time": (
        "bin/p", struct.pack("<4d", T0, 1, T0 + 2, 3),
        {"topic": "bin/{device}", "format": "binary", "layout": "<f8", "columns": ["ts", "x"]},
        ("p", [T0, T0 + 2], {"x": [1, 3]}),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", READ)
def test_another_shape_of_the_family(name):
    """It says the same as the usual shape would."""
    topic, content, source, want = READ[name]
    assert told(read(topic, content, source)) == [want]


IGNORED = {
    "shelly, a pushed button": (
        "s/events/rpc", {**EVENTS, "method": "NotifyEvent", "params": {"ts": T0, "events": [{"event": "single_push", "ts": T0}]}},
        SHELLY, "no status",
    ),
    "chirpstack, an uplink without data": (
        "application/1/device/70b3/event/up", {"deviceInfo": UPLINK["deviceInfo"], "data": "", "fCnt": 3}, CHIRP, "uplink",
    ),
    "zigbee2mqtt, availability": (
        "zigbee2mqtt/m/availability", {"state": "online"}, {"topic": "zigbee2mqtt/{device}/{feature}"}, "attributes",
    ),
    "rtl_433, a time alone": (
        "rtl_433/h/devices/A/1/12/time", b"2026-03-01 12:00:00",
        {"topic": "rtl_433/+/devices/{device}/+/{device}/{feature}"}, "attributes",
    ),
    "opc ua, metadata": (
        "opcua/p", {"MessageId": "2", "MessageType": "ua-metadata", "MetaData": {"ConfigurationVersion": {"MajorVersion": 1}}},
        OPC, "ua-metadata",
    ),
    "opc ua, a keep-alive": (
        "opcua/p", {**NETWORK, "Messages": [{"DataSetWriterId": 1, "SequenceNumber": 4, "MessageType": "ua-keepalive"}]},
        OPC, "keep-alive",
    ),
    "homie, an attribute of a node's property": (
        "homie/m/motor/rpm/$unit", b"rpm", {"topic": "homie/{device}/{feature}/{feature}/{feature}"}, "attribute",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", IGNORED)
def test_what_the_family_sends_beside_samples_is_ignored(name):
    """Neither a refusal nor a channel comes of it."""
    topic, content, source, why = IGNORED[name]
    decoded = read(topic, content, source)
    assert decoded.blocks == []
    assert why in decoded.ignored


def test_an_uplink_that_nobody_decoded_is_refused_with_the_remedy():
    """The Things Stack needs a payload formatter, and the line says so."""
    uplink = {"end_device_ids": {"device_id": "d"}, "uplink_message": {"frm_payload": "AQI="}}
    with pytest.raises(PayloadError, match="allowed: a payload formatter"):
        read("v3/a/devices/d/up", uplink, {"topic": "v3/+/devices/{device}/up"})


def test_times_of_two_kinds_in_one_message_do_no_harm():
    """A field whose time is no text tells none."""
    fields = {"a": {"Value": 1, "SourceTimestamp": 5}, "b": {"Value": 2, "SourceTimestamp": ISO}}
    assert told(read("opcua/p", fields, OPC)) == [("p", [T0], {"a": [1], "b": [2]})]
