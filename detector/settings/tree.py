"""One settings tree: defaults here, then ``faultline.toml``, then ``FAULTLINE_*`` environment.

Every setting has a unit, a range and one sentence; unknown keys are refused.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

from pydantic import PrivateAttr, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from detector.settings.access.auth import AuthSettings
from detector.settings.adopt import AdoptSettings
from detector.settings.alarms import AlarmSettings, Delays
from detector.settings.alignment import AlignmentSettings
from detector.settings.buffer import BufferSettings
from detector.settings.dashboard import DashboardSettings
from detector.settings.detector import DetectorSettings
from detector.settings.devices import SHIPPED_RULES, DeviceRule
from detector.settings.metrics import MetricsSettings
from detector.settings.mqtt import MqttSettings
from detector.settings.sessions import SessionSettings
from detector.settings.sources import SourceSettings
from detector.settings.store import StoreSettings
from detector.settings.targets.notify import NotifySettings, all_apart

PREFIX = "FAULTLINE_"


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
    alignment: AlignmentSettings = AlignmentSettings()
    adopt: AdoptSettings = AdoptSettings()
    detector: DetectorSettings = DetectorSettings()
    dashboard: DashboardSettings = DashboardSettings()
    auth: AuthSettings | None = None
    metrics: MetricsSettings = MetricsSettings()
    devices: tuple[DeviceRule, ...] = SHIPPED_RULES
    sources: tuple[SourceSettings, ...] = ()
    notify: tuple[NotifySettings, ...] = ()

    _given: dict[str, Delays] = PrivateAttr(default_factory=dict)
    _apart = field_validator("notify")(staticmethod(all_apart))

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

    @property
    def all_sources(self) -> tuple[SourceSettings, ...]:
        """``[[sources]]``, and ``mqtt.topic`` where it is set or nothing else is."""
        if self.sources and "topic" not in self.mqtt.model_fields_set:
            return self.sources
        return (*self.sources, SourceSettings(topic=self.mqtt.topic))

    @property
    def detector_name(self) -> str:
        """What the detector is called beside others: the session on its broker, unless named."""
        return self.detector.name or f"{self.mqtt.client_id}@{self.mqtt.url}"

    @property
    def models(self) -> tuple[Path, ...]:
        """Folders of the bundles that rules name, each once."""
        return tuple(dict.fromkeys(rule.model for rule in self.devices if rule.model is not None))

    def rule_for(self, device: str) -> DeviceRule | None:
        """The first rule whose pattern matches ``device``; None when none does."""
        return next((rule for rule in self.devices if fnmatchcase(device, rule.match)), None)

    def alarms_for(self, device: str) -> AlarmSettings:
        """The alarm rule of ``device``: its own, else ``[alarms]``, with an operator's delays."""
        rule = self.rule_for(device)
        found = self.alarms if rule is None or rule.alarms is None else rule.alarms
        given = self._given.get(device)
        return found if given is None else found.with_delays(given)

    @property
    def given(self) -> dict[str, Delays]:
        """Delays that operators gave, by device; they go before what is written here."""
        return self._given

    def criticality_of(self, device: str) -> Literal["low", "normal", "high"]:
        """How much ``device`` matters."""
        rule = self.rule_for(device)
        return "normal" if rule is None else rule.criticality

    def is_clock_replaced(self, device: str) -> bool:
        """Whether a wrong clock of ``device`` gives way to the time of arrival."""
        rule = self.rule_for(device)
        return rule is not None and rule.clock == "arrival"
