"""When anomalies become an alarm: a pure state machine over judged windows.

k of the newest n judged windows above the threshold raise it, m in a row below clear it.
Windows that are not judged (warm-up, machine stopped) prove nothing and count for neither.
Where windows were left out because scoring could not keep up, the k must lie between two such
gaps: no alarm is raised then that all windows would not have raised. It may come later, by as
long as a gap lasts, and it clears later, since m counts the windows that were scored.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class AlarmRule:
    """How many windows raise and clear an alarm; 1 <= k <= n, m >= 1."""

    k: int
    n: int
    m: int


@dataclass(frozen=True, slots=True)
class AlarmState:
    """What the machine remembers of one device.

    Attributes:
        is_active: An alarm is raised.
        seen: Judged windows so far.
        hits: Number and time of the windows above the threshold among the newest n.
        below: Windows below in a row since the last one above.
    """

    is_active: bool = False
    seen: int = 0
    hits: tuple[tuple[int, float], ...] = ()
    below: int = 0


@dataclass(frozen=True, slots=True)
class Transition:
    """An alarm was ``raised`` or ``cleared``.

    Attributes:
        kind: ``raised`` or ``cleared``.
        ts: Sample time of the window that decided it.
        start: Sample time of the first of the k anomalies, for ``raised``.
    """

    kind: str
    ts: float
    start: float


def advance(
    rule: AlarmRule, state: AlarmState, windows: Iterable[tuple[float, bool | None]]
) -> tuple[AlarmState, list[Transition]]:
    """Take the next judged windows in order.

    Args:
        rule: How many raise and clear.
        state: Before them.
        windows: Time of each window's newest sample, and whether it is above the threshold;
            None: it was left out.

    Returns:
        The state after them and the transitions on the way.
    """
    transitions: list[Transition] = []
    for ts, is_above in windows:
        if is_above is None:
            state = replace(state, hits=())
            continue
        state = _count(rule, state, ts, is_above)
        if not state.is_active and len(state.hits) >= rule.k:
            transitions.append(Transition("raised", ts, state.hits[0][1]))
            state = replace(state, is_active=True)
        elif state.is_active and state.below >= rule.m:
            transitions.append(Transition("cleared", ts, ts))
            state = replace(state, is_active=False, hits=())
    return state, transitions


def _count(rule: AlarmRule, state: AlarmState, ts: float, is_above: bool) -> AlarmState:
    seen = state.seen + 1
    hits = state.hits
    if hits and hits[0][0] <= seen - rule.n:
        hits = tuple(hit for hit in hits if hit[0] > seen - rule.n)
    if is_above:
        return AlarmState(state.is_active, seen, (*hits, (seen, ts)), 0)
    return AlarmState(state.is_active, seen, hits, state.below + 1)
