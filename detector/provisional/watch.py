"""When to learn, and when what was learnt turns out to be wrong: a few numbers a device, no I/O.

Time is the device's own, counted sample by sample, so what runs fast is learnt fast and a pause
teaches nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from detector.records import Frame, Times

FEWEST = 300  # samples that anything is learnt from
NEAR_S = 60.0  # device clock; what is needed for learning is made ready
PAUSE_S = 60.0  # silence that is not heard time, ...
STEPS = 10  # ... unless the device always takes long: so many of its shortest steps
LONGEST = 8  # times the minutes asked for, that is the longest stretch looked at
CROSSED = 0.2  # of the judged windows: more, and what was learnt was not all of normal
FEWEST_JUDGED = 0.3  # of a stretch, or it says nothing of the model
HELD = 6  # stretches in which a model held: from then on only somebody can change it
MOST_TRIES = 4  # times that a device is learnt


@dataclass(slots=True)
class Stretch:
    """What a device sent since some moment.

    Attributes:
        start: First sample, device clock; None before it.
        newest: Last one.
        heard_s: Seconds without the pauses.
        samples: How many.
        shortest_s: The shortest step between two messages.
    """

    start: float | None = None
    newest: float = 0.0
    heard_s: float = 0.0
    samples: int = 0
    shortest_s: float = float("inf")

    def add(self, ts: Times) -> None:
        """Take the next samples; a clock that is set back begins anew."""
        first, last = float(ts[0]), float(ts[-1])
        if self.start is None or first < self.newest:
            self.start, self.newest, self.heard_s, self.samples = first, first, 0.0, 0
        step = first - self.newest
        if step <= max(PAUSE_S, STEPS * self.shortest_s):
            self.heard_s += step
        if step > 0:
            self.shortest_s = min(self.shortest_s, step)
        self.heard_s += last - first
        self.newest, self.samples = last, self.samples + len(ts)


@dataclass(slots=True)
class Learning:
    """A device that has no model yet.

    Attributes:
        wanted_s: Seconds to be heard before its stretch is learnt from.
        stretch: So far.
        told: Why it takes longer; empty: it does not yet.
        is_queued: Its turn has been asked for.
    """

    wanted_s: float
    stretch: Stretch = field(default_factory=Stretch)
    told: str = ""
    is_queued: bool = False

    @property
    def left_s(self) -> float:
        """Seconds until there is enough to learn from, at the pace of the device."""
        heard_s, samples = self.stretch.heard_s, self.stretch.samples
        pace_s = heard_s / samples if samples else float("inf")
        return max(self.wanted_s - heard_s, (FEWEST - samples) * pace_s)

    @property
    def is_due(self) -> bool:
        """Whether there is enough to learn from."""
        return self.left_s <= 0 and not self.is_queued

    @property
    def is_near(self) -> bool:
        """Whether there soon will be."""
        return 0 < self.left_s <= NEAR_S

    def wait(self, more_s: float, reason: str) -> None:
        """It was not enough: ``more_s`` seconds more, and at least a fifth of what there was."""
        self.is_queued, self.told = False, reason
        self.wanted_s = self.stretch.heard_s + max(more_s, self.stretch.heard_s / 5)

    def forget(self, wanted_s: float, reason: str) -> None:
        """Nothing of the stretch is to be learnt: begin a new one."""
        self.is_queued, self.told = False, reason
        self.wanted_s, self.stretch = wanted_s, Stretch()

    @property
    def reason(self) -> str:
        """For whoever looks at the device."""
        heard, wanted = self.stretch.heard_s / 60, self.wanted_s / 60
        if self.is_queued:
            return "learning: waits for its turn" + self._why
        if heard >= wanted:
            return f"learning: {self.stretch.samples} of {FEWEST} samples" + self._why
        return f"learning: {heard:.0f} of {wanted:.0f} minutes" + self._why

    @property
    def _why(self) -> str:
        return f" ({self.told})" if self.told else ""


@dataclass(slots=True)
class Probation:
    """A device whose provisional model has to prove itself.

    Attributes:
        learnt_s: Seconds of the stretch that it was learnt from.
        tries: How often it was learnt.
        patience: Times ``learnt_s`` that are looked at together.
        stretch: What came since the model, or the last verdict.
        judged: Windows of it that were judged.
        crossed: Of these, above the threshold.
        held: Stretches in which the model held.
        is_queued: A new learning has been asked for.
    """

    learnt_s: float
    tries: int
    patience: int = 1
    stretch: Stretch = field(default_factory=Stretch)
    judged: int = 0
    crossed: int = 0
    held: int = 0
    is_queued: bool = False

    def add(self, frame: Frame) -> bool:
        """Take the next scored samples; returns whether the device should be learnt again."""
        self.stretch.add(frame.ts)
        self.judged += int((frame.judged & np.isfinite(frame.score)).sum())
        self.crossed += int(frame.anomaly.sum())
        if self.is_queued or self.stretch.heard_s < self.patience * self.learnt_s:
            return False
        if self.judged < FEWEST_JUDGED * self.stretch.samples:
            self.begin()
            return False
        if self.share <= CROSSED:
            self.held += self.patience
            self.begin()
            return False
        return self.tries < MOST_TRIES

    def begin(self) -> None:
        """Look at a new stretch."""
        self.stretch, self.judged, self.crossed, self.is_queued = Stretch(), 0, 0, False

    def keep(self) -> None:
        """The model stays, and is looked at for twice as long next time."""
        self.patience *= 2
        self.begin()

    @property
    def share(self) -> float:
        """Of the judged windows, those above the threshold."""
        return self.crossed / self.judged if self.judged else 0.0

    @property
    def has_held(self) -> bool:
        """Whether it is beyond doubt as far as this can tell: no fault will be learnt away."""
        return self.held >= HELD
