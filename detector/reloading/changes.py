"""What differs between two readings of the settings, and what of it can change while running."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any

from detector.settings.detector import DetectorSettings
from detector.settings.devices import RunningSignal
from detector.settings.section import Section
from detector.settings.store import StoreSettings
from detector.settings.tree import Settings
from detector.text import counted

# Sections that are gone by from the next tick on. Of all others only these keys are, and any
# further one is told as fixed.
LIVE = ("devices", "sources", "notify", "alarms", "alignment", "sessions")
AT_START = {"runtime", "workers", "engine", "ray_address"}  # of the detector
STORE_KEYS = set(StoreSettings.model_fields) - {"url", "archive"}
DETECTOR_KEYS = set(DetectorSettings.model_fields) - AT_START
LIVE_KEYS = {"mqtt": {"topic"}, "store": STORE_KEYS, "detector": DETECTOR_KEYS}


def effective(started: Settings, read: Settings) -> Settings:
    """What a detector can go by: of ``read`` what changes while it runs, else ``started``."""
    live: dict[str, Any] = {name: getattr(read, name) for name in LIVE}
    for section in ("store", "detector"):
        kept = {key: getattr(getattr(read, section), key) for key in LIVE_KEYS[section]}
        live[section] = getattr(started, section).model_copy(update=kept)
    return started.model_copy(update=live)


def fixed(started: Settings, read: Settings) -> list[str]:
    """Keys that differ and need a restart."""
    sections = [name for name in type(read).model_fields if name not in LIVE]
    return [
        f"{section}.{key}"
        for section in sections
        for key in _differing(getattr(started, section), getattr(read, section))
        if key not in LIVE_KEYS.get(section, set())
    ]


def outdated(
    devices: Iterable[str], before: Settings, after: Settings, changed: Collection[Path]
) -> list[str]:
    """Devices that have another model or running signal, or one of the ``changed`` bundles."""
    return [
        device
        for device in devices
        if judged_by(before, device) != judged_by(after, device)
        or judged_by(after, device)[0] in changed
    ]


def summary(before: Settings, after: Settings) -> list[str]:
    """What changes while running, in words."""
    parts = []
    if before.devices != after.devices:
        parts.append(_rules(before, after))
    if before.all_sources != after.all_sources:
        parts.append("sources changed")
    if before.notify != after.notify:
        parts.append("notify changed")
    for section in (*LIVE[3:], "detector", "store"):
        keys = _differing(getattr(before, section), getattr(after, section))
        allowed = LIVE_KEYS.get(section, keys)
        parts += [f"{section}.{key} changed" for key in keys if key in allowed]
    return parts


def judged_by(settings: Settings, device: str) -> tuple[Path | None, RunningSignal | None]:
    """The model and the running signal of the rule for a device."""
    rule = settings.rule_for(device)
    return (None, None) if rule is None else (rule.model, rule.running)


def _rules(before: Settings, after: Settings) -> str:
    differing = [rule.match for rule in before.devices if rule not in after.devices]
    differing += [rule.match for rule in after.devices if rule not in before.devices]
    matches = set(differing)
    return f"{counted(len(matches), 'rule')} changed" if matches else "order of the rules changed"


def _differing(
    before: Section | Sequence[Section] | None, after: Section | Sequence[Section] | None
) -> list[str]:
    section = before if after is None else after
    if not isinstance(section, Section):
        return []
    keys = type(section).model_fields
    if before is None or after is None:
        return [] if before is after else list(keys)
    return [key for key in keys if getattr(before, key) != getattr(after, key)]
