"""Messages as devices, gateways and loggers send them: what is read, ignored or refused."""
# ruff: noqa: E501 -- messages stand in one line as they came

from __future__ import annotations

import base64
import gzip
import json
import struct
from pathlib import Path

import cbor2
import msgspec
import pytest

from detector.errors import PayloadError
from tests.support.ingest.decoding import ARRIVAL, T0, metrics, read, told

CASES = [
    json.loads(line) for line in Path(__file__).with_name("cases.jsonl").read_text().splitlines()
]


def body(case):
    """Its bytes."""
    return case["text"].encode() if "text" in case else base64.b64decode(case.get("base64", ""))


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_message_from_the_field(case):
    """Devices, times and values are those that the case gives; or it is ignored or refused."""
    source = case.get("source", {})
    if "refuse" in case:
        with pytest.raises(PayloadError, match=f"(?i){case['refuse']}"):
            read(case["topic"], body(case), **source)
        return
    decoded = read(case["topic"], body(case), **source)
    if "ignore" in case:
        assert (decoded.blocks, case["ignore"] in decoded.ignored) == ([], True)
        return
    found = told(decoded)
    assert [device for device, _, _ in found] == [want["device"] for want in case["expect"]]
    for (_, ts, features), want in zip(found, case["expect"], strict=True):
        if want["ts"] is not None:
            assert ts == pytest.approx(want["ts"], abs=2e-6)
        for name, values in want["features"].items():
            (match,) = [known for known in features if known == name or known.endswith(f".{name}")]
            assert features[match] == [v if v is None else pytest.approx(v) for v in values]
        assert len(features) == len(want["features"])


