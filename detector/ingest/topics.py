"""Topic templates: what to subscribe to, and which device and feature a topic speaks of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from detector.errors import PayloadError, SettingsError

DEVICE, FEATURE = "{device}", "{feature}"
MAX_NAME = 200  # characters of a device or feature name
MAX_TOPIC = 1000  # characters
SHARED = "$share/"


class Named(NamedTuple):
    """What a topic says; None where its template has no such level."""

    device: str | None
    feature: str | None


@dataclass(frozen=True, slots=True)
class TopicTemplate:
    """A template such as ``plant/{line}/+/{device}/#``, compiled once.

    Several named parts are allowed; the device is the part ``{device}``, the feature
    ``{feature}``.

    Attributes:
        template: As written in the settings.
        filter: What the broker is asked for, named parts as ``+``.
        levels: The levels of ``filter``; a trailing ``#`` is left out.
        device: Index of the device among the levels; None: the payload names it.
        feature: Index of the feature; None: the payload names its channels.
        open_ended: Whether further levels may follow, ``#``.
    """

    template: str
    filter: str
    levels: tuple[str, ...]
    device: int | None
    feature: int | None
    open_ended: bool

    @classmethod
    def compile(cls, template: str) -> TopicTemplate:
        """Read a template.

        Raises:
            SettingsError: If it is shared, names a part twice, has a wildcard or a brace inside
                a level, or a ``#`` before the end.
        """
        if template.startswith(SHARED):
            raise _refusal(
                template, "no $share: it would split a device's samples over several readers"
            )
        levels = template.split("/")
        for part in (DEVICE, FEATURE):
            if levels.count(part) > 1:
                raise _refusal(template, f"{part} once, as a whole level")
        for index, level in enumerate(levels):
            _check_level(template, level, is_last=index == len(levels) - 1)
        plain = ["+" if level.startswith("{") else level for level in levels]
        open_ended = plain[-1] == "#"
        return cls(
            template=template,
            filter="/".join(plain),
            levels=tuple(plain[:-1] if open_ended else plain),
            device=levels.index(DEVICE) if DEVICE in levels else None,
            feature=levels.index(FEATURE) if FEATURE in levels else None,
            open_ended=open_ended,
        )

    @property
    def specificity(self) -> tuple[int, ...]:
        """Sorts templates, the most specific first: a word before a wildcard, level by level."""
        return (*(1 if level == "+" else 0 for level in self.levels), 2 if self.open_ended else 0)

    def fits(self, topic: str) -> bool:
        """Whether the broker would deliver the topic for this template alone."""
        levels, wanted = topic.split("/"), self.levels
        if len(levels) != len(wanted) and not (self.open_ended and len(levels) > len(wanted)):
            return False
        # levels beyond the template are those of its "#"
        return all(want in ("+", level) for want, level in zip(wanted, levels, strict=False))

    def named(self, topic: str) -> Named:
        """What a topic that fits says.

        Raises:
            PayloadError: If a name is empty, longer than 200 characters or not printable.
        """
        levels = topic.split("/")
        device = None if self.device is None else levels[self.device]
        feature = None if self.feature is None else levels[self.feature]
        for what, name in (("device", device), ("feature", feature)):
            if name is not None and not (name and len(name) <= MAX_NAME and name.isprintable()):
                raise PayloadError(
                    f"topic {topic[:MAX_NAME]!r}: {what} name {name[:40]!r} of {len(name)} "
                    f"characters, allowed: 1 to {MAX_NAME} printable characters"
                )
        return Named(device, feature)


def _check_level(template: str, level: str, *, is_last: bool) -> None:
    if level == "#" and not is_last:
        raise _refusal(template, "# as the last level only")
    if level in ("+", "#"):
        return
    name = level[1:-1] if level.startswith("{") and level.endswith("}") else level
    if any(mark in name for mark in "{}+#\0"):
        raise _refusal(template, "+, # and {name} as whole levels")


def _refusal(template: str, allowed: str) -> SettingsError:
    return SettingsError(f"topic: found {template!r}, allowed: {allowed}")
