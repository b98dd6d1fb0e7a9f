"""What the messages of one topic are like.

They are read twice: as messages that name their channels, and as one value whose channel the
topic names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from detector.adopting.needed import to_read, to_understand
from detector.adopting.reading import Found, read_all
from detector.adopting.recording import Heard
from detector.ingest.topics import MAX_NAME, Named
from detector.settings.sources import SourceSettings

PROBED = 50  # messages of a topic
SOME = "x"  # stands for a name that is not known yet
ONE_VALUE = frozenset({"value", "val", "v"})


class Kind(StrEnum):
    """What a topic carries."""

    CHANNELS = "channels"  # messages that name their channels
    VALUE = "value"  # one value a message
    NOTHING = "nothing"  # words, attributes, deaths: no numbers and no mistake
    REFUSED = "refused"


@dataclass(frozen=True)
class Look:
    """One topic.

    Attributes:
        topic: As received.
        kind: What it carries.
        count: Live messages heard.
        channels: Names in the messages; empty of a bare value.
        devices: Those that the payload names.
        needed: Settings without which it could not be read, by key.
        reason: Why nothing was read.
        is_unknown: It is of no known format.
    """

    topic: str
    kind: Kind
    count: int
    channels: frozenset[str] = frozenset()
    devices: frozenset[str] = frozenset()
    needed: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    is_unknown: bool = False

    @property
    def levels(self) -> list[str]:
        """Of the topic."""
        return self.topic.split("/")


def look_at(topic: str, heard: Sequence[Heard], count: int) -> Look:
    """Look at a topic's messages.

    Args:
        topic: Theirs.
        heard: In order of arrival.
        count: How many there were in all.
    """
    if any(len(level) > MAX_NAME or not level.isprintable() for level in topic.split("/")):
        return Look(topic, Kind.REFUSED, count, reason="a level of the topic can be no name")
    probed, named = heard[:PROBED], Named(SOME, None)
    found = _read(probed, named, {})
    if found.decoded:
        return _look(topic, found, {}, probed, count)
    value = _read(probed, Named(SOME, SOME), {})
    if value.decoded:
        return Look(topic, Kind.VALUE, count)
    if needed := to_read(probed, found, named):
        again = _read(probed, named, needed)
        if again.decoded:
            return _look(topic, again, needed, probed, count)
    if found.ignored or value.ignored:
        return Look(topic, Kind.NOTHING, count, reason=found.ignored or value.ignored)
    is_unknown = found.kinds["format"] > 0
    return Look(topic, Kind.REFUSED, count, reason=found.refused, is_unknown=is_unknown)


def _look(
    topic: str, found: Found, needed: Mapping[str, Any], probed: Sequence[Heard], count: int
) -> Look:
    """Of a topic whose messages name their channels."""
    needed = {**needed, **to_understand(found)}
    kind = Kind.VALUE if found.channels <= ONE_VALUE else Kind.CHANNELS
    devices: frozenset[str] = frozenset()
    if "device" in needed or found.names_devices:
        devices = _read(probed, Named(None, None), needed).devices
    return Look(topic, kind, count, found.channels, devices, needed)


def _read(heard: Sequence[Heard], named: Named, needed: Mapping[str, Any]) -> Found:
    return read_all(heard, named, SourceSettings(topic="#", **needed))
