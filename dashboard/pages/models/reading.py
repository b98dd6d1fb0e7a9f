"""All that the page of models reads at once: bundles, devices, rules, commissionings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dashboard import context
from dashboard.live.states import natural
from dashboard.pages.models import bundles
from dashboard.pages.models.bundles import Bundle
from detector.records import Command, DeviceStatus
from detector.settings.load import load_settings
from detector.settings.tree import Settings
from detector.store import commands, commissionings, devices
from detector.store.commissionings import Commissioning

SWITCHES = 200  # newest reloads that are looked through


@dataclass(frozen=True)
class Models:
    """What there is.

    Attributes:
        settings: As they are in the file now; the detector may not have taken them up yet.
        bundles: By path.
        devices: In natural order.
        in_force: Commissionings, by device.
        switches: Reloads that somebody asked for to give a device another model, newest first.
        is_alive: Whether a detector runs.
    """

    settings: Settings
    bundles: Sequence[Bundle]
    devices: Sequence[DeviceStatus]
    in_force: Mapping[str, Commissioning]
    switches: Sequence[Command]
    is_alive: bool

    def rule_model(self, device: str) -> Path | None:
        """The folder that the settings name for a device."""
        rule = self.settings.rule_for(device)
        return None if rule is None else rule.model

    def users(self, bundle: Bundle) -> list[str]:
        """Devices that a bundle judges by the settings."""
        return [one.device for one in self.devices if self.rule_model(one.device) == bundle.folder]

    def one(self, device: str) -> DeviceStatus | None:
        """Its status; None where it was never seen."""
        return next((one for one in self.devices if one.device == device), None)


def read() -> Models:
    """Read it.

    Raises:
        SettingsError: If the settings are refused.
        StoreError: If the store cannot be opened.
    """
    settings = load_settings()
    with context.engine().connect() as connection:
        asked = commands.recent(connection, commands.RELOAD, SWITCHES)
        return Models(
            settings,
            bundles.found(settings.models),
            sorted(devices.every(connection), key=lambda one: natural(one.device)),
            commissionings.all_in_force(connection),
            [one for one in asked if "device" in one.value],
            devices.is_alive(connection),
        )
