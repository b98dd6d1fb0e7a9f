"""The alarms that a rule would have raised over stored scores: the same state machine, quicker.

Most of a long time changes nothing: while nothing is remembered, windows that are not above; while
an alarm is active, all up to the next stretch that could end it. Those are passed over, all others
go through ``lifecycle.advance``, so the transitions are the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from detector.alarms.lifecycle import AlarmRule, AlarmState, Level, Transition, advance
from detector.records import Times

LEFT_OUT = -1  # instead of a level
MOST_STEPS = 600_000  # windows that are looked at one by one: a few seconds

Levels = npt.NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Span:
    """An alarm that would have been.

    Attributes:
        start: Sample time of the first anomaly that leads to it.
        raised: When it is raised.
        end: When it clears; None: it is active at the end.
    """

    start: float
    raised: float
    end: float | None


class TooBusyError(Exception):
    """The scores cross the threshold too often to look at each window."""


def replay(rule: AlarmRule, ts: Times, levels: Levels, most_steps: int = MOST_STEPS) -> list[Span]:
    """Raise and clear over windows in order of time.

    Args:
        rule: How many windows raise and clear.
        ts: Shape (n,), time of each window's newest sample.
        levels: Shape (n,), a ``Level`` or ``LEFT_OUT``.
        most_steps: Windows to look at one by one.

    Raises:
        TooBusyError: If there are more.
    """
    run = _Run(rule, ts, levels)
    while run.jump():
        if run.steps > most_steps:
            raise TooBusyError
        run.step()
    return run.spans


class _Run:
    """One replay under way; ``at`` is the next window."""

    def __init__(self, rule: AlarmRule, ts: Times, levels: Levels) -> None:
        self._rule, self._ts, self._levels = rule, ts, levels
        self._above = np.flatnonzero(levels == Level.ABOVE)
        self._loud = np.flatnonzero((levels == Level.ABOVE) | (levels == Level.BETWEEN))
        self._ends = _possible_ends(rule, levels, self._loud)
        self._ended: npt.NDArray[np.intp] = np.empty(0, np.intp)  # start-ups count nowhere
        self._starts = self._ended
        if rule.start_up_s:
            self._ended = np.cumsum(_ends_run(levels), dtype=np.intp)
            self._starts = _starts(levels, self._ended)
        self._state, self.at, self.steps = AlarmState(), 0, 0
        self.spans: list[Span] = []

    def jump(self) -> bool:
        """Pass over what changes nothing; returns whether something is left."""
        if self._state.is_quiet:
            self.at = _next(self._above, self.at, len(self._ts))
            self._state = AlarmState(started_at=self._started_at())
        elif self._state.is_active:
            here = int(self._loud[self._loud.searchsorted(self.at) - 1])
            self._pass_to(_next(self._ends, here, len(self._ts)) - self._rule.n)
        return self.at < len(self._ts)

    def _pass_to(self, at: int) -> None:
        """Begin n windows before a loud one, which says anew how many are below in a row."""
        if at > self.at:
            self.at = at
            self._state = replace(
                self._state, below=0, stopped_at=None, started_at=self._started_at()
            )

    def step(self) -> None:
        """Look at some windows one by one."""
        count = (self._rule.m if self._state.is_active else 1) + self._rule.n
        part = slice(self.at, self.at + count)
        told = zip(self._ts[part].tolist(), self._levels[part].tolist(), strict=True)
        windows = ((ts, None if level == LEFT_OUT else level) for ts, level in told)
        self._state, transitions = advance(self._rule, self._state, windows)
        self.at, self.steps = part.stop, self.steps + count
        for transition in transitions:
            self._note(transition)

    def _note(self, transition: Transition) -> None:
        if transition.kind == "raised":
            self.spans.append(Span(transition.start, transition.ts, None))
        else:
            self.spans[-1] = replace(self.spans[-1], end=transition.ts)

    def _started_at(self) -> float | None:
        """Of the run of the machine that the next window is in, where start-ups do not count."""
        before = int(self._starts.searchsorted(self.at, "right"))
        if not before or self.at == len(self._ts):
            return None
        start = self._starts[before - 1]
        goes_on = self._ended[start] == self._ended[self.at]
        return float(self._ts[start]) if goes_on else None


def _next(places: npt.NDArray[np.intp], at: int, otherwise: int) -> int:
    """The first of some places from ``at`` on."""
    index = int(places.searchsorted(at))
    return int(places[index]) if index < len(places) else otherwise


def _possible_ends(
    rule: AlarmRule, levels: Levels, loud: npt.NDArray[np.intp]
) -> npt.NDArray[np.intp]:
    """Loud windows before a stretch of others in which an alarm may clear."""
    after = np.append(loud[1:], len(levels))
    stopped = np.append(0, np.cumsum(levels == Level.STOPPED))
    has_stopped = stopped[after] > stopped[loud]
    ends: npt.NDArray[np.intp] = loud[(after - loud > rule.m) | has_stopped]
    return ends


def _ends_run(levels: Levels) -> npt.NDArray[np.bool_]:
    ends: npt.NDArray[np.bool_] = (levels == Level.STOPPED) | (levels == Level.WARM_UP)
    return ends


def _starts(levels: Levels, ended: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """Judged windows that none that counts as running stands before.

    Args:
        levels: Shape (n,).
        ended: Shape (n,), how often a run has ended until then.
    """
    judged = np.flatnonzero((levels >= Level.BELOW) & (levels <= Level.BETWEEN))
    return judged[np.diff(ended[judged], prepend=-1) > 0]
