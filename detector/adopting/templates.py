"""Sources for the topics that were heard: alike topics together, a template for each group."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import median_high
from typing import Any, NamedTuple

from detector.adopting.layout import Judged, Layout, Level, layouts, levels_of
from detector.adopting.looks import Kind, Look
from detector.adopting.words import SPARKPLUG, Family, family_of
from detector.ingest.topics import DEVICE, FEATURE, TopicTemplate
from detector.text import listed

MOST_PARTS = 6  # sources for the parts of one kind of device; more become one with "+"
MOST_ALTERNATIVES = 2
RATE = "rate_hz"
NEAR = 2  # points by which an alternative may be worse


@dataclass(frozen=True)
class Proposal:
    """One source, and why.

    Attributes:
        topic: Its template.
        topics: Those heard that it is for.
        settings: Its other settings, by key.
        why: What was chosen, a line each.
        alternatives: Templates that would do as well.
    """

    topic: str
    topics: tuple[str, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)
    why: tuple[str, ...] = ()
    alternatives: tuple[str, ...] = ()

    @property
    def filter(self) -> str:
        """What the broker would be asked for."""
        return TopicTemplate.compile(self.topic).filter


class _Alike(NamedTuple):
    """What topics of one source have in common."""

    family: Family | None
    shape: tuple[bool, ...]  # its levels, False where one is empty
    kind: Kind
    names_devices: bool
    needed: str


def propose(looks: Sequence[Look]) -> list[Proposal]:
    """Sources for all topics with numbers, no two with the same filter."""
    usable = [look for look in looks if look.kind in (Kind.CHANNELS, Kind.VALUE)]
    by_filter: dict[str, Proposal] = {}
    for group, family in _groups(usable):
        for made in _proposals(group, family):
            for one in _told_apart(made, by_filter):
                known = by_filter.get(one.filter)
                by_filter[one.filter] = one if known is None else _together(known, one)
    return sorted(by_filter.values(), key=lambda one: one.topic)


def _groups(looks: Sequence[Look]) -> Iterator[tuple[list[Look], Family | None]]:
    """Topics of one family, length and kind; below one first level, unless that is the device."""
    alike: dict[_Alike, list[Look]] = defaultdict(list)
    for look in looks:
        family = family_of(look.topic)
        needed = str(sorted((key, key == RATE or found) for key, found in look.needed.items()))
        shape = tuple(map(bool, look.levels))
        if family is not None and family.head == SPARKPLUG:
            shape = ()
        alike[_Alike(family, shape, look.kind, bool(look.devices), needed)].append(look)
    for key, group in sorted(alike.items(), key=lambda pair: -len(pair[1])):
        if key.family is not None or _shares_rest(group):
            yield group, key.family
            continue
        by_first: dict[str, list[Look]] = defaultdict(list)
        for look in group:
            by_first[look.levels[0]].append(look)
        yield from ((part, None) for part in by_first.values())


def _shares_rest(group: Sequence[Look]) -> bool:
    """Whether most topics are alike but for their first level, which then names devices."""
    if len(group[0].levels) == 1:
        return True
    firsts: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for look in group:
        firsts[tuple(look.levels[1:])].add(look.levels[0])
    return 2 * sum(len(names) > 1 for names in firsts.values()) >= len(firsts)


def _proposals(group: Sequence[Look], family: Family | None) -> list[Proposal]:
    if family is not None and family.head == SPARKPLUG:
        why = "Sparkplug B: its own topics and births name devices and channels"
        return [Proposal(SPARKPLUG, _topics(group), why=(why,))]
    found = layouts(group, None if family is None else family.device)
    if family is not None and found and found[0].mixed:
        unmixed = [one for one in layouts(group) if not one.mixed and one.layout.device]
        found, family = (unmixed, None) if unmixed else (found, family)
    if not found:
        return []
    best, levels = found[0], levels_of(group)
    parts = _parts(group, best.layout)
    return [
        Proposal(
            _template(levels_of(part), best.layout),
            _topics(part),
            _needed(part),
            (*_why(levels, best, family, group), *_needed_why(part)),
            _alternatives(part, found, family),
        )
        for part in parts
    ]  # fmt: skip


def _topics(group: Sequence[Look]) -> tuple[str, ...]:
    return tuple(look.topic for look in group)


def _parts(group: Sequence[Look], layout: Layout) -> list[list[Look]]:
    """One group for each part of a device (``…/motor``, ``…/bearing``), if there are few."""
    if layout.device is None or layout.feature is not None:
        return [list(group)]
    below: dict[tuple[str, ...], list[Look]] = defaultdict(list)
    for look in group:
        below[tuple(look.levels[layout.device + 1 :])].append(look)
    return list(below.values()) if len(below) <= MOST_PARTS else [list(group)]


def _template(levels: Sequence[Level], layout: Layout) -> str:
    words = ["+" if level.varies else _literal(level.values[0]) for level in levels]
    if layout.device is not None:
        words[layout.device] = DEVICE
    if layout.feature is not None:
        words[layout.feature] = FEATURE
    return "/".join(words)


def _literal(level: str) -> str:
    """A level as a template may hold it."""
    return "+" if set(level) & set("{}+#\0") else level


def _why(
    levels: Sequence[Level], best: Judged, family: Family | None, group: Sequence[Look]
) -> Iterator[str]:
    device, feature = best.layout
    if device is None:
        names = sorted(frozenset().union(*(look.devices for look in group)))
        known = f" ({family.name})" if family is not None else ""
        yield f"device: named by the payload{known}: {listed(names)}"
    else:
        level, where = levels[device], _ordinal(device)
        if family is not None:
            yield f"device: the {where} level, as {family.name} has it: {listed(level.values)}"
        elif level.varies:
            yield f"device: the {where} level, which differs: {listed(level.values)}"
        else:
            yield (f"device: only {listed(level.values)} was heard, so its level is a guess: "
                   f"the {where}")  # fmt: skip
    if feature is not None:
        named = listed(levels[feature].values)
        how = "one value a message" if group[0].kind is Kind.VALUE else "before the payload's names"
        yield f"channel: the {_ordinal(feature)} level, {how}: {named}"
    if best.mixed:
        yield (f"careful: {listed(list(best.mixed))} of one device come on more than one topic "
               "and are mixed; name one topic only, or use `exclude`")  # fmt: skip


def _needed(part: Sequence[Look]) -> dict[str, Any]:
    """Settings that all of them need; of counted rates the middle one."""
    needed = dict(part[0].needed)
    if RATE in needed:
        needed[RATE] = median_high(look.needed[RATE] for look in part)
    return needed


def _needed_why(part: Sequence[Look]) -> Iterator[str]:
    needed = part[0].needed
    if RATE in needed:
        rates = [look.needed[RATE] for look in part]
        spread = f" of {min(rates):g} to {max(rates):g}" if min(rates) < max(rates) else ""
        yield f"{RATE}: counted{spread} from what arrived; put the sensor's own"
    if "columns" in needed:
        yield "columns: names are placeholders; put your own, and leave the order"
    if "time" in needed:
        yield f"time: {listed([needed['time']])} moves along with the clock"
    if "device" in needed:
        yield f"device keys: {listed(list(needed['device']))} take turns in one topic"


def _ordinal(index: int) -> str:
    return {0: "1st", 1: "2nd", 2: "3rd"}.get(index, f"{index + 1}th")


def _alternatives(
    part: Sequence[Look], found: Sequence[Judged], family: Family | None
) -> tuple[str, ...]:
    """Other templates without a mix, where it is not plain which level is the device."""
    best, others = found[0], [one for one in found[1:] if not one.mixed]
    levels = levels_of(part)
    if family is not None or best.layout.device is None:
        return ()
    near = [one for one in others if one.points <= best.points + NEAR]
    if not near and not levels[best.layout.device].varies:
        near = others[:1]
    return tuple(_template(levels, one.layout) for one in near[:MOST_ALTERNATIVES])


def _told_apart(made: Proposal, known: Mapping[str, Proposal]) -> list[Proposal]:
    """With its other levels spelt out, where another template has the same filter."""
    other = known.get(made.filter)
    if other is None or other.topic == made.topic:
        return [made]
    template = TopicTemplate.compile(made.topic)
    named = {*template.device, *template.feature}
    by_rest: dict[str, list[str]] = defaultdict(list)
    for topic in made.topics:
        words = [own if i in named else _literal(heard) for i, (own, heard) in
                 enumerate(zip(made.topic.split("/"), topic.split("/"), strict=True))]  # fmt: skip
        by_rest["/".join(words)].append(topic)
    return [replace(made, topic=one, topics=tuple(topics)) for one, topics in by_rest.items()]


def _together(first: Proposal, second: Proposal) -> Proposal:
    """One source for both; where only one has a channel level, both get it."""
    richer = second if FEATURE in second.topic and FEATURE not in first.topic else first
    return replace(
        richer,
        topics=(*first.topics, *second.topics),
        settings={**second.settings, **first.settings},
    )
