"""Detection limits as text, Markdown and JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from math import inf

from detector.text import counted
from detector.thresholds.methods import false_alarms_per_day_bound
from detector.training.lab.limits import Limit
from detector.training.lab.report import markdown_lines, text_lines
from detector.training.lab.trials import LimitLab, LimitRow

HEAD = (
    "model", "faults", "cases", "s50", "95 %", "s90", "95 %", "false alarms", "a day", "comparable",
)  # fmt: skip
LEGEND = (
    "s50, s90: smallest severity at which half and 90 % of the faults raise an alarm, with its "
    "95 % interval; a day: 95 % bound on false alarms; comparable: that bound is at the level or "
    "below; without it a limit may be low because the threshold is"
)

Sees = Callable[[LimitRow], str]


def as_text(lab: LimitLab, sees: Sees | None = None) -> str:
    """A table for the terminal.

    Args:
        lab: What was measured.
        sees: What physics lets a sensor see of a family, as one more column.
    """
    lines = text_lines(_table(lab, sees))
    return "\n".join([_about(lab), *lines, LEGEND, *_reasons(lab)])


def as_markdown(lab: LimitLab, sees: Sees | None = None) -> str:
    """A table for a document; ``sees`` as in ``as_text``."""
    lines = markdown_lines(_table(lab, sees))
    told = [f"{sentence}." for sentence in (_about(lab), LEGEND, *_reasons(lab))]
    return "\n".join([*lines, "", *told])


def as_json(lab: LimitLab) -> str:
    """A JSON list, one object per row; null for a limit above the largest severity tried."""
    return json.dumps([_object(lab, row) for row in lab.rows], indent=1, allow_nan=False)


def _table(lab: LimitLab, sees: Sees | None) -> list[tuple[str, ...]]:
    if sees is None:
        return [HEAD, *(_cells(lab, row) for row in lab.rows)]
    return [(*HEAD, "sees"), *((*_cells(lab, row), sees(row)) for row in lab.rows)]


def _cells(lab: LimitLab, row: LimitRow) -> tuple[str, ...]:
    curve, health = row.curve, row.health
    bound = health.per_day_bound
    return (
        row.row if row.row == row.model else f"{row.model}: {row.row}",
        row.family,
        str(curve.cases),
        curve.told(curve.s50.at),
        f"{curve.told(curve.s50.low)} to {curve.told(curve.s50.high)}",
        curve.told(curve.s90.at),
        f"{curve.told(curve.s90.low)} to {curve.told(curve.s90.high)}",
        f"{health.false_alarms} in {health.hours:.3g} h",
        "-" if bound is None else f"<= {bound:.3g}",
        "yes" if lab.is_comparable(row) else "no",
    )


def _about(lab: LimitLab) -> str:
    return (
        f"{counted(lab.sessions, 'session')}, seed {lab.seed}; level: {lab.level_per_day:.3g} "
        "false alarms a day"
    )


def _reasons(lab: LimitLab) -> list[str]:
    """Why limits are not comparable, and what it would take."""
    if all(lab.is_comparable(row) for row in lab.rows):
        return []
    hours = false_alarms_per_day_bound(0, 1.0) / lab.level_per_day
    return [
        f"not comparable: {lab.level_per_day:.3g} a day are shown by {hours:.0f} h of normal "
        "running without a false alarm, or more hours with some"
    ]


def _object(lab: LimitLab, row: LimitRow) -> dict[str, object]:
    return {
        "model": row.model,
        "row": row.row,
        "family": row.family,
        "cases": row.curve.cases,
        **_limit("s50", row.curve.s50),
        **_limit("s90", row.curve.s90),
        "false_alarms": row.health.false_alarms,
        "normal_hours": row.health.hours,
        "false_alarms_per_day_bound": row.health.per_day_bound,
        "level_per_day": lab.level_per_day,
        "comparable": lab.is_comparable(row),
        "curve": [asdict(step) for step in row.curve.steps],
    }


def _limit(name: str, limit: Limit) -> dict[str, float | None]:
    values = {name: limit.at, f"{name}_low": limit.low, f"{name}_high": limit.high}
    return {key: None if value == inf else value for key, value in values.items()}
