"""Which level of some alike topics names the device, and which the channel.

Every assignment is tried, and the one with the fewest points against it is taken. ``costs`` and
``MIXED`` are the whole judgement: levels should look like what they would name, and no two topics
should write to one channel of one device.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from detector.adopting.looks import Kind, Look
from detector.adopting.words import is_area, is_numbered, is_plain, is_quantity

MOST_LEVELS = 12  # that are considered
MIXED = 6  # points


class Layout(NamedTuple):
    """Indices of levels; None: the payload says it."""

    device: int | None
    feature: int | None


class Judged(NamedTuple):
    """A layout with the points against it."""

    points: int
    mixed: tuple[str, ...]  # channels that several topics of a device would write to
    layout: Layout


class Level:
    """One level of some topics.

    Args:
        values: What stands there, one a topic.
    """

    def __init__(self, values: Sequence[str]) -> None:
        self.values = list(dict.fromkeys(values))
        self.varies = len(self.values) > 1

    def is_mostly(self, judge: Callable[[str], bool]) -> bool:
        """Whether most of its values are so."""
        return 2 * sum(map(judge, self.values)) >= len(self.values)


def levels_of(looks: Sequence[Look]) -> list[Level]:
    """The levels of topics of one length."""
    return [Level(values) for values in zip(*(look.levels for look in looks), strict=True)]


def layouts(looks: Sequence[Look], device: int | None = None) -> list[Judged]:
    """All that are possible, the best first.

    Args:
        looks: Topics of one length and kind.
        device: Level of the device, where it is known beforehand.
    """
    levels = levels_of(looks)
    if all(look.devices for look in looks) and device is None:
        return [Judged(0, (), Layout(None, None))]
    usable = [i for i, level in enumerate(levels[:MOST_LEVELS]) if all(level.values)]
    devices = [device] if device in usable else usable
    is_bare = looks[0].kind is Kind.VALUE and not all(look.channels for look in looks)
    features = [*usable] if is_bare else [None, *usable]
    is_below = looks[0].kind is Kind.CHANNELS  # what stands before the names of a payload
    found = [
        _judged(looks, levels, Layout(d, f))
        for d in devices
        for f in features
        if f is None or (f > d if is_below else f != d)
    ]
    return sorted(found, key=lambda one: (
        one.points, len(one.mixed), -(one.layout.device or 0), -(one.layout.feature or 0)
    ))  # fmt: skip


def _judged(looks: Sequence[Look], levels: Sequence[Level], layout: Layout) -> Judged:
    mixed = _mixed(looks, layout)
    return Judged(costs(looks[0].kind, levels, layout) + MIXED * bool(mixed), mixed, layout)


def costs(kind: Kind, levels: Sequence[Level], layout: Layout) -> int:
    """Points against a layout."""
    device = levels[layout.device or 0]
    points = 8 * device.is_mostly(is_plain) + 4 * device.is_mostly(is_quantity)
    points += 2 * device.is_mostly(is_area) - device.is_mostly(is_numbered)
    points += 2 * (not device.varies)
    points += 2 * (layout.device == 0 and not device.varies)  # a first level is mostly a prefix
    if layout.feature is None:
        return points + 3 * (kind is Kind.VALUE)
    feature = levels[layout.feature]
    points += 3 * (kind is Kind.CHANNELS)  # its messages name channels already
    points += 4 * feature.is_mostly(is_plain) + 4 * feature.is_mostly(is_area)
    points += 2 * (not feature.varies)
    points += not feature.is_mostly(is_quantity)
    points += 2 * (feature.is_mostly(is_numbered) and not device.is_mostly(is_numbered))
    return points + (layout.feature < (layout.device or 0))


def _mixed(looks: Sequence[Look], layout: Layout) -> tuple[str, ...]:
    """Channels of a device that more than one topic would write to."""
    writers: Counter[tuple[str, str, str]] = Counter()
    for look in looks:
        levels = look.levels
        device = "" if layout.device is None else levels[layout.device]
        feature = "" if layout.feature is None else levels[layout.feature]
        channels = (look.kind is Kind.CHANNELS and look.channels) or ("",)
        writers.update((device, feature, channel) for channel in channels)
    found = (".".join(filter(None, key[1:])) for key, count in writers.items() if count > 1)
    return tuple(dict.fromkeys(found))
