"""When anomalies become an alarm: a pure state machine over judged windows.

k of the newest n judged windows above the threshold begin it. It is raised where k of n are above
again after the on-delay, with never m in a row below between; m in a row below clear it. Windows
that are not judged (warm-up, machine stopped) prove nothing and count for neither; of a machine
that has stopped for a while the alarm returns by that.

Where windows were left out because scoring could not keep up, the k must lie between two such
gaps: no alarm is raised then that all windows would not have raised. It may come later, by as
long as a gap lasts, and it clears later, since m counts the windows that were scored. An on-delay
that has begun goes on over a gap, which says neither that the anomaly went on nor that it ended.
A signal that crosses again and again is one alarm so, and a single short burst is none.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import IntEnum

from detector.records import ModelCard
from detector.settings.alarms import AlarmSettings

RETURN, STOP = "return", "stop"  # what ended an alarm


class Level(IntEnum):
    """What a window says; the first two are False and True."""

    BELOW = 0
    ABOVE = 1
    BETWEEN = 2  # within the deadband: neither an anomaly nor a step towards the end of one
    STOPPED = 3  # the machine is not in the states to be judged
    WARM_UP = 4  # a session begins


@dataclass(frozen=True, slots=True)
class AlarmRule:
    """How many windows raise and clear an alarm.

    Attributes:
        k: Windows above, 1 <= k <= n.
        n: Newest judged windows that are looked at.
        m: Windows below in a row that clear it, >= 1.
        on_delay_s: Seconds of sample time from the first k of n to those that raise it, >= 0.
        stop_s: Seconds without a judged window after which an alarm of a stopped machine
            returns, >= 0.
        start_up_s: Seconds after a machine's start in which nothing counts, >= 0.
    """

    k: int
    n: int
    m: int
    on_delay_s: float = 0.0
    stop_s: float = 5.0
    start_up_s: float = 0.0


@dataclass(frozen=True, slots=True)
class AlarmState:
    """What the machine remembers of one device.

    Attributes:
        is_active: An alarm is raised.
        seen: Judged windows so far.
        hits: Number and time of the windows above the threshold among the newest n.
        below: Windows below in a row since the last one above.
        pending: Sample times of the first of the k windows and of the one at which k of n were
            above, while the on-delay runs; None when it does not.
        stopped_at: Sample time of the first window since the machine stopped; None: it has not.
        started_at: Sample time of the first judged window since a start; None before it.
    """

    is_active: bool = False
    seen: int = 0
    hits: tuple[tuple[int, float], ...] = ()
    below: int = 0
    pending: tuple[float, float] | None = None
    stopped_at: float | None = None
    started_at: float | None = None

    @property
    def is_quiet(self) -> bool:
        """Whether windows that are not above change nothing."""
        return not (self.is_active or self.hits or self.pending)

    def settled(self) -> AlarmState:
        """The same without what makes no difference any more, for keeping."""
        return AlarmState(started_at=self.started_at) if self.is_quiet else self


@dataclass(frozen=True, slots=True)
class Transition:
    """An alarm was ``raised`` or ``cleared``.

    Attributes:
        kind: ``raised`` or ``cleared``.
        ts: Sample time of the window that decided it.
        start: Sample time of the first of the k anomalies, for ``raised``.
        cause: What ended it, for ``cleared``: ``return`` or ``stop``.
    """

    kind: str
    ts: float
    start: float
    cause: str = RETURN


def rule_of(settings: AlarmSettings, card: ModelCard) -> AlarmRule:
    """The rule in windows; an empty m is the off-delay and at least one window length."""
    every_s = card.sampling_period_s * card.hop
    m = settings.m or max(round(settings.off_delay_s / every_s), -(-card.window // card.hop))
    return AlarmRule(
        min(settings.k, settings.n), settings.n, m,
        on_delay_s=settings.on_delay_s, stop_s=settings.off_delay_s, start_up_s=settings.start_up_s,
    )  # fmt: skip


def advance(
    rule: AlarmRule, state: AlarmState, windows: Iterable[tuple[float, int | None]]
) -> tuple[AlarmState, list[Transition]]:
    """Take the next windows in order.

    Args:
        rule: How many raise and clear.
        state: Before them.
        windows: Time of each window's newest sample and its ``Level``, of which True and False
            are two; None: it was left out.

    Returns:
        The state after them and the transitions on the way.
    """
    transitions: list[Transition] = []
    for ts, level in windows:
        state, transition = _step(rule, state, ts, level)
        if transition is not None:
            transitions.append(transition)
    return state, transitions


def _step(
    rule: AlarmRule, state: AlarmState, ts: float, level: int | None
) -> tuple[AlarmState, Transition | None]:
    if level is None:
        return replace(state, hits=()), None
    if level == Level.WARM_UP:
        return replace(state, started_at=None), None
    if level == Level.STOPPED:
        return _stopped(rule, state, ts)
    if rule.start_up_s:
        state = replace(state, started_at=ts if state.started_at is None else state.started_at)
        if ts - (state.started_at or 0.0) < rule.start_up_s:
            return replace(state, stopped_at=None), None
    return _decide(rule, _count(rule, state, ts, level), ts)


def _stopped(rule: AlarmRule, state: AlarmState, ts: float) -> tuple[AlarmState, Transition | None]:
    since = ts if state.stopped_at is None else state.stopped_at
    state = replace(state, stopped_at=since, started_at=None)
    if state.is_quiet or ts - since < rule.stop_s:
        return state, None
    ended = Transition("cleared", ts, ts, STOP) if state.is_active else None
    return AlarmState(seen=state.seen, stopped_at=since), ended


def _count(rule: AlarmRule, state: AlarmState, ts: float, level: int) -> AlarmState:
    seen = state.seen + 1
    hits = state.hits
    if hits and hits[0][0] <= seen - rule.n:
        hits = tuple(hit for hit in hits if hit[0] > seen - rule.n)
    is_above = level == Level.ABOVE
    return replace(
        state,
        seen=seen,
        hits=(*hits, (seen, ts)) if is_above else hits,
        below=state.below + 1 if level == Level.BELOW else 0,
        stopped_at=None,
    )


def _decide(rule: AlarmRule, state: AlarmState, ts: float) -> tuple[AlarmState, Transition | None]:
    if state.is_active:
        if state.below < rule.m:
            return state, None
        ended = replace(state, is_active=False, hits=(), pending=None)
        return ended, Transition("cleared", ts, ts)
    state = replace(state, pending=_pending(rule, state, ts))
    is_above = len(state.hits) >= rule.k
    if state.pending is None or not is_above or ts - state.pending[1] < rule.on_delay_s:
        return state, None
    raised = Transition("raised", ts, state.pending[0])
    return replace(state, is_active=True, pending=None), raised


def _pending(rule: AlarmRule, state: AlarmState, ts: float) -> tuple[float, float] | None:
    """The on-delay begins with k of n, and ends as an alarm does."""
    if len(state.hits) >= rule.k:
        return state.pending or (state.hits[0][1], ts)
    return state.pending if state.below < rule.m else None
