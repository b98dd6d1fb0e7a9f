"""Sparkplug B: births name a device's metrics, data tell those that changed, by alias or name.

A metric is known once its birth was heard; data of an unknown alias are refused, and the edge
node is asked to send its births again.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.message import DecodeError

from detector.ingest.codecs.sparkplug_messages import Payload
from detector.ingest.messages.contract import Message, Reading, Record, RefusedPayloadError
from detector.settings.sources import SourceSettings

NAMESPACE = "spBv1.0"
BIRTHS, DATA, DEATHS = ("NBIRTH", "DBIRTH"), ("NDATA", "DDATA"), ("NDEATH", "DDEATH")
REBIRTH = "Node Control/Rebirth"
BOOLEAN = 11
SIGNED_BITS = {1: 8, 2: 16, 3: 32, 4: 64}  # data types Int8 to Int64, sent as unsigned
ASK_AGAIN_S = 10.0
OWN = ("bdSeq", "Node Control/", "Device Control/", "Node Properties/", "Node Info/")
MOST_DEVICES = 10_000
MOST_WEIGHT = 64 << 20  # of all births together, about the bytes that they hold
METRIC_WEIGHT = 100  # of a metric beside its bytes


@dataclass(slots=True)
class _Birth:
    """What a device's birth said: names and types by alias, types by name."""

    weight: int
    names: dict[int, str] = field(default_factory=dict)
    types: dict[str, int] = field(default_factory=dict)


class Sparkplug:
    """One per source: remembers the births of its devices."""

    def __init__(self) -> None:
        self._births: dict[tuple[str, ...], _Birth] = {}  # the oldest first
        self._weight = 0
        self._asked: dict[str, float] = {}

    def fits(self, message: Message, _: SourceSettings) -> bool:
        """Its topic begins with the namespace."""
        return message.topic.startswith(f"{NAMESPACE}/")

    def read(self, message: Message, _: SourceSettings) -> Reading:
        """Read a message; see ``Codec``."""
        levels = message.topic.split("/")
        if len(levels) < 4 or levels[1] == "STATE":
            return Reading(ignored="no message of a device")
        kind, key = levels[2], (levels[1], *levels[3:])
        if kind in DEATHS:
            gone = self._forget(key)
            return Reading(ignored=f"a death, {kind}", births=dict.fromkeys(gone))
        if kind not in BIRTHS + DATA:
            return Reading(ignored=f"{kind} is no data")
        payload = _parse(message.payload)
        if kind in BIRTHS:
            weight = len(message.payload) + METRIC_WEIGHT * len(payload.metrics)
            self._learn(key, payload, weight)
        elif key not in self._births and any(not m.name for m in payload.metrics):
            return self._unknown(key, "no birth was heard")
        reading = self._reading(key, payload)
        if kind in BIRTHS:
            reading.births[message.topic] = message.payload
        return reading

    def _learn(self, key: tuple[str, ...], payload: Any, weight: int) -> None:  # noqa: ANN401
        """Remember a birth; the oldest are forgotten where there are too many, and asked for."""
        self._forget_one(key)
        while self._births and (
            len(self._births) >= MOST_DEVICES or self._weight + weight > MOST_WEIGHT
        ):
            self._forget_one(next(iter(self._births)))
        birth = self._births[key] = _Birth(weight)
        self._weight += weight
        for metric in payload.metrics:
            birth.types[metric.name] = metric.datatype
            if metric.HasField("alias"):
                birth.names[metric.alias] = metric.name

    def _forget(self, key: tuple[str, ...]) -> list[str]:
        """A node's death is that of its devices; returns the topics of their births."""
        gone = [known for known in self._births if known[: len(key)] == key]
        for known in gone:
            self._forget_one(known)
        return [_topic_of_birth(known) for known in gone]

    def _forget_one(self, key: tuple[str, ...]) -> None:
        birth = self._births.pop(key, None)
        self._weight -= birth.weight if birth else 0

    def _reading(self, key: tuple[str, ...], payload: Any) -> Reading:  # noqa: ANN401
        birth = self._births.get(key, _Birth(0))
        records = []
        for metric in payload.metrics:
            name = metric.name or birth.names.get(metric.alias)
            if name is None:
                return self._unknown(key, f"alias {metric.alias} is in no birth")
            if name.startswith(OWN):
                continue
            stamp = metric.timestamp or payload.timestamp
            datatype = metric.datatype or birth.types.get(name, 0)
            record = Record({name: _value(metric, datatype)}, device=key[-1])
            record.time = stamp / 1000 if stamp else None
            records.append(record)
        return Reading(records, ignored=None if records else "no metric but the node's own")

    def _unknown(self, key: tuple[str, ...], why: str) -> Reading:
        """Refuse, with a request for the node's births not more than now and then."""
        node = "/".join(key[:2])
        line = f"metric: {why}, allowed: data after their birth; the node was asked for it"
        refused = RefusedPayloadError("birth", line)
        now = time.monotonic()
        if now >= self._asked.get(node, 0.0):
            if len(self._asked) >= MOST_DEVICES:
                self._asked.clear()
            self._asked[node] = now + ASK_AGAIN_S
            refused.requests.append((f"{NAMESPACE}/{key[0]}/NCMD/{key[1]}", rebirth_request()))
        raise refused


def _topic_of_birth(key: tuple[str, ...]) -> str:
    group, *rest = key
    return "/".join((NAMESPACE, group, BIRTHS[len(rest) > 1], *rest))


def rebirth_request() -> bytes:
    """The command that makes an edge node send its births again."""
    payload = Payload(timestamp=int(time.time() * 1000))
    payload.metrics.add(name=REBIRTH, datatype=BOOLEAN, boolean_value=True)
    content: bytes = payload.SerializeToString()
    return content


def _parse(content: bytes) -> Any:  # noqa: ANN401 -- a protobuf message
    try:
        payload = Payload.FromString(content)
    except DecodeError:
        payload = None
    # a name that is no UTF-8 comes as bytes
    if payload is None or not all(isinstance(metric.name, str) for metric in payload.metrics):
        line = f"payload: {len(content)} bytes that are no Sparkplug B, allowed: its protobuf"
        raise RefusedPayloadError("format", line)
    return payload


def _value(metric: Any, datatype: int) -> object:  # noqa: ANN401
    """The value of a metric; None where it is null."""
    kind = metric.WhichOneof("value")
    if metric.is_null or kind is None:
        return None
    found = getattr(metric, kind)
    if isinstance(found, bytes):
        return "bytes"  # a word: left out
    bits = SIGNED_BITS.get(datatype)
    if bits is not None and kind in ("int_value", "long_value"):
        found &= (1 << bits) - 1
        return found - (1 << bits) if found >> (bits - 1) else found
    return found
