"""InfluxDB line protocol: ``measurement,tag=value field=value,… [timestamp]``, a line a moment."""

from __future__ import annotations

import re

from detector.ingest.envelopes.telegraf import named_by, series_name
from detector.ingest.messages.contract import Message, Reading, Record, RefusedPayloadError
from detector.ingest.messages.values import checked_count, shown
from detector.settings.sources import SourceSettings

_NAME = r"(?:\\.|[^\s,=\\])+"
_VALUE = r'(?:"(?:\\.|[^"\\])*"|(?:\\.|[^\s,"\\])+)'
_LINE = re.compile(
    rf"(?P<series>(?:\\.|[^\s,\\])+)(?P<tags>(?:,{_NAME}={_NAME})*)"
    rf"[ \t]+(?P<fields>{_NAME}={_VALUE}(?:,{_NAME}={_VALUE})*)"
    r"(?:[ \t]+(?P<time>-?\d{1,20}))?[ \t]*"
)
_TAG = re.compile(rf",({_NAME})=({_NAME})")  # what _LINE calls a tag: no more, no less
_FIELD = re.compile(rf"({_NAME})=({_VALUE})")
_ESCAPED = re.compile(r"\\([,= \"\\])")
_INTEGER = re.compile(r"[+-]?\d+[iu]")
_TRUE = frozenset({"t", "T", "true", "True", "TRUE"})
_FALSE = frozenset({"f", "F", "false", "False", "FALSE"})
LONGEST_LINE = 65_536


class LineProtocol:
    """Points of one or many series; see ``series_name`` for what their fields are called."""

    def fits(self, message: Message, _: SourceSettings) -> bool:
        """Its first line is a point."""
        try:
            first = message.payload[:LONGEST_LINE].lstrip().split(b"\n", 1)[0].decode()
        except UnicodeDecodeError:
            return False
        return first.startswith("#") or _LINE.fullmatch(first.rstrip("\r")) is not None

    def read(self, message: Message, source: SourceSettings) -> Reading:
        """Read a message; see ``Codec``."""
        try:
            lines = message.payload.decode().splitlines()
        except UnicodeDecodeError:
            line = "payload: not UTF-8, allowed: line protocol in UTF-8"
            raise RefusedPayloadError("format", line) from None
        points = [line for line in lines if line.strip() and not line.startswith("#")]
        checked_count(len(points))
        return Reading(_record(line, message, source) for line in points)


def _record(line: str, message: Message, source: SourceSettings) -> Record:
    if len(line) > LONGEST_LINE:
        found_length = f"{len(line)} characters"
        raise RefusedPayloadError("size", f"line: found {found_length}, allowed: {LONGEST_LINE}")
    found = _LINE.fullmatch(line)
    if found is None:
        allowed = "measurement,tag=value field=value timestamp"
        raise RefusedPayloadError("format", f"line: found {shown(line)}, allowed: {allowed}")
    tags: dict[str, object] = {_plain(k): _plain(v) for k, v in _TAG.findall(found["tags"])}
    device = named_by(tags, source)
    prefix = series_name(_plain(found["series"]), tags, message.device)
    fields = {f"{prefix}.{_plain(k)}": _value(v) for k, v in _FIELD.findall(found["fields"])}
    time = None if found["time"] is None else int(found["time"])
    return Record(fields, time=time, device=device)


def _value(text: str) -> object:
    if text.startswith('"'):
        return _plain(text[1:-1]) or None  # a word is left out as such
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    return text[:-1] if text[-1] in "iu" and _INTEGER.fullmatch(text) else text


def _plain(text: str) -> str:
    return _ESCAPED.sub(r"\1", text) if "\\" in text else text
