"""The clock of one device: what its times say against each other, and against their arrival.

Samples are heard as they come, before anybody puts them in order. What a device does from the
beginning is its way; what begins later is trouble. A clock that runs several times as fast as ours
plays something back, and is none.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from detector.records import Times
from detector.sensors.delay import DelayWatch
from detector.sensors.look import BREAK
from detector.sensors.trouble import Trouble
from detector.short_arrays import middle, steps
from detector.text import counted

EVERY_S = 1.0  # of arrival, between two judgements
LEARN_S = 15.0  # of arrival, in which a device shows its way
WITHIN_S = 10.0  # that are counted over
FEWEST = 3  # of one kind
SHARE = 0.005  # of the samples
NEAR = 10.0  # usual steps: farther back is another time, not the wrong order
PAUSE_S = 60.0  # a longer one is no lost sample
TOLD_S = 60.0  # how long a jump is told

KINDS = {
    "repeated": "times that are repeated",
    "disordered": "times in the wrong order",
    "gaps": "gaps between its samples",
}


@dataclass(slots=True)
class _Second:
    """What was heard between two judgements."""

    samples: int = 0
    delay_s: float = np.inf  # the least: arrival minus time
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))


class ClockWatch:
    """Of one device.

    Attributes:
        trouble: What is wrong now; None: nothing.
    """

    def __init__(self) -> None:
        self.trouble: Trouble | None = None
        self._last = np.nan  # newest time
        self._usual = np.nan  # step, seconds
        self._began = self._judged = np.nan  # arrival
        self._second = _Second()
        self._seconds: deque[_Second] = deque(maxlen=round(WITHIN_S / EVERY_S))
        self._habits: set[str] = set()  # kinds that are this device's way
        self._delay = DelayWatch()
        self._told: tuple[float, Trouble] | None = None  # until when, arrival; a jump

    def hear(self, ts: Times, arrival: float, *, is_whole: bool) -> bool:
        """Take the next samples as they came.

        Args:
            ts: Shape (n,), device clock.
            arrival: Of the newest, detector clock.
            is_whole: Each came with all channels; parts of one moment have one time.

        Returns:
            Whether the trouble is another one.
        """
        found = steps(ts, self._last)
        self._last = float(ts[-1])
        self._count(found[np.isfinite(found)], len(ts), is_whole)
        self._second.delay_s = min(self._second.delay_s, arrival - self._last)
        if np.isnan(self._began):
            self._began = self._judged = arrival
        if 0 <= arrival - self._judged < EVERY_S:
            return False
        before, self._judged = self.trouble, arrival
        self._judge(arrival)
        return self.trouble != before

    def _count(self, steps: Times, samples: int, is_whole: bool) -> None:
        self._second.samples += samples
        forward = steps[steps > 0]
        if np.isnan(self._usual) and len(forward):
            self._usual = middle(forward)
        if not is_whole or np.isnan(self._usual):
            return
        counts, near = self._second.counts, NEAR * self._usual
        counts["repeated"] += int((steps == 0).sum())
        counts["disordered"] += int(((steps < 0) & (steps > -near)).sum())
        counts["gaps"] += int(((forward > BREAK * self._usual) & (forward < PAUSE_S)).sum())
        if len(forward) > 2:
            self._usual += 0.1 * (middle(forward) - self._usual)

    def _judge(self, arrival: float) -> None:
        self._seconds.append(self._second)
        is_learning = arrival - self._began < LEARN_S
        said = self._delay.take(arrival, self._second.delay_s, self._last, is_learning=is_learning)
        self._second = _Second()
        if is_learning:
            self._habits |= {kind for kind in KINDS if self._total(kind) >= FEWEST}
            return
        if said is not None:
            self._told = arrival + TOLD_S, Trouble(said.rule, (), said.since, said.sentence)
        elif self._told is not None and self._delay.runs_ahead:
            self._told = arrival + TOLD_S, self._told[1]
        if self._told is not None and not 0 <= self._told[0] - arrival <= TOLD_S:
            self._told = None
        self.trouble = self._counted() or (self._told[1] if self._told else self._skewed())

    def _skewed(self) -> Trouble | None:
        skew = self._delay.skew
        return None if skew is None else Trouble(skew.rule, (), skew.since, skew.sentence)

    def _counted(self) -> Trouble | None:
        samples = sum(one.samples for one in self._seconds)
        for kind, words in KINDS.items():
            total = self._total(kind)
            if kind not in self._habits and total >= max(FEWEST, SHARE * samples):
                return self._same(kind) or self._trouble(
                    kind, f"{counted(total, 'time')} within {WITHIN_S:.0f} s: {words}"
                )
        return None

    def _same(self, kind: str) -> Trouble | None:
        """What was said of it at first, while it goes on."""
        return self.trouble if self.trouble is not None and self.trouble.rule == kind else None

    def _total(self, kind: str) -> int:
        return sum(one.counts[kind] for one in self._seconds)

    def _trouble(self, rule: str, said: str) -> Trouble:
        return Trouble(rule, (), self._last, said)
