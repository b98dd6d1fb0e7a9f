"""What a codec is: bytes of one message in, records out.

A codec knows one payload format and nothing else: no topic templates, no units of time, no words
for missing values. What stands in a record is what stood in the message; ``assemble`` makes
samples of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from detector.errors import PayloadError
from detector.settings.sources import SourceSettings

KINDS = frozenset(
    {"size", "format", "json", "nesting", "empty", "names", "type", "non-finite", "columns",
     "samples", "time", "rate", "session", "device", "bytes", "birth"}
)  # fmt: skip


class RefusedPayloadError(PayloadError):
    """A payload that is not taken.

    Attributes:
        kind: Class of the reason, for counting, one of ``KINDS``.
        requests: Topics and payloads to publish in answer, for example a Sparkplug rebirth.
    """

    def __init__(self, kind: str, line: str) -> None:
        super().__init__(line)
        self.kind = kind
        self.requests: list[tuple[str, bytes]] = []


@dataclass(frozen=True, slots=True)
class Message:
    """One message, with what its topic says.

    Attributes:
        topic: As received.
        payload: Unpacked and without byte-order mark, trailing NUL or newline.
        arrival: UTC seconds.
        device: Named by the topic; None where the payload must.
        feature: Named by the topic; None where the payload names its channels.
    """

    topic: str
    payload: bytes
    arrival: float
    device: str | None = None
    feature: str | None = None


@dataclass(slots=True)
class Record:
    """What a message says of one device, as it stands there.

    Attributes:
        channels: By name: a number, a text, true or false, None, or a list of those. The name is
            empty for the one value of a message that gives it none.
        time: A number, a text, a datetime or a list of them; None: the arrival.
        device: Named by the payload.
        session: Named by the payload.
        rate_hz: Samples per second inside a burst, when the payload says.
        units: Of channels, where the payload gives them.
        left_out: What is no channel, by path, with the reason.
    """

    channels: dict[str, object]
    time: object = None
    device: object = None
    session: object = None
    rate_hz: float | None = None
    units: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Reading:
    """What a codec found in one message.

    Attributes:
        records: In order; where there may be many, made one by one as they are asked for, so that
            a message is refused before all of it is read.
        ignored: Why a message without records is no mistake.
        births: Messages by topic that later ones cannot be read without, to be read again by
            whoever starts anew; None: not any more.
    """

    records: Iterable[Record] = field(default_factory=list)
    ignored: str | None = None
    births: dict[str, bytes | None] = field(default_factory=dict)


class Codec(Protocol):
    """One payload format; a source has one of each kind it meets, so it may remember."""

    def fits(self, message: Message, source: SourceSettings) -> bool:
        """Whether a message looks like this format, from its first bytes."""

    def read(self, message: Message, source: SourceSettings) -> Reading:
        """Read a message.

        Raises:
            RefusedPayloadError: One line with what, where, found and allowed.
        """