SP = {"topic": "spBv1.0/+/+/+/{device}"}
OF_THE_KIND = {
    "chirpstack 4": (
        "app/1/device/70b3/event/up",
        {"time": "2026-03-01T12:00:00Z", "deviceInfo": {"deviceName": "vib-3", "devEui": "70b3"},
         "fCnt": 4, "rxInfo": [{"rssi": -90}], "object": {"rms": 0.2, "mode": "run"}},
        {"topic": "app/+/device/+/event/up"}, ("vib-3", [T0], {"rms": [pytest.approx(0.2)]}),
    ),
    "chirpstack 3, its object as text": (
        "app/1/device/70b3/rx",
        {"deviceName": "vib-3", "devEUI": "cLM=", "rxInfo": [{"time": "2026-03-01T12:00:00Z"}],
         "objectJSON": '{"rms": 2}'},
        {"topic": "app/+/device/+/rx"}, ("vib-3", [T0], {"rms": [2]}),
    ),
    "telegraf, many metrics, one channel a tag": (
        "telegraf/x",
        {"metrics": [
            {"name": "vib", "tags": {"host": "a", "axis": "x"}, "fields": {"rms": 1}, "timestamp": T0},
            {"name": "vib", "tags": {"host": "a", "axis": "y"}, "fields": {"rms": 2}, "timestamp": T0},
        ]},
        {"topic": "telegraf/#", "device": ["host"]},
        ("a", [T0], {"vib.x.rms": [1], "vib.y.rms": [2]}),
    ),
    "line protocol, escapes, integers and words": (
        "i/x", b'my\\ vib,host=a up=t,n=7i,word="a, b=c",rms=1e-3 1772366400000\n# note\n',
        {"topic": "i/#", "device": ["host"]},
        ("a", [T0], {"my vib.up": [1], "my vib.n": [7], "my vib.rms": [pytest.approx(1e-3)]}),
    ),
    "csv with a header and semicolons": (
        "sensors/p", b"time;a;b\n2026-03-01 12:00:00;1;\n2026-03-01 12:00:01;2;3\n", {},
        ("p", [T0, T0 + 1], {"a": [1, 2], "b": [None, 3]}),
    ),
    "a counter called time is no time": (
        "sensors/p", {"time": 86_401, "t": 21.5, "a": 1}, {},
        ("p", [ARRIVAL], {"time": [86_401], "t": [21.5], "a": [1]}),
    ),
    "serial numbers are no numbers": (
        "sensors/p", {"ts": T0, "id": "011316E1", "serial": "007", "a": "1e-3"}, {},
        ("p", [T0], {"a": [pytest.approx(1e-3)]}),
    ),
    "a burst with a period, and a value that holds for it": (
        "sensors/p", {"ts": T0, "dt": 0.5, "rpm": 600, "x": [1, 2, 3]}, {},
        ("p", [T0, T0 + 0.5, T0 + 1], {"rpm": [600, 600, 600], "x": [1, 2, 3]}),
    ),
    "a rate without arrays is a channel": (
        "sensors/p", {"ts": T0, "rate": 72}, {}, ("p", [T0], {"rate": [72]})
    ),
    "a wrapper beside a counter": (
        "sensors/p", {"seq": 5, "timestamp": T0, "data": {"acc": {"x": 1}}}, {},
        ("p", [T0], {"seq": [5], "acc.x": [1]}),
    ),
    "channels told apart at one time are one sample": (
        "sensors/p", [{"ts": T0, "a": 1}, {"ts": T0, "b": 2}, {"ts": T0 - 1, "a": 0, "c": "x"}], {},
        ("p", [T0 - 1, T0], {"a": [0, 1], "b": [None, 2]}),
    ),
    "a feature's topic with an object": (
        "plant/p/temp", {"value": "21.5", "unit": "°C", "ts": T0}, {"topic": "plant/{device}/{feature}"},
        ("p", [T0], {"temp": [21.5]}),
    ),
    "scale, unit and missing of one channel": (
        "sensors/p", {"ts": T0, "a": 10, "b": 65535},
        {"scale": {"a": 0.1}, "missing": [65535]}, ("p", [T0], {"a": [1], "b": [None]}),
    ),
    "bad and uncertain qualities": (
        "sensors/p", {"ts": T0, "values": [{"id": "a", "v": 1, "q": 0}, {"id": "b", "v": 2, "q": 192},
                                          {"id": "c", "v": 3, "q": "Bad"}]}, {},
        ("p", [T0], {"a": [None], "b": [2], "c": [None]}),
    ),
    "an OPC UA value with a bad status": (
        "opc/p", {"MessageType": "ua-data", "Messages": [{"DataSetWriterId": 1, "Timestamp": "2026-03-01T12:00:00Z",
         "Payload": {"a": {"Value": 3, "StatusCode": {"Code": 0x80340000}}, "b": {"Type": 11, "Body": 2.5}}}]},
        {"topic": "opc/{device}"}, ("p", [T0], {"a": [None], "b": [2.5]}),
    ),
    "messagepack with a timestamp": (
        "sensors/p", msgspec.msgpack.encode({"d": {"a": 1.5}, "time": "2026-03-01T12:00:00Z"}), {},
        ("p", [T0], {"a": [1.5]}),
    ),
    "cbor with a tagged time": (
        "sensors/p", cbor2.dumps({"ts": cbor2.CBORTag(1, T0), "a": [1, 2], "raw": b"\0"}), {},
        ("p", [T0], {"a.0": [1], "a.1": [2]}),
    ),
    "senml in cbor, base value, times from now": (
        "senml/gw", cbor2.dumps([{-2: "urn:dev:p:", -5: 20, 0: "t", 2: 1.5, 6: -2}, {0: "t", 2: 2.5}]),
        {"topic": "senml/+"}, ("urn:dev:p", [ARRIVAL - 2, ARRIVAL], {"t": [21.5, 22.5]}),
    ),
    "binary, one column after the other, scaled": (
        "bin/p", struct.pack(">4h", 1, 2, 30, 40),
        {"topic": "bin/{device}", "format": "binary", "layout": "planar >i2", "columns": ["x", "y"],
         "rate_hz": 2.0, "scale": 0.5},
        ("p", [ARRIVAL - 0.5, ARRIVAL], {"x": [0.5, 1], "y": [15, 20]}),
    ),
    "sparkplug, a negative integer, a null and the node's own": (
        *metrics({"name": "n", "datatype": 2, "int_value": 0xFFFE},
                 {"name": "gone", "datatype": 10, "is_null": True},
                 {"name": "bdSeq", "datatype": 4, "long_value": 3}), SP,
        ("press", [T0], {"n": [-2], "gone": [None]}),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", OF_THE_KIND)
def test_others_of_the_kind(name):
    """The rule holds beyond the cases that showed it."""
    topic, content, source, want = OF_THE_KIND[name]
    payload = content if isinstance(content, bytes) else json.dumps(content).encode()
    assert told(read(topic, payload, **source)) == [want]


IGNORED = {
    "a word alone": ("p/LWT", b"Online", {"topic": "{device}/{feature}"}, "attributes"),
    "a join of The Things Stack": (
        "v3/a/devices/d/join", b'{"end_device_ids": {"device_id": "d"}, "join_accept": {}}',
        {"topic": "v3/+/devices/{device}/#"}, "uplink",
    ),
    "a sparkplug death": (*metrics(topic="spBv1.0/g/DDEATH/edge/press"), SP, "death"),
    "a sparkplug command": (*metrics(topic="spBv1.0/g/DCMD/edge/press"), SP, "no data"),
    "a state of a primary host": ("spBv1.0/STATE/scada", b"{}", {"topic": "spBv1.0/#"}, "no message"),
}  # fmt: skip


@pytest.mark.parametrize("name", IGNORED)
def test_what_is_no_sample_is_no_mistake(name):
    """Deaths, joins and words are counted apart from refusals."""
    topic, payload, source, why = IGNORED[name]
    decoded = read(topic, payload, **source)
    assert decoded.blocks == []
    assert why in decoded.ignored


def test_left_out_channels_are_named_with_their_reason():
    """An integrator reads why a value is no feature."""
    decoded = read(
        "sensors/p", b'{"ts": 1772366400, "mode": "auto", "a": 1, "b": 2, "l": [{}]}', exclude=["b"]
    )
    assert decoded.left_out == {
        "mode": "'auto' is no number", "b": "among `exclude`", "l": "a list of objects or lists",
    }  # fmt: skip
    assert told(decoded) == [("p", [T0], {"a": [1]})]


REFUSED = {
    "no device anywhere": ("x", b'{"ts": 1, "a": 1}', {"topic": "x"}, "device"),
    "a device key that is not there": ("x", b'{"a": 1}', {"topic": "x", "device": ["id"]}, "'id'"),
    "a device called like a topic": ("x", b'{"id": "a/b", "a": 1}', {"topic": "x", "device": ["id"]}, "without /"),
    "samples without spacing": ("sensors/p", b'[{"a": 1}, {"a": 2}]', {}, "spacing"),
    "a number nobody named": ("sensors/p", b"148.22", {}, "feature"),
    "a gzip bomb": ("sensors/p", gzip.compress(b" " * (1 << 21)), {}, "1048576"),
    "a broken gzip": ("sensors/p", b"\x1f\x8bxxxxxxxx", {}, "gzip"),
    "a csv line that is short": (
        "sensors/p", b"1772366400,1", {"format": "csv", "columns": ["ts", "a", "b"]}, "2 cells",
    ),
    "channels beyond the limit": (
        "sensors/p", json.dumps({f"f{i}": i for i in range(600)}).encode(), {}, "512",
    ),
    "two arrays of two lengths": ("sensors/p", b'{"fs": 9, "a": [1, 2], "b": [1, 2, 3]}', {}, "allowed: 2"),
    "sparkplug that is none": ("spBv1.0/g/DBIRTH/e/p", b"\xff\xff\xff", SP, "Sparkplug"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_refusals_are_one_line_that_says_what_is_allowed(name):
    """What, found and allowed."""
    topic, payload, source, words = REFUSED[name]
    with pytest.raises(PayloadError) as caught:
        read(topic, payload, **source)
    line = str(caught.value)
    assert words in line
    assert "allowed" in line
    assert "\n" not in line
