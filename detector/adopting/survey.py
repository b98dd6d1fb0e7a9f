"""From a recording to everything there is to say of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from detector.adopting.advice import device_blocks, proven, source_blocks
from detector.adopting.findings import DeviceFound, SourceFound
from detector.adopting.looks import Kind, Look, look_at
from detector.adopting.recording import Heard, Recording
from detector.adopting.templates import Proposal, propose
from detector.adopting.timing import UNZONED, Clock
from detector.adopting.words import SPARKPLUG, aside_of, family_of
from detector.errors import AdoptError
from detector.ingest.topics import TopicTemplate
from detector.settings.tree import Settings
from detector.text import counted, inert, listed

MOST_REASONS = 3  # that are told where nothing was usable
UNBORN = "birth"  # kind of the refusal of Sparkplug data
OFF_S = 60.0
HOUR_S = 3600
FARTHEST_ZONE_H = 14
REPEATS = 0.05  # share


@dataclass(frozen=True)
class Adopted:
    """One source, proposed and proven.

    Attributes:
        proposal: Template and why.
        found: What it read.
        devices: What was heard of each.
        careful: What should be looked at before it is used.
    """

    proposal: Proposal
    found: SourceFound
    devices: list[DeviceFound]
    careful: tuple[str, ...]


@dataclass(frozen=True)
class Survey:
    """All that there is to say.

    Attributes:
        recording: What was heard.
        sources: Those to use.
        careful: What concerns several sources.
        unused: Topics with messages that none of them reads, with the reason.
        settings: The blocks to paste.
        differences: Where the settings read something else than was expected; a line each.
    """

    recording: Recording
    sources: list[Adopted]
    careful: list[str]
    unused: dict[str, str]
    settings: str
    differences: list[str]


def survey(recording: Recording, settings: Settings) -> Survey:
    """Find out what was heard and how it is read.

    Args:
        recording: Of a while.
        settings: In force; their sources are not proposed again.

    Raises:
        AdoptError: If nothing usable was heard.
    """
    looks = _looks(recording)
    asides = {look.topic: reason for look in looks if (reason := aside_of(look.topic))}
    usable = [look for look in looks if look.topic not in asides]
    proposals = propose(usable)
    if not proposals:  # asked for nothing else, it seems
        proposals, asides = propose(looks), {}
    if not proposals:
        raise AdoptError(_nothing(recording, looks))
    blocks = source_blocks(proposals, frozenset())
    proof = proven(blocks, recording.kept, proposals)
    sources = [
        _adopted(one, proof.found.get(one.topic, SourceFound(one.topic))) for one in proposals
    ]
    channels: dict[str, frozenset[str]] = defaultdict(frozenset)
    for source in sources:
        for device in source.devices:
            channels[device.name] |= frozenset(device.channels)
    pasted = [source_blocks(proposals, _known(settings)), device_blocks(channels)]
    read = {topic for source in sources for topic in source.found.topics}
    unused = {look.topic: _why_unused(look, asides) for look in looks if look.topic not in read}
    return Survey(
        recording,
        sources,
        _mixed(sources),
        unused,
        "\n\n".join(filter(None, pasted)),
        proof.differences,
    )


def _mixed(sources: Sequence[Adopted]) -> list[str]:
    """Channels of a device that two sources write to."""
    writers: dict[tuple[str, str], list[str]] = defaultdict(list)
    for source in sources:
        for device in source.devices:
            for channel in device.channels:
                writers[device.name, channel].append(source.proposal.topic)
    return [
        f"{inert(channel)} of {inert(device)} is read from {listed(topics)} and is mixed; take one "
        "away, or use `exclude`"
        for (device, channel), topics in writers.items()
        if len(topics) > 1
    ][:MOST_REASONS]


def _looks(recording: Recording) -> list[Look]:
    by_topic: dict[str, list[Heard]] = defaultdict(list)
    for heard in recording.kept:
        by_topic[heard.topic].append(heard)
    return [_look(topic, heard, recording.live[topic]) for topic, heard in by_topic.items()]


def _look(topic: str, heard: Sequence[Heard], count: int) -> Look:
    family = family_of(topic)
    if family is not None and family.head == SPARKPLUG:  # births and data have topics of their own
        return Look(topic, Kind.CHANNELS, count, devices=frozenset({topic}))
    return look_at(topic, heard, count)


def _known(settings: Settings) -> set[str]:
    is_set = settings.sources or "topic" in settings.mqtt.model_fields_set
    sources = settings.all_sources if is_set else ()
    return {TopicTemplate.compile(one.topic).filter for one in sources}


def _adopted(proposal: Proposal, found: SourceFound) -> Adopted:
    devices = found.devices()
    careful = (*_careful(proposal, found), *_repeating(devices))
    return Adopted(proposal, found, devices, careful)


def _careful(proposal: Proposal, found: SourceFound) -> list[str]:
    lines = []
    for kind, count in found.refused.most_common():
        if kind == UNBORN:
            lines.append(f"{counted(count, 'message')} came before their birth, which the running "
                         "detector asks the edge nodes for")  # fmt: skip
        else:
            lines.append(f"{counted(count, 'message')} refused: {inert(found.refusals[kind])}")
    lines += _off_clock(found.clock)
    template = TopicTemplate.compile(proposal.topic)
    if template.device:
        lines += _two_places(template.device, found)
    return lines


def _off_clock(clock: Clock) -> list[str]:
    """Times so far from the arrival that something is wrong with them."""
    offset = clock.offset_s
    if offset is None or abs(offset) < OFF_S:
        return []
    hours = round(offset / HOUR_S)
    is_local = abs(offset - hours * HOUR_S) < OFF_S and abs(hours) <= FARTHEST_ZONE_H
    if is_local and any(unit == UNZONED for _, unit in clock.origins):
        zone = f"Etc/GMT{hours:+d}"
        return [f'local times? set `time_zone`, with summer time as "Europe/Berlin", else "{zone}"']
    return ["the clock of the device is off"]


def _repeating(devices: Sequence[DeviceFound]) -> list[str]:
    """Samples with the time of another are dropped as duplicates."""
    having = [device for device in devices if device.timing.repeats > REPEATS]
    if not having:
        return []
    worst = max(having, key=lambda device: device.timing.repeats)
    return [f"{100 * worst.timing.repeats:.0f} % of the samples of {inert(worst.name)} have the "
            "time of another and are dropped: times too coarse for its rate"]  # fmt: skip


def _two_places(named: tuple[int, ...], found: SourceFound) -> list[str]:
    """Devices of one name below different levels may be different machines."""
    places: dict[str, set[str]] = defaultdict(set)
    for topic in found.topics:
        levels = topic.split("/")
        name = "-".join(levels[at] for at in named)
        places[name].add("/".join(levels[at] for at in range(named[-1]) if at not in named))
    twice = {name: sorted(below) for name, below in places.items() if len(below) > 1}
    if not twice:
        return []
    name, below = next(iter(twice.items()))
    more = f" ({len(twice) - 1} more like it)" if len(twice) > 1 else ""
    return [f"{inert(name)} is heard below {listed(below)}{more}: if these are two machines, "
            "name the level above `{device}` too"]  # fmt: skip


def _why_unused(look: Look, asides: dict[str, str]) -> str:
    if look.topic in asides:
        return f"left aside: {asides[look.topic]}"
    if look.is_unknown:
        found = look.reason.partition(", allowed: ")[0]
        return f"{found}; bytes need `format`, `layout` and `columns`"
    if look.kind is Kind.REFUSED:
        return f"not understood: {look.reason}"
    if look.kind is Kind.NOTHING:
        return f"no numbers: {look.reason}"
    return "numbers, but no level of the topic is left to name the device"


def _nothing(recording: Recording, looks: Sequence[Look]) -> str:
    where = f"--topic {inert(recording.filter)}"
    retained = recording.retained.total()
    old = f" ({retained} retained messages, from before, are not counted)" if retained else ""
    if not looks:
        return (f"{where}: nothing was heard in {recording.seconds:.0f} s{old}, allowed: topics "
                "that devices publish to meanwhile; '#' hears all, --seconds N longer")  # fmt: skip
    reasons = [f"{inert(look.topic)}: {inert(_why_unused(look, {}))}" for look in looks]
    more = f"; and {len(looks) - MOST_REASONS} more" if len(looks) > MOST_REASONS else ""
    heard = f"{counted(recording.n_live, 'message')} on {counted(len(looks), 'topic')}"
    return f"{where}: {heard}, none usable{old}: {'; '.join(reasons[:MOST_REASONS])}{more}"
