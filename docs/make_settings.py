"""Writes docs/settings.md from the settings tree: ``python docs/make_settings.py``."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from detector.settings.access.auth import AuthSettings
from detector.settings.devices import DeviceRule, RunningSignal
from detector.settings.sources import SourceSettings
from detector.settings.targets.notify import NotifySettings
from detector.settings.targets.schedule import Schedule
from detector.settings.tree import Settings

PAGE = Path(__file__).parent / "settings.md"
HEAD = """# Settings

Defaults, then `faultline.toml` (or the file named by `--settings` or `FAULTLINE_SETTINGS`), then
the environment: `FAULTLINE_MQTT__URL` is `url` in `[mqtt]`. Unknown keys are refused. This page is
written by `python docs/make_settings.py`.
"""


def render() -> str:
    """The whole page."""
    parts = [HEAD]
    for name, field in Settings.model_fields.items():
        section = field.annotation
        if isinstance(section, type) and issubclass(section, BaseModel):
            parts.append(_table(f"[{name}]", section))
    parts.append(_table("[auth]", AuthSettings))
    parts.append(_table("[[sources]]", SourceSettings))
    parts.append(_table("[[notify]]", NotifySettings))
    parts.append(_table("schedule, in [[notify]]", Schedule))
    parts.append(_table("[[devices]]", DeviceRule))
    parts.append(_table("running, in [[devices]]", RunningSignal))
    return "\n".join(parts)


def _table(title: str, section: type[BaseModel]) -> str:
    rows = [f"\n## `{title}`\n", f"{section.__doc__}\n", "| setting | default | range | meaning |",
            "|---|---|---|---|"]  # fmt: skip
    rows += [_row(name, field) for name, field in section.model_fields.items()]
    return "\n".join(rows)


def _row(name: str, field: FieldInfo) -> str:
    default = "required" if field.default is PydanticUndefined else f"`{_shown(field.default)}`"
    return f"| `{name}` | {default} | {_range(field)} | {field.description} |"


def _shown(value: object) -> str:
    if isinstance(value, tuple) and value and all(isinstance(one, str) for one in value):
        return str(list(value)).replace("'", '"')
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _range(field: FieldInfo) -> str:
    words = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}
    limits = [
        f"{word} {getattr(rule, key)}"
        for rule in field.metadata
        for key, word in words.items()
        if getattr(rule, key, None) is not None
    ]
    return ", ".join(limits or [f"`{choice}`" for choice in _choices(field.annotation)])


def _choices(annotation: object) -> tuple[object, ...]:
    """Words that a setting or each part of it may be."""
    if get_origin(annotation) in {tuple, dict}:
        return _choices([one for one in get_args(annotation) if one is not Ellipsis][-1])
    return get_args(annotation) if get_origin(annotation) is Literal else ()


if __name__ == "__main__":
    PAGE.write_text(render() + "\n")
