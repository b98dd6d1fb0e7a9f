"""What a recording holds, read with given sources: devices, channels, rates, clocks."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np

from detector.adopting.recording import Heard
from detector.adopting.timing import Clock, Pace, Timing, timing_of
from detector.ingest.messages.contract import RefusedPayloadError
from detector.ingest.sources import Source
from detector.ingest.topics import Named
from detector.records import Samples

TIMED = 500  # messages of a source whose times are looked at
Route = Callable[[str], tuple[Source, Named] | None]  # how a topic is read; None: not at all
Counts = dict[str, Counter[tuple[str, str]]]  # by topic, samples by device and channel


@dataclass(frozen=True)
class ChannelFound:
    """One channel of a device.

    Attributes:
        name: Of the channel.
        unit: Where messages give one.
        low: The smallest value; None where all are missing.
        high: The largest.
        samples: With a value.
        missing: Told as missing.
        timing: Its own pace.
    """

    name: str
    unit: str
    low: float | None
    high: float | None
    samples: int
    missing: int
    timing: Timing


@dataclass(frozen=True)
class DeviceFound:
    """One device of a source.

    Attributes:
        name: Of the device.
        messages: With samples of it.
        channels: By name.
        timing: Of its samples, whatever channels they hold.
    """

    name: str
    messages: int
    channels: dict[str, ChannelFound]
    timing: Timing


@dataclass
class SourceFound:
    """What one source read.

    Attributes:
        template: Of its topics.
        topics: Messages by topic.
        formats: Messages by codec.
        refused: Messages by kind of refusal.
        refusals: The newest line of each kind.
        left_out: Reason by channel.
        clock: Where times come from.
        blocks: Samples by device, with the arrival of each message.
        units: By channel.
    """

    template: str
    topics: Counter[str] = field(default_factory=Counter)
    formats: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    refusals: dict[str, str] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    clock: Clock = field(default_factory=Clock)
    blocks: dict[str, list[Samples]] = field(default_factory=lambda: defaultdict(list))
    units: dict[str, str] = field(default_factory=dict)
    _n_timed: int = 0

    def add(self, source: Source, named: Named, heard: Heard) -> Counter[tuple[str, str]]:
        """Read one message; returns its samples by device and channel."""
        topic, payload, arrival = heard
        counts: Counter[tuple[str, str]] = Counter()
        try:
            decoded = source.decode(topic, named, payload, arrival)
        except RefusedPayloadError as error:
            self.refused[error.kind] += 1
            self.refusals[error.kind] = str(error)
            return counts
        self.left_out.update(decoded.left_out)
        if not decoded.blocks:
            return counts
        self.topics[topic] += 1
        self.formats[decoded.format] += 1
        self.units.update({name: unit for name, unit in decoded.units.items() if unit})
        for device, block in decoded.blocks:
            self.blocks[device].append(block)
            counts.update({(device, name): len(block) for name in block.features})
        if self._n_timed < TIMED:
            self._n_timed += 1
            codec, message, reading = source.read(topic, named, payload, arrival)
            newest = max(float(block.ts[-1]) for _, block in decoded.blocks)
            self.clock.note(codec, message, list(reading.records), newest)
        return counts

    def devices(self) -> list[DeviceFound]:
        """What was heard of each device."""
        return [self._device(name, self.blocks[name]) for name in sorted(self.blocks)]

    def _device(self, name: str, blocks: list[Samples]) -> DeviceFound:
        channels = sorted({channel for block in blocks for channel in block.features})
        return DeviceFound(
            name,
            len(blocks),
            {channel: self._channel(channel, blocks) for channel in channels},
            timing_of(np.concatenate([block.ts for block in blocks])),
        )

    def _channel(self, name: str, blocks: list[Samples]) -> ChannelFound:
        holding = [block for block in blocks if name in block.features]
        ts = np.concatenate([block.ts for block in holding])
        values = np.concatenate([block.values[:, block.features.index(name)] for block in holding])
        is_there = ~np.isnan(values)
        there = values[is_there]
        return ChannelFound(
            name,
            self.units.get(name, ""),
            float(there.min()) if len(there) else None,
            float(there.max()) if len(there) else None,
            len(there),
            int((~is_there).sum()),
            timing_of(ts[is_there]),
        )


def read_through(heard: Iterable[Heard], route: Route) -> tuple[dict[str, SourceFound], Counts]:
    """Read messages in order of arrival; returns what each source found, and counts by topic."""
    found: dict[str, SourceFound] = {}
    counts: Counts = defaultdict(Counter)
    for one in heard:
        way = route(one.topic)
        if way is None:
            continue
        source, named = way
        template = source.template.template
        of_source = found.setdefault(template, SourceFound(template))
        counts[one.topic].update(of_source.add(source, named, one))
    return found, counts


def pace_of(devices: Iterable[DeviceFound], channel: str) -> Pace:
    """How a channel of several devices mostly goes."""
    paces = Counter(device.channels[channel].timing.pace for device in devices)
    return paces.most_common(1)[0][0]
