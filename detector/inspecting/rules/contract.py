"""What a rule is, and what it says.

A rule looks at one kind of flaw. It returns one sentence with the numbers it saw and what to do,
or None. It may be careful ("may be"), but it must not speak of a sound recording.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from detector.inspecting.measures.seen import Column, Seen

FeatureRule: TypeAlias = Callable[[Column, Seen], str | None]
RecordingRule: TypeAlias = Callable[[Seen], str | None]


@dataclass(frozen=True, slots=True)
class Advice:
    """What one rule says.

    Attributes:
        rule: Its name in ``detector/inspecting/rules/table.py``.
        feature: Of which feature; None: of the recording.
        text: One sentence.
    """

    rule: str
    feature: str | None
    text: str


def percent(share: float) -> str:
    """For example ``12 %``; small ones keep a digit."""
    return f"{100 * share:.2g} %" if share < 0.995 else f"{100 * share:.0f} %"
