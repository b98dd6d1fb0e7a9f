"""One realistic message of every payload format, and the sources that read them."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from typing import Any

import cbor2
import msgspec

from detector.ingest.codecs.sparkplug_messages import Payload
from detector.settings.sources import SourceSettings

T0 = 1_772_366_400.0  # 2026-03-01T12:00:00Z, seconds
PERIOD_S = 0.01
AXES = ("acc_x", "acc_y", "acc_z")
DOUBLE = 10  # data type of Sparkplug


@dataclass(frozen=True)
class Example:
    """A message as a device sends it.

    Attributes:
        name: What is said of it in a table.
        source: How it is read.
        topic: Of the message.
        payload: Its bytes.
        samples: Moments it tells of.
        before: Payload and topic of a message that must come first, a birth for example.
    """

    name: str
    source: SourceSettings
    topic: str
    payload: bytes
    samples: int
    before: tuple[str, bytes] | None = None


def times(n: int) -> list[float]:
    """Moments in seconds, evenly spaced."""
    return [round(T0 + i * PERIOD_S, 3) for i in range(n)]


def values(n: int, axis: int) -> list[float]:
    """Numbers with as many digits as sensors have."""
    return [round(((i * 7919 + axis * 104_729) % 20_011) / 5000 - 2, 4) for i in range(n)]


def columns(n: int) -> dict[str, Any]:
    """Our own form of many samples: ``{"ts": […], "acc_x": […], …}``."""
    return {"ts": times(n), **{name: values(n, at) for at, name in enumerate(AXES)}}


def single() -> dict[str, Any]:
    """Our own form of one sample."""
    return {name: column[0] for name, column in columns(1).items()}


def examples() -> list[Example]:
    """All formats; our own first."""
    return [
        _example("own JSON, one sample", "own/{device}", _json(single()), 1),
        _example("own JSON, columns of 100", "own/{device}", _json(columns(100)), 100),
        _example("own JSON, list of 25", "own/{device}", _json(_rows(25)), 25),
        _example("JSON, nested, other names", "json/{device}", _json(_nested()), 1),
        _example("OPC UA PubSub, 12 values", "opc/{device}", _json(_opc_ua()), 1),
        _example("SenML, 25 records", "senml/+", _json(_senml()), 25, format="senml"),
        _example("line protocol, 25 lines", "line/{device}", _lines(), 25, format="line-protocol"),
        _example("CSV, 25 lines", "csv/{device}", _csv(), 25, format="csv", columns=("ts", *AXES)),
        _example("text, one value", "text/{device}/{feature}", b"148.22", 1, topic="text/m/rms"),
        _example("MessagePack, columns of 100", "mp/{device}",
                 msgspec.msgpack.encode(columns(100)), 100, format="messagepack"),
        _example("CBOR, columns of 100", "cbor/{device}",
                 cbor2.dumps(columns(100)), 100, format="cbor"),
        _example("binary, 100 x 3 floats", "bin/{device}", _binary(100), 100,
                 format="binary", layout="<f4", columns=AXES, rate_hz=1 / PERIOD_S),
        _sparkplug(),
    ]  # fmt: skip


def _example(
    name: str, template: str, payload: bytes, samples: int, *, topic: str = "", **options: object
) -> Example:
    source = SourceSettings(topic=template, **options)
    topic = topic or template.replace("{device}", "m").replace("+", "m")
    return Example(name, source, topic, payload, samples)


def _json(content: object) -> bytes:
    return json.dumps(content).encode()


def _rows(n: int) -> list[dict[str, float]]:
    table = columns(n)
    return [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]


def _nested() -> dict[str, Any]:
    acc = {"x": 0.0112, "y": -0.0243, "z": 1.0021}
    data = {"acc": acc, "temp": 41.2, "mode": "auto", "running": True}
    return {"timestamp": int(T0 * 1000), "seq": 1841, "data": data}


def _opc_ua() -> dict[str, Any]:
    stamp = "2026-03-01T12:00:00.125Z"
    fields = {
        f"Axis{i}.Speed": {"Value": value, "SourceTimestamp": stamp, "StatusCode": {"Code": 0}}
        for i, value in enumerate(values(12, 0))
    }
    message = {"DataSetWriterId": 1, "SequenceNumber": 9, "Timestamp": stamp, "Payload": fields}
    return {"MessageId": "1", "MessageType": "ua-data", "Messages": [message]}


def _senml() -> list[dict[str, Any]]:
    pack = [{"n": "rms", "u": "mm/s", "t": -0.04 * i, "v": v} for i, v in enumerate(values(25, 1))]
    return [{"bn": "urn:dev:ow:10e2073a:", "bt": T0}, *pack]


def _lines() -> bytes:
    rows = zip(times(25), values(25, 0), values(25, 1), strict=True)
    return "\n".join(
        f"vibration,axis=x rms={a},peak={b} {round(t * 1e9)}" for t, a, b in rows
    ).encode()


def _csv() -> bytes:
    return "\n".join(",".join(map(str, row.values())) for row in _rows(25)).encode()


def _binary(n: int) -> bytes:
    flat = [value for row in _rows(n) for name, value in row.items() if name != "ts"]
    return struct.pack(f"<{len(flat)}f", *flat)


def _sparkplug() -> Example:
    birth, told = Payload(timestamp=round(T0 * 1000)), Payload(timestamp=round(T0 * 1000) + 10)
    for alias, value in enumerate(values(10, 2)):
        stamp = {"alias": alias, "timestamp": round(T0 * 1000), "double_value": value}
        birth.metrics.add(name=f"Axis/{alias}/Speed", datatype=DOUBLE, **stamp)
        told.metrics.add(**stamp)
    example = _example("Sparkplug B, 10 metrics", "spBv1.0/+/+/+/{device}",
                       told.SerializeToString(), 1, topic="spBv1.0/plant/DDATA/edge/m")  # fmt: skip
    before = "spBv1.0/plant/DBIRTH/edge/m", birth.SerializeToString()
    return Example(**{**vars(example), "before": before})
