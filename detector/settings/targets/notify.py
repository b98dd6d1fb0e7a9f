"""``[[notify]]``."""

from __future__ import annotations

import hashlib
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, field_validator, model_validator

from detector.settings.section import Section
from detector.settings.targets.schedule import Schedule

Event = Literal["raised", "risen", "escalated", "returned", "acknowledged"]
Kind = Literal["score", "sensor", "silent", "detector"]
LONGEST_NAME = 60


class NotifySettings(Section):
    """Somebody who is told of alarms: where, of which, when; see `faultline notify --test`."""

    url: SecretStr | None = Field(
        None,
        description="Where to, as Apprise writes it (`mailto://`, `slack://`, `ntfys://`, "
        "`json://` …), a secret that is never shown; or one of the next two instead.",
    )
    url_file: Path | None = Field(
        None, description="File with the URL in one line, for example a container's secret."
    )
    url_variable: str | None = Field(
        None, pattern="^[A-Za-z_][A-Za-z0-9_]*$", description="Environment variable that holds it."
    )
    name: str = Field(
        "",
        max_length=LONGEST_NAME,
        description="What it is called in the log and in `faultline notify`; what waits for it is "
        "kept under this name. Empty: one is made of the URL.",
    )
    devices: tuple[str, ...] = Field(
        ("*",),
        description="Of which devices, `*` and `?` allowed, for example `pump-*` or a list; the "
        "detector's own alarms are of a device without a name, which `*` has too.",
    )
    kinds: tuple[Kind, ...] = Field(
        ("score", "sensor", "silent", "detector"), min_length=1, description="Kinds of alarms."
    )
    priority: Literal["low", "medium", "high"] = Field(
        "low", description="Only alarms of this priority or a higher one."
    )
    events: tuple[Event, ...] = Field(
        ("raised", "risen", "escalated", "returned"),
        min_length=1,
        description="What of them: `raised`, `risen` (the priority), `escalated`, `returned`, "
        "`acknowledged`.",
    )
    escalate_after_minutes: float | None = Field(
        None,
        gt=0,
        le=44_640,
        description="Minutes without an answer after which an active alarm is told as `escalated`; "
        "empty: never.",
    )
    schedule: Schedule | None = Field(
        None,
        description='Days and hours, such as `{ days = "mon-fri", hours = "08:00-17:00", '
        'time_zone = "Asia/Seoul" }`; outside of them it is told nothing. Empty: always.',
    )
    attach: bool = Field(
        False, description="Attach a picture of the signal around the alarm, anomalies in red."
    )
    keep_h: float = Field(
        24.0,
        gt=0,
        le=720,
        description="Hours that a message waits for a target that cannot be reached; an older one "
        "is dropped, which the log, `--status` and the next message say.",
    )

    @property
    def key(self) -> str:
        """Its name, or one that is made of where its URL is from."""
        if self.name:
            return self.name
        secret = "" if self.url is None else self.url.get_secret_value()
        origin = secret or str(self.url_file or self.url_variable)
        kind = secret.partition("://")[0].lower() or "target"
        return f"{kind}-{hashlib.sha256(origin.encode()).hexdigest()[:8]}"

    def is_about(self, device: str) -> bool:
        """Whether it is told of a device; empty: the detector itself."""
        return any(fnmatchcase(device, pattern) for pattern in self.devices)

    def is_on_duty(self, at: float) -> bool:
        """Whether a time, UTC seconds, is one to be told in."""
        return self.schedule is None or self.schedule.covers(at)

    @field_validator("url")
    @classmethod
    def _has_a_scheme(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and not url.get_secret_value().partition("://")[2].strip():
            raise ValueError("found no scheme://…, allowed: a URL as Apprise writes it")
        return url

    @field_validator("url_file")
    @classmethod
    def _is_a_path(cls, path: Path | None) -> Path | None:
        if path is not None and ":/" in str(path):
            raise ValueError("allowed: the path of a file; a URL belongs to url")
        return path

    @field_validator("devices", mode="before")
    @classmethod
    def _one_or_more(cls, found: object) -> object:
        return (found,) if isinstance(found, str) else found

    @field_validator("devices")
    @classmethod
    def _not_empty(cls, patterns: tuple[str, ...]) -> tuple[str, ...]:
        if not patterns or "" in patterns:
            raise ValueError("allowed: patterns such as * or pump-*")
        return patterns

    @field_validator("name")
    @classmethod
    def _prints(cls, name: str) -> str:
        if not name.isprintable() or name != name.strip() or "://" in name:
            raise ValueError("allowed: a short text that prints, and no URL")
        return name

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if sum(one is not None for one in (self.url, self.url_file, self.url_variable)) != 1:
            raise ValueError("allowed: one of url, url_file and url_variable")
        if self.escalate_after_minutes is not None and "escalated" not in self.events:
            raise ValueError("escalate_after_minutes: allowed: with escalated among events")
        if self.escalate_after_minutes is None and set(self.events) == {"escalated"}:
            raise ValueError("events: escalated alone, allowed: with escalate_after_minutes")
        return self


def all_apart(targets: tuple[NotifySettings, ...]) -> tuple[NotifySettings, ...]:
    """Refuse two targets of one name: what waits for one would go to the other.

    Raises:
        ValueError: With the name.
    """
    keys = [target.key for target in targets]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        raise ValueError(f"two are called {twice[0]}, allowed: a name of its own for each")
    return targets
