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
    ``{feature}``. Where one of them stands at several levels, its name is all of them: those of
    a device joined with ``-``, those of a feature with a dot.

    Attributes:
        template: As written in the settings.
        filter: What the broker is asked for, named parts as ``+``.
        levels: The levels of ``filter``; a trailing ``#`` is left out.
        device: Where among the levels the device stands; empty: the payload names it.
        feature: Where the feature stands; empty: the payload names its channels.
        open_ended: Whether further levels may follow, ``#``.
    """

    template: str
    filter: str
    levels: tuple[str, ...]
    device: tuple[int, ...]
    feature: tuple[int, ...]
    open_ended: bool

    @classmethod
    def compile(cls, template: str) -> TopicTemplate:
        """Read a template.

        Raises:
            SettingsError: If it is shared, has a wildcard or a brace inside a level, or a ``#``
                before the end.
        """
        if template.startswith(SHARED):
            raise _refusal(
                template, "no $share: it would split a device's samples over several readers"
            )
        levels = template.split("/")
        for index, level in enumerate(levels):
            _check_level(template, level, is_last=index == len(levels) - 1)
        plain = ["+" if level.startswith("{") else level for level in levels]
        open_ended = plain[-1] == "#"
        return cls(
            template=template,
            filter="/".join(plain),
            levels=tuple(plain[:-1] if open_ended else plain),
            device=tuple(at for at, level in enumerate(levels) if level == DEVICE),
            feature=tuple(at for at, level in enumerate(levels) if level == FEATURE),
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
        devices = [levels[at] for at in self.device]
        features = [levels[at] for at in self.feature]
        _check_name(topic, "device", "-".join(devices), devices)
        _check_name(topic, "feature", ".".join(features), features)
        return Named("-".join(devices) or None, ".".join(features) or None)


def _check_name(topic: str, what: str, name: str, parts: list[str]) -> None:
    if all(parts) and len(name) <= MAX_NAME and name.isprintable():
        return
    raise PayloadError(
        f"topic {topic[:MAX_NAME]!r}: {what} name {name[:40]!r} of {len(name)} "
        f"characters, allowed: 1 to {MAX_NAME} printable characters"
    )


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
