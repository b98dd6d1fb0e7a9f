"""What is wrong with a sensor, as it travels to the alarms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from detector.sensors.channels import axes_beside

MOST_OF = 0.5  # of a score, that a sensor in trouble explains


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with a sensor.

    Attributes:
        rule: The first that holds.
        features: Whose; empty: of the device as a whole.
        since: Sample time.
        sentence: What is the matter, one plain sentence.
    """

    rule: str
    features: tuple[str, ...]
    since: float
    sentence: str


def explains(features: Iterable[str], contributions: Mapping[str, float]) -> bool:
    """Whether a score comes from sensors in trouble: its axes are rebuilt from one another.

    Args:
        features: In trouble; without any it is the clock, which makes no score.
        contributions: Share per feature, or per column of a front end.
    """
    theirs = {name for feature in features for name in (feature, *axes_beside(feature))}
    total = sum(contributions.values())
    mine = sum(share for name, share in contributions.items() if _is_of(name, theirs))
    return bool(theirs) and mine >= MOST_OF * total


def _is_of(name: str, features: set[str]) -> bool:
    """Whether it is one of the features, or a column that describes one."""
    return name in features or any(name.startswith(f"{feature}.") for feature in features)
