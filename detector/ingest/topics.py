"""Topic templates: what to subscribe to, and which device a topic speaks of."""

from __future__ import annotations

from dataclasses import dataclass

from detector.errors import PayloadError, SettingsError

DEVICE = "{device}"
MAX_NAME = 200  # characters of a device name


@dataclass(frozen=True, slots=True)
class TopicTemplate:
    """A template such as ``plant/{line}/+/{device}/#``, compiled once.

    Several named parts are allowed; the device is the part ``{device}`` only.

    Attributes:
        template: As written in the settings.
        filter: What the broker is asked for, named parts as ``+``.
        levels: The levels of ``filter``; a trailing ``#`` is left out.
        position: Index of the device among the levels.
        open_ended: Whether further levels may follow, ``#``.
    """

    template: str
    filter: str
    levels: tuple[str, ...]
    position: int
    open_ended: bool

    @classmethod
    def compile(cls, template: str) -> TopicTemplate:
        """Read a template.

        Raises:
            SettingsError: If it has no or two ``{device}`` levels, a wildcard or a brace inside
                a level, or a ``#`` before the end.
        """
        levels = template.split("/")
        if levels.count(DEVICE) != 1:
            raise _refusal(template, f"{DEVICE} exactly once, as a whole level")
        for index, level in enumerate(levels):
            _check_level(template, level, is_last=index == len(levels) - 1)
        plain = ["+" if level.startswith("{") else level for level in levels]
        open_ended = plain[-1] == "#"
        return cls(
            template=template,
            filter="/".join(plain),
            levels=tuple(plain[:-1] if open_ended else plain),
            position=levels.index(DEVICE),
            open_ended=open_ended,
        )

    def device_of(self, topic: str) -> str:
        """The device that a topic speaks of.

        Raises:
            PayloadError: If the topic does not fit the template, or the name is empty, longer
                than 200 characters or not printable.
        """
        levels = topic.split("/")
        if not self._fits(levels):
            raise PayloadError(f"topic {topic[:MAX_NAME]!r}: allowed: {self.template}")
        device = levels[self.position]
        if not device or len(device) > MAX_NAME or not device.isprintable():
            raise PayloadError(
                f"topic {topic[:MAX_NAME]!r}: device name {device[:40]!r} of {len(device)} "
                f"characters, allowed: 1 to {MAX_NAME} printable characters"
            )
        return device

    def _fits(self, levels: list[str]) -> bool:
        wanted = self.levels
        if len(levels) != len(wanted) and not (self.open_ended and len(levels) > len(wanted)):
            return False
        # levels beyond the template are those of its "#"
        return all(want in ("+", level) for want, level in zip(wanted, levels, strict=False))


def _check_level(template: str, level: str, *, is_last: bool) -> None:
    if level == "#" and not is_last:
        raise _refusal(template, "# as the last level only")
    if level in ("+", "#"):
        return
    name = level[1:-1] if level.startswith("{") and level.endswith("}") else level
    if any(mark in name for mark in "{}+#\0"):
        raise _refusal(template, "+, # and {name} as whole levels")


def _refusal(template: str, allowed: str) -> SettingsError:
    return SettingsError(f"mqtt.topic: found {template!r}, allowed: {allowed}")
