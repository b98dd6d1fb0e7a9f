"""What the fault lab found, as text, Markdown, JSON and a picture."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from detector.errors import TrainingError
from detector.text import counted
from detector.training.lab.lab import ALL, Lab, Row

HEAD = (
    "model", "faults", "severity", "precision", "recall", "F1", "F2", "AP",
    "found", "delay s", "false/h", "bound/h", "before %", "after %",
)  # fmt: skip
LEGEND = (
    "samples: flagged while an alarm is active, never point-adjusted; AP of the raw score; found: "
    "faults with an alarm; delay: median; false/h: alarms without a fault per judged normal hour, "
    "and its 95 % bound; before, after: share of normal samples flagged before a fault, and in "
    "the minute after one"
)
BINS = 60
BAR = "\\|"  # a bar inside a cell of a Markdown table


def as_text(lab: Lab) -> str:
    """A table for the terminal."""
    lines = text_lines([HEAD, *(_cells(row) for row in lab.rows)])
    head = f"{counted(lab.cases, 'session')}, seed {lab.seed}{_without_faults(lab)}"
    return "\n".join([head, *lines, LEGEND])


def as_markdown(lab: Lab) -> str:
    """A table for a document."""
    lines = markdown_lines([HEAD, *(_cells(row) for row in lab.rows)])
    told = f"{counted(lab.cases, 'session')}, seed {lab.seed}{_without_faults(lab)}"
    return "\n".join([*lines, "", f"{told}; {LEGEND}."])


def _without_faults(lab: Lab) -> str:
    """A word on sessions that can show false alarms only."""
    if any(row.found.faults for row in lab.rows):
        return ""
    return "; no fault is labelled in them and none was put in, so only false alarms are counted"


def as_json(lab: Lab) -> str:
    """A JSON list, one object per row; a figure that does not exist is null."""
    objects = [
        {"model": row.model, "row": row.row, "family": row.family, "severity": row.severity}
        | asdict(row.found)
        for row in lab.rows
    ]
    return json.dumps(objects, indent=1, allow_nan=False)


def text_lines(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Columns as wide as their widest cell; the first row is the head."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return ["  ".join(_aligned(row, widths)).rstrip() for row in rows]


def markdown_lines(rows: Sequence[tuple[str, ...]]) -> list[str]:
    """The same as a Markdown table."""
    lines = [f"| {' | '.join(cell.replace('|', BAR) for cell in cells)} |" for cells in rows]
    lines.insert(1, "|" + "---|" * len(rows[0]))
    return lines


def refuse_picture(path: Path) -> None:
    """Refuse a path before the measurement rather than after it.

    Raises:
        TrainingError: If no PNG can be written there.
    """
    if path.suffix.lower() != ".png":
        raise TrainingError(f"--png {path}: allowed: a name that ends in .png")
    if not path.parent.is_dir() or path.is_dir():
        raise TrainingError(f"--png {path}: no such folder, allowed: a file in one that exists")


def draw(lab: Lab, path: Path) -> None:
    """Detection rate against severity, and histograms of normal and faulty scores, as a PNG.

    Raises:
        TrainingError: If the file cannot be written.
    """
    models = len(lab.histograms)
    figure = Figure(figsize=(12, 4.2 * models), layout="constrained")
    panels = figure.subplots(models, 2, squeeze=False)
    for number, histogram in enumerate(lab.histograms):
        rates, scores = panels[number]
        _draw_rates(rates, histogram.model, lab)
        _draw_scores(scores, histogram.model, histogram.normal, histogram.faulty)
    save(figure, path)


def save(figure: Figure, path: Path) -> None:
    """Write a figure, the same bytes for the same figure.

    Raises:
        TrainingError: If the file cannot be written.
    """
    FigureCanvasAgg(figure)
    try:
        figure.savefig(path, dpi=100, metadata={"Software": None})
    except (OSError, ValueError) as error:
        raise TrainingError(f"{path}: cannot be written ({error}), allowed: a .png file") from None


def _draw_rates(axes, model: str, lab: Lab) -> None:  # type: ignore[no-untyped-def] # noqa: ANN001
    rows = [r for r in lab.rows if r.model == r.row == model and r.severity is not None]
    families = sorted({row.family for row in rows} - {ALL})
    styles = ("-", "--", ":")
    for number, family in enumerate(families):
        points = [(r.severity, r.found.event_recall) for r in rows if r.family == family]
        at, rate = zip(*points, strict=True)
        axes.plot(at, rate, styles[number // 10 % 3], marker="o", markersize=4, label=family)
    axes.set(
        title=f"{model}: faults found", xlabel="severity", ylabel="share found", ylim=(-0.03, 1.03)
    )
    if families:
        axes.legend(fontsize=8, ncols=2, loc="center left", bbox_to_anchor=(1.0, 0.5))


def _draw_scores(  # type: ignore[no-untyped-def]
    axes,  # noqa: ANN001 -- matplotlib's axes have no types
    model: str,
    normal: np.ndarray,
    faulty: np.ndarray,
) -> None:
    both = np.concatenate([normal, faulty, [1.0]])
    both = both[both > 0]
    bins = np.geomspace(max(both.min(), 1e-3), max(both.max(), 2.0), BINS)
    for scores, name in ((normal, "normal"), (faulty, "faulty")):
        if len(scores):
            weights = np.full(len(scores), 1.0 / len(scores))
            axes.hist(scores, bins=bins, weights=weights, alpha=0.6, label=name)
    axes.axvline(1.0, color="black", linestyle="--", linewidth=1, label="threshold")
    axes.set(title=f"{model}: scores", xlabel="score", ylabel="share of samples", xscale="log")
    axes.legend(fontsize=8)


def _cells(row: Row) -> tuple[str, ...]:
    found = row.found
    name = row.row if row.row == row.model else f"{row.model}: {row.row}"
    severity = ALL if row.severity is None else f"{row.severity:g}"
    return (
        name,
        row.family,
        severity,
        _number(found.precision),
        _number(found.recall),
        _number(found.f1),
        _number(found.f2),
        _number(found.average_precision),
        f"{found.faults_found} of {found.faults}",
        _number(found.median_delay_s),
        _number(found.false_alarms_per_hour),
        _number(found.false_alarms_per_hour_bound),
        _number(found.false_share_before, 100.0),
        _number(found.false_share_after, 100.0),
    )


def _number(value: float | None, times: float = 1.0) -> str:
    return "-" if value is None else f"{times * value:.2f}"


def _aligned(cells: tuple[str, ...], widths: list[int]) -> list[str]:
    """Names to the left, numbers to the right."""
    pairs = list(zip(cells, widths, strict=True))
    return [cell.ljust(w) for cell, w in pairs[:2]] + [cell.rjust(w) for cell, w in pairs[2:]]
