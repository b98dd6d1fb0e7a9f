"""Reading messages of one topic as the detector would, and keeping what came of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from detector.adopting.recording import Heard
from detector.errors import PayloadError
from detector.ingest.messages.assemble import Decoded
from detector.ingest.messages.contract import Record, RefusedPayloadError
from detector.ingest.sources import Source
from detector.ingest.topics import Named
from detector.settings.sources import SourceSettings


@dataclass
class Found:
    """What some messages held.

    Attributes:
        decoded: Of each message with samples.
        records: Of the same messages, as they stand there.
        arrivals: Of the same messages, UTC seconds.
        kinds: Refusals by kind.
        refused: The newest refusal.
        ignored: Why the newest message without samples is no mistake.
    """

    decoded: list[Decoded] = field(default_factory=list)
    records: list[list[Record]] = field(default_factory=list)
    arrivals: list[float] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    refused: str = ""
    ignored: str = ""

    @property
    def format(self) -> str:
        """Name of the codec."""
        return self.decoded[-1].format if self.decoded else ""

    @property
    def channels(self) -> frozenset[str]:
        """Names of all channels."""
        blocks = (block for one in self.decoded for _, block in one.blocks)
        return frozenset(name for block in blocks for name in block.features)

    @property
    def names_devices(self) -> bool:
        """Whether some messages name their device themselves."""
        return any(record.device is not None for records in self.records for record in records)

    @property
    def devices(self) -> frozenset[str]:
        """Names of all devices."""
        return frozenset(device for one in self.decoded for device, _ in one.blocks)


def read_all(heard: Iterable[Heard], named: Named, settings: SourceSettings) -> Found:
    """Read messages, whatever their topics say.

    Args:
        heard: Of one topic, in order of arrival.
        named: What the topic is taken to say.
        settings: How they are read.
    """
    source, found = Source(settings), Found()
    for topic, payload, arrival in heard:
        try:
            decoded = source.decode(topic, named, payload, arrival)
            if decoded.blocks:
                records = list(source.read(topic, named, payload, arrival)[2].records)
                found.decoded.append(decoded)
                found.records.append(records)
                found.arrivals.append(arrival)
            else:
                found.ignored = decoded.ignored or found.ignored
        except RefusedPayloadError as error:
            found.kinds[error.kind] += 1
            found.refused = str(error)
        except PayloadError as error:
            found.refused = str(error)
    return found
