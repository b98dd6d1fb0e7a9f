"""Recordings at a glance, as a PNG: a strip for every feature, gaps, labels, what is missing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import dates
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from detector.errors import InspectError
from detector.inspecting.overview import Overview, Strip, stretches
from detector.sessions.files import RUNNING_COLUMNS
from detector.text import counted, inert

MOST_STRIPS = 12  # of one recording
MOST_GAPS = 300  # drawn
LONGEST_NAME = 24
CLOCK = ["%Y", "%b", "%d %b", "%H:%M", "%H:%M", "%H:%M:%S.%f"]  # a tick, from years to seconds
WIDTH, LEFT, RIGHT = 12.0, 2.2, 0.3  # inches
STRIP, TITLE, TIME, FOOT = 0.8, 0.45, 0.5, 0.35
SIGNAL, RUNNING, GAP, FAULT, MISSING = "#1f5a8a", "#5f6b74", "#d9dde1", "#d62728", "#e69f00"

Axes = Any  # matplotlib's have no types


def refuse_picture(path: Path) -> None:
    """Refuse a path before the work rather than after it.

    Raises:
        InspectError: If no PNG can be written there.
    """
    if path.suffix.lower() != ".png":
        raise InspectError(f"--plot {path}: found {path.suffix or 'no ending'}, allowed: .png")
    if path.is_dir() or not path.parent.is_dir():
        raise InspectError(f"--plot {path}: no such folder, allowed: a file in one that exists")
    is_new = not path.exists()
    try:
        path.open("ab").close()
    except OSError as error:
        raise InspectError(f"--plot {path}: {error.strerror}, allowed: a file to write") from None
    if is_new:
        path.unlink()


def draw(overviews: Sequence[Overview], left_out: int, path: Path) -> None:
    """Draw recordings one below the other.

    Args:
        overviews: At least one.
        left_out: Recordings that are not drawn.
        path: Of the PNG.

    Raises:
        InspectError: If the file cannot be written.
    """
    height = FOOT + sum(_height(one) for one in overviews)
    figure = Figure(figsize=(WIDTH, height))
    FigureCanvasAgg(figure)
    top = height
    for one in overviews:
        _draw_recording(figure, one, top)
        top -= _height(one)
    figure.text(LEFT / WIDTH, 0.12 / height, _legend(left_out), fontsize=8, color="#444444")
    try:
        figure.savefig(path, dpi=100, metadata={"Software": None})
    except (OSError, ValueError) as error:
        raise InspectError(f"--plot {path}: cannot be written ({error})") from None


def _legend(left_out: int) -> str:
    told = "red: labelled as a fault · grey: gap · orange ticks: missing values"
    return f"{told} · not drawn: {counted(left_out, 'recording')}" if left_out else told


def _height(one: Overview) -> float:
    """Inches that a recording takes."""
    return TITLE + STRIP * min(len(one.strips), MOST_STRIPS) + TIME


def _draw_recording(figure: Figure, one: Overview, top: float) -> None:
    """Draw it below ``top``, inches from the bottom of the figure."""
    height = figure.get_figheight()
    more = len(one.strips) - MOST_STRIPS
    title = one.name + (f" (not drawn: {counted(more, 'feature')})" if more > 0 else "")
    figure.text(LEFT / WIDTH, (top - 0.75 * TITLE) / height, _escaped(title), fontsize=10,
                fontweight="bold")  # fmt: skip
    starts, ends, gaps = (_axis(times, one) for times in (one.starts, one.ends, one.gaps))
    ends_session = np.isin(one.ends, one.gaps[:, 0])
    for number, strip in enumerate(one.strips[:MOST_STRIPS]):
        bottom = top - TITLE - STRIP * (number + 1)
        panel = figure.add_axes(
            (LEFT / WIDTH, bottom / height, (WIDTH - LEFT - RIGHT) / WIDTH, 0.85 * STRIP / height)
        )
        _mark(panel, one, starts, ends, gaps)
        _draw_strip(panel, strip, starts, ends, ends_session)
        panel.set_xlim(starts[0], ends[-1] if ends[-1] > starts[0] else starts[0] + 1)
        panel.tick_params(bottom=False, labelbottom=False)
    panel.tick_params(bottom=True, labelbottom=True)
    _label_time(panel, one)


def _axis(times: np.ndarray, one: Overview) -> np.ndarray:
    """Days since 1970, as matplotlib counts dates; seconds without a date."""
    return times / 86400 if one.has_date else times


def _mark(
    panel: Axes, one: Overview, starts: np.ndarray, ends: np.ndarray, gaps: np.ndarray
) -> None:
    longest_first = np.argsort(-np.diff(gaps)[:, 0])[:MOST_GAPS]
    for before, after in gaps[longest_first]:
        panel.axvspan(before, after, color=GAP, linewidth=0, zorder=0)
    for first, last in stretches(one.labelled):
        panel.axvspan(starts[first], ends[last], color=FAULT, alpha=0.2, linewidth=0, zorder=1)


def _draw_strip(panel: Axes, strip: Strip, starts: np.ndarray, ends: np.ndarray,
                ends_session: np.ndarray) -> None:  # fmt: skip
    middles = (starts + ends) / 2
    extremes = np.column_stack([strip.low, strip.high, np.where(ends_session, np.nan, strip.high)])
    panel.plot(np.repeat(middles, 3), extremes.ravel(), linewidth=0.7, zorder=2,
               color=RUNNING if strip.feature in RUNNING_COLUMNS else SIGNAL)  # fmt: skip
    panel.set_ylabel(_name(strip), fontsize=8, rotation=0, ha="right", va="center")
    panel.tick_params(labelsize=7)
    panel.margins(y=0.12)
    panel.grid(axis="y", color="#eeeeee", linewidth=0.6, zorder=0)
    panel.spines[["top", "right"]].set_visible(False)
    panel.yaxis.get_major_formatter().set_useOffset(False)
    ticks = middles[strip.missing]
    panel.plot(ticks, np.zeros(len(ticks)), "|", color=MISSING, markersize=6, clip_on=False,
               transform=panel.get_xaxis_transform(), zorder=5)  # fmt: skip
    if not np.isfinite(strip.low).any():
        panel.text(0.5, 0.5, "no value", transform=panel.transAxes, ha="center", fontsize=8)
        panel.set_yticks([])


def _name(strip: Strip) -> str:
    name = (
        strip.feature if len(strip.feature) <= LONGEST_NAME else strip.feature[:LONGEST_NAME] + "…"
    )
    return _escaped(f"{name}\n{strip.unit}" if strip.unit else name)


def _escaped(text: str) -> str:
    """Shown as it is: matplotlib reads mathematics between dollars."""
    return "\n".join(inert(line) for line in text.split("\n")).replace("$", r"\$")


def _label_time(panel: Axes, one: Overview) -> None:
    if not one.has_date:
        panel.set_xlabel("seconds from the first sample; the file has no date", fontsize=8)
        return
    locator = dates.AutoDateLocator(tz=UTC)  # type: ignore[no-untyped-call]
    panel.xaxis.set_major_locator(locator)
    panel.xaxis.set_major_formatter(
        dates.ConciseDateFormatter(locator, UTC, CLOCK, show_offset=False)  # type: ignore[no-untyped-call]
    )
    day = datetime.fromtimestamp(float(one.starts[0]), UTC)
    panel.set_xlabel(f"UTC, from {day:%Y-%m-%d %H:%M:%S}", fontsize=8)
