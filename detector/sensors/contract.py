"""What a rule of a sensor is: a measure of what it looks for, and a limit of that.

A rule is one file under ``rules/`` and one line in ``rules/table.py``. It measures, for each
channel, how much there is of one kind of trouble, from the newest samples and the device's own
past alone, so that the same samples always give the same answer. What is too much is learnt from
normal sessions while training (``normal.py``); where nobody has, a cautious default holds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from detector.sensors.channels import Channels
from detector.sensors.look import Array, Look
from detector.sensors.past import Alike, Past

MARGIN = 1.25  # times the largest of normal sessions
NEVER = 0.5  # of the default: normal sessions that stay below it never come near


@dataclass(frozen=True, slots=True)
class Scene:
    """What a rule sees.

    Attributes:
        look: The newest.
        past: What is usual.
        alike: The same of moments in which a channel's siblings were as they are now.
        channels: The F channels.
        held: Shape (F,), samples for which each channel has had one value until the end.
        far: Shape (m, F), how far samples are from what those around tell; see ``untold``.
    """

    look: Look
    past: Past
    alike: Alike
    channels: Channels
    held: Array
    far: Array

    @property
    def nothing(self) -> Array:
        """Shape (F,), NaN: a channel of which the rule says nothing."""
        return np.full(len(self.channels.names), np.nan)


Measure: TypeAlias = Callable[[Scene], Array]
Sentence: TypeAlias = Callable[[Scene, int, float], str]


@dataclass(frozen=True, slots=True)
class Rule:
    """One kind of trouble.

    Attributes:
        name: One word or two.
        measure: How much of it each channel has, shape (F,); NaN: nothing can be said.
        say: What is the matter with a channel of so much of it, one plain sentence without its
            name.
        default: Limit where nobody has learnt one; above it there is trouble.
        least: A learnt limit is never below.
        looks: So many in a row above the limit raise it.
        clear_s: So long at or below the limit ends it.
        over_s: The measure counts in sum over so many seconds; 0: of the look alone.
        learns_others: Channels that are no vibration are judged only where normal sessions never
            came near the default.
    """

    name: str
    measure: Measure
    say: Sentence
    default: float
    least: float
    looks: int = 3
    clear_s: float = 10.0
    over_s: float = 0.0
    learns_others: bool = False

    def limit(self, learnt: float | None, *, shakes: bool) -> float:
        """The limit in force of a channel; infinite where it is not judged.

        Args:
            learnt: The largest measure of normal sessions; None: nobody has looked.
            shakes: Whether it is the waveform of a vibration.
        """
        if not shakes and self.learns_others:
            is_never = learnt is not None and learnt < NEVER * self.default
            return self.default if is_never else np.inf
        return self.default if learnt is None else max(self.least, MARGIN * learnt)
