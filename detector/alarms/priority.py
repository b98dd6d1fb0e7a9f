"""How soon an operator should look, and what the alarm says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, TypeAlias

from detector.records import Priority
from detector.text import inert, plain

Criticality: TypeAlias = Literal["low", "normal", "high"]

FAR = (2.0, 4.0)  # score over threshold, from which it counts one and two
LONG_S = (60.0, 600.0)  # seconds above, likewise
WEIGHT: Mapping[Criticality, int] = {"low": -1, "normal": 0, "high": 1}
ORDER = (Priority.LOW, Priority.MEDIUM, Priority.HIGH)
NAMED = 3  # features in a sentence


def priority_of(ratio: float, seconds: float, criticality: Criticality) -> Priority:
    """Priority of an anomaly: how far, how long, and how much the machine matters.

    Args:
        ratio: Largest score over the threshold.
        seconds: Since it began, sample time.
        criticality: Of the device.
    """
    points = _reached(ratio, FAR) + _reached(seconds, LONG_S) + WEIGHT[criticality]
    return Priority.LOW if points <= 0 else Priority.MEDIUM if points <= 2 else Priority.HIGH


def shifted(base: Priority, criticality: Criticality) -> Priority:
    """Priority of an alarm that has no score, moved by how much the machine matters."""
    place = ORDER.index(base) + WEIGHT[criticality]
    return ORDER[min(max(place, 0), len(ORDER) - 1)]


def higher(one: Priority, other: Priority) -> Priority:
    """The one that comes first."""
    return max(one, other, key=ORDER.index)


def shares(contributions: Mapping[str, float]) -> str:
    """Share per feature, the largest first: ``acc_z 71 %, acc_x 20 %``."""
    first = sorted(contributions.items(), key=lambda item: -item[1])
    return ", ".join(
        f"{inert(name)} {share:.0%}".replace("%", " %") for name, share in first[:NAMED]
    )


def score_sentence(
    score: float, threshold: float, contributions: Mapping[str, float], words: str = ""
) -> str:
    """What a score alarm says: how far above, and where it comes from; nothing that is a guess.

    Args:
        score: The highest.
        threshold: In force.
        contributions: Share per feature.
        words: Of the front end, on the column that did most.
    """
    said = inert(words) or shares(contributions)
    return f"score {plain(score)} above {plain(threshold)}" + (f": {said}" if said else "")


def _reached(value: float, steps: tuple[float, ...]) -> int:
    return sum(value >= step for step in steps)
