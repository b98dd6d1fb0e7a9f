"""Detection limits as a picture: share found against severity, one small panel a family."""

from __future__ import annotations

from math import ceil
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from detector.training.lab.limits import Curve
from detector.training.lab.report import save
from detector.training.lab.trials import LimitLab, LimitRow

COLUMNS = 4
FLOOR_STYLES = ("--", ":", "-.", (0, (1, 4)))


def draw(lab: LimitLab, path: Path) -> None:
    """Write the picture as a PNG; models in colour with their intervals, what is beside them grey.

    Raises:
        TrainingError: If the file cannot be written.
    """
    families = sorted({row.family for row in lab.rows})
    columns = min(COLUMNS, len(families))
    lines = ceil(len(families) / columns)
    figure = Figure(figsize=(3.2 * columns + 1.5, 2.4 * lines + 1.0), layout="constrained")
    panels = figure.subplots(lines, columns, sharex=True, sharey=True, squeeze=False)
    for panel in panels.flat[len(families) :]:
        panel.remove()
    models = list(dict.fromkeys(row.model for row in lab.rows))
    floors = list(dict.fromkeys(row.row for row in lab.rows if row.row != row.model))
    for panel, family in zip(panels.flat, families, strict=False):
        for row in (row for row in lab.rows if row.family == family):
            _draw_row(panel, row, models, floors)
        panel.set_title(family, fontsize=9)
        for share in (0.5, 0.9):
            panel.axhline(share, color="black", linewidth=0.4)
    figure.supxlabel("severity")
    figure.supylabel("share of faults found")
    _add_legend(figure, panels.flat[0])
    save(figure, path)


# matplotlib's axes have no types
def _draw_row(panel: Any, row: LimitRow, models: list[str], floors: list[str]) -> None:  # noqa: ANN401
    at = [step.severity for step in row.curve.steps]
    share = [step.share for step in row.curve.steps]
    if row.row != row.model:
        style = FLOOR_STYLES[floors.index(row.row) % len(FLOOR_STYLES)]
        panel.plot(at, share, color="grey", linestyle=style, linewidth=0.9, label=row.row)
        return
    colour = f"C{models.index(row.model)}"
    panel.plot(at, share, color=colour, linewidth=1.4, label=row.model)
    panel.scatter(at, _counted(row.curve), color=colour, s=9)
    low, high = [s.low for s in row.curve.steps], [s.high for s in row.curve.steps]
    panel.fill_between(at, low, high, color=colour, alpha=0.2, linewidth=0)
    panel.set(xlim=(0.0, 1.03), ylim=(-0.04, 1.04))


def _counted(curve: Curve) -> list[float]:
    """As counted, before the curve is made monotone."""
    return [step.found / step.cases for step in curve.steps]


def _add_legend(figure: Figure, panel: Any) -> None:  # noqa: ANN401
    lines, names = panel.get_legend_handles_labels()
    one_of_each = dict(zip(reversed(names), reversed(lines), strict=True))
    figure.legend(
        list(reversed(one_of_each.values())), list(reversed(one_of_each)),
        loc="outside right upper", fontsize=8,
    )  # fmt: skip
