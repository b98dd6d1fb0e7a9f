"""One settings tree: defaults here, then ``faultline.toml``, then ``FAULTLINE_*`` environment.

Every setting has a unit, a range and one sentence; unknown keys are refused.
"""

from __future__ import annotations

import os
import tomllib
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from detector.errors import SettingsError

PREFIX = "FAULTLINE_"
FILE_VARIABLE = "FAULTLINE_SETTINGS"
DEFAULT_FILE = Path("faultline.toml")
NOT_SETTINGS = {FILE_VARIABLE, "FAULTLINE_DATA"}  # the recorded data of checks and benchmarks


class Section(BaseModel):
    """A table of ``faultline.toml``; refuses keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class MqttSettings(Section):
    """Where samples come from and alarms go to."""

    url: str = Field(
        "mqtt://127.0.0.1:1883",
        description="Broker, `mqtt://host:port` or `mqtts://host:port` for TLS.",
    )
    username: str | None = Field(None, description="User name at the broker.")
    password: SecretStr | None = Field(
        None, description="Password; set it by environment, it is never logged."
    )
    topic: str = Field(
        "sensors/{device}",
        description="Topic template; `{device}` names the machine, `+` and `#` are allowed.",
    )
    qos: Literal[0, 1] = Field(1, description="Quality of service of the subscription.")
    client_id: str = Field(
        "faultline-detector",
        min_length=1,
        description="Stable name of the durable session; one per detector.",
    )
    protocol: Literal["5", "3.1.1"] = Field("5", description="MQTT version of the broker.")
    receive_maximum: int = Field(
        2000, ge=1, le=65_535, description="Messages in flight before their commit (MQTT 5)."
    )
    keepalive_s: int = Field(30, ge=5, le=3600, description="Seconds between pings.")
    topic_out: str = Field(
        "faultline", min_length=1, description="Prefix of the topics that states go out on."
    )

    @field_validator("url")
    @classmethod
    def _known_scheme(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in {"mqtt", "mqtts"} or not parts.hostname:
            raise ValueError("allowed: mqtt://host:port or mqtts://host:port")
        if parts.username or parts.password:
            raise ValueError("a user or password in the URL; allowed: mqtt.username, mqtt.password")
        return url

    @field_validator("topic")
    @classmethod
    def _names_a_device(cls, topic: str) -> str:
        if "{device}" not in topic.split("/"):
            raise ValueError("allowed: a template with {device} as one level")
        if topic.startswith("$share/"):
            raise ValueError("a shared subscription splits a device over workers")
        return topic


class StoreSettings(Section):
    """Where frames, alarms and commands are kept."""

    url: str = Field("sqlite:///faultline.db", description="SQLAlchemy URL of the store.")
    retention_days: float = Field(
        30.0, gt=0, le=3650, description="Frames older than this many days are deleted."
    )


class BufferSettings(Section):
    """The bounded memory between the network and the scoring thread."""

    samples_per_device: int = Field(
        20_000, ge=100, le=10_000_000, description="Samples held per device before the oldest go."
    )
    max_devices: int = Field(
        1000, ge=1, le=100_000, description="Devices held; samples of further ones are dropped."
    )


class SessionSettings(Section):
    """Where one session ends and the next begins."""

    gap_periods: float = Field(
        3.0, gt=1, le=1000, description="A pause longer than this many sampling periods ends it."
    )
    max_hole: int = Field(
        5, ge=0, le=1000, description="Missing samples in a row that are interpolated."
    )
    late_s: float = Field(
        60.0,
        ge=0,
        description="Samples up to this many seconds late are dropped as late; "
        "a longer step back is a restart of the device clock.",
    )


class AlarmSettings(Section):
    """When windows above the threshold become an alarm."""

    k: int = Field(3, ge=1, le=10_000, description="Windows above the threshold that raise it ...")
    n: int = Field(5, ge=1, le=10_000, description="... among this many judged windows in a row.")
    m: int | None = Field(
        None,
        ge=1,
        le=1_000_000,
        description="Judged windows below in a row that clear it; empty: 5 s and at least L.",
    )


class RunningSignal(Section):
    """A feature that says whether the machine is in the states to be judged."""

    feature: str = Field(description="Name of the running signal, for example `rpm`.")
    min: float = Field(description="Smallest value that counts as running, in its own unit.")
    max: float = Field(float("inf"), description="Largest value that counts as running.")


class DeviceRule(Section):
    """Which model watches which devices; the first rule that matches counts."""

    match: str = Field(min_length=1, description="Device name, `*` and `?` allowed.")
    model: Path | None = Field(None, description="Folder of the bundle; empty: store unscored.")
    running: RunningSignal | None = Field(
        None, description="Running signal instead of the bundle's own."
    )
    threshold: float | None = Field(
        None,
        gt=0,
        le=1000,
        description="Score threshold instead of 1.0 until moved.",
    )
    alarms: AlarmSettings | None = Field(None, description="Alarm rule instead of `[alarms]`.")


class DetectorSettings(Section):
    """The running detector."""

    tick_ms: int = Field(100, ge=10, le=5000, description="Milliseconds between scoring rounds.")
    chunk: int = Field(256, ge=1, le=8192, description="Windows per call of the network.")


class DashboardSettings(Section):
    """The page."""

    stale_s: float = Field(
        10.0, gt=0, le=86_400, description="Data older than this many seconds is shown as stale."
    )
    live_window_s: float = Field(
        60.0, gt=1, le=86_400, description="Seconds of signal on the live chart."
    )
    push_ms: int = Field(500, ge=100, le=10_000, description="Milliseconds between live updates.")
    start_detector: bool = Field(
        True, description="Start a detector as a child process when none is alive."
    )


SHIPPED_RULES = (
    DeviceRule(match="motor-600-*", model=Path("models/motor-600rpm")),
    DeviceRule(match="motor-1200-*", model=Path("models/motor-1200rpm")),
)


class Settings(BaseSettings):
    """All of Faultline's settings."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True
    )

    mqtt: MqttSettings = MqttSettings()
    store: StoreSettings = StoreSettings()
    buffer: BufferSettings = BufferSettings()
    sessions: SessionSettings = SessionSettings()
    alarms: AlarmSettings = AlarmSettings()
    detector: DetectorSettings = DetectorSettings()
    dashboard: DashboardSettings = DashboardSettings()
    devices: tuple[DeviceRule, ...] = SHIPPED_RULES

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment over file over defaults."""
        return env_settings, init_settings

    def rule_for(self, device: str) -> DeviceRule | None:
        """The first rule whose pattern matches ``device``; None when none does."""
        return next((rule for rule in self.devices if fnmatchcase(device, rule.match)), None)


def load_settings(path: Path | None = None) -> Settings:
    """Read the settings.

    Args:
        path: Settings file; None: the file named by ``FAULTLINE_SETTINGS``, else
            ``faultline.toml`` in the working directory when there is one.

    Returns:
        The checked tree.

    Raises:
        SettingsError: If the file is missing or broken, or a setting is unknown or out of range.
    """
    _refuse_unknown_variables()
    chosen = path or (Path(os.environ[FILE_VARIABLE]) if FILE_VARIABLE in os.environ else None)
    if chosen is None and DEFAULT_FILE.exists():
        chosen = DEFAULT_FILE
    try:
        return Settings(**_read_toml(chosen))
    except ValidationError as error:
        raise SettingsError(_one_line(error, chosen)) from None


def _read_toml(path: Path | None) -> dict[str, Any]:
    if path is None:
        return {}
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(
            f"{path}: cannot be read ({error.strerror}), allowed: a TOML file"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not TOML: {error}") from None
    return tables


def _refuse_unknown_variables() -> None:
    known = {f"{PREFIX}{name}".upper() for name in Settings.model_fields}
    for variable in os.environ:
        if not variable.startswith(PREFIX) or variable in NOT_SETTINGS:
            continue
        if variable.split("__")[0] not in known:
            raise SettingsError(
                f"environment: unknown setting {variable}, allowed sections: "
                + ", ".join(sorted(f"{name}__…" for name in known))
            )


def _one_line(error: ValidationError, path: Path | None) -> str:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    where = path or "environment"
    if first["type"] == "extra_forbidden":
        return f"{where}: unknown setting {key}"
    is_secret = "password" in key or "@" in str(first["input"])  # a URL may hold a password
    found = "" if is_secret else f", found {first['input']!r}"
    return f"{where}: {key}{found}: {first['msg']}"
