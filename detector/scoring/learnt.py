"""Models of devices that no rule names one for; who makes them is not known here."""

from __future__ import annotations

from typing import Protocol

from detector.scoring.bundle import Bundle


class LearntModels(Protocol):
    """What the fleet asks where the settings have no model."""

    def model_of(self, device: str) -> Bundle | None:
        """The model learnt of a device; None when there is none."""

    def reason(self, device: str) -> str:
        """Why there is none, one line."""


class NoLearntModels:
    """Nothing is learnt."""

    def model_of(self, device: str) -> Bundle | None:
        """None."""
        return None

    def reason(self, device: str) -> str:
        """What is missing in the settings."""
        return NO_RULE


NO_RULE = "no rule of the settings names a model for it"
