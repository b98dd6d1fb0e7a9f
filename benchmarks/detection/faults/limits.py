"""Detection limits over a simulated catalogue, beside what physics lets the sensor see.

Called by ``python -m benchmarks.detection.fault_lab --limits``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from math import inf
from pathlib import Path
from typing import TypeAlias

from benchmarks.detection.faults.sessions import left_out
from detector.scoring.bundle import Bundle
from detector.tasks.contract import Executor
from detector.tasks.in_process import HERE
from detector.training.lab.cases import Case
from detector.training.lab.limit_picture import draw
from detector.training.lab.limit_report import as_markdown
from detector.training.lab.limits import LIMIT_SEVERITIES
from detector.training.lab.trials import Hearing, Judges, LimitLab, LimitRow
from simulator.machines.designs import design_for
from simulator.machines.sensor import Probe
from simulator.machines.visibility import View, look

LEVEL_PER_DAY = 1 / 3  # one false alarm in 72 h
SEED = 7  # of the intervals and the random row
SEEN = {"visible", "aliased"}
STRIDE = 4  # has no divisor in common with an odd number of severities

VisibleFrom: TypeAlias = Mapping[str, float | None]


def limits(
    bundles: Sequence[Bundle],
    cases: Iterable[Case],
    rpm: float,
    *,
    ablate: bool,
    png: Path | None,
    commission_min: float | None = None,
    executor: Executor = HERE,
) -> str:
    """A Markdown table of detection limits.

    Args:
        bundles: To be judged on the same faults.
        cases: Sessions with faults and without, each judged once and forgotten.
        rpm: Of the motors.
        ablate: Whether each part of the score is left out in turn.
        png: Where to draw the curves.
        commission_min: Minutes of its own running that each motor is commissioned in.
        executor: Who judges, a case at a time.
    """
    judges = [
        Judges(bundle, ablate=ablate, seed=SEED, commission_min=commission_min)
        for bundle in bundles
    ]
    hearing = Hearing(judges, executor, left_out)
    sessions = sum(1 for _ in hearing.of(cases, counts_health=True))
    rows = tuple(row for one in judges for row in one.rows(SEED))
    lab = LimitLab(rows, sessions, LEVEL_PER_DAY, SEED)
    if png is not None:
        draw(lab, png)
    return as_markdown(lab, partial(sees, visible_from(rpm)))


def severities_of(
    catalogue: int, severities: Sequence[float] = LIMIT_SEVERITIES
) -> tuple[float, ...]:
    """All severities, small and large by turns, beginning with another one in each catalogue.

    A session has time for some of them; over as many catalogues as severities, an odd number, each
    comes equally often.
    """
    count = len(severities)
    turns = range(STRIDE * catalogue, STRIDE * catalogue + count)
    return tuple(severities[STRIDE * turn % count] for turn in turns)


def visible_from(rpm: float) -> dict[str, float | None]:
    """The smallest severity at which each machine fault leaves a trace behind the sensor."""
    view = View(design_for(rpm), Probe())
    found: dict[str, float | None] = {}
    for severity in reversed(LIMIT_SEVERITIES):
        for sight in look(view, severity=severity):
            if sight.verdict in SEEN:
                found[sight.family] = severity
            else:
                found.setdefault(sight.family, None)
    return found


def sees(visible: VisibleFrom, row: LimitRow) -> str:
    """What the sensor sees of a family, whether the limit agrees, and if not, why."""
    if row.family not in visible:
        return "-"
    least = visible[row.family]
    shown = "invisible" if least is None else f"from {least:g}"
    if row.row != row.model:
        return shown
    return f"{shown}{_against(row, least)}"


def _against(row: LimitRow, least: float | None) -> str:
    """Both are known between two severities tried, so they agree where those ranges meet."""
    limit, above, at = row.curve.s50, *_range(least)
    if limit.low <= at and limit.high >= above:
        return ": agrees"
    if limit.high < above:
        return f"; found from {row.curve.told(limit.at)}: less than twice a band's power is enough"
    return "; found later: healthy motors differ by more than twice a band's power"


def _range(least: float | None) -> tuple[float, float]:
    """Above which and up to which severity a fault begins to be visible."""
    if least is None:
        return inf, inf
    return max((s for s in LIMIT_SEVERITIES if s < least), default=0.0), least
