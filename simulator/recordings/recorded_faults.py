"""Faults put into recorded files."""

from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from simulator.errors import SimulatorError
from simulator.faults.inject import Healthy, LiveFault, Signal, fault_on
from simulator.recordings import files, truth
from simulator.recordings.fault_request import (
    axis_name,
    check_request,
    choose_feature,
    healthy_rows,
)
from simulator.recordings.files import Recording
from simulator.recordings.truth import Episode, Truth


@dataclass(frozen=True)
class FaultRequest:
    """The fault to put in.

    Attributes:
        family: A key of ``FAULTS``.
        start_s: Onset in seconds after the first sample.
        duration_s: Length in seconds.
        severity: 0..1.
        seed: Decides all chance, the feature too if none is named.
        feature: Column to change.
        ramp_s: Seconds from the onset to full severity.
    """

    family: str
    start_s: float
    duration_s: float
    severity: float = 1.0
    seed: int = 7
    feature: str | None = None
    ramp_s: float = 0.0


def inject_into_file(source: Path, out: Path, request: FaultRequest) -> str:
    """Write a copy of a session file with one fault, its labels and its ground truth beside it.

    Returns:
        The ground truth in one line.

    Raises:
        SimulatorError: If the file, the range, the family or the feature does not fit.
    """
    check_request(request.family, request.severity, request.duration_s, request.ramp_s)
    recording = files.read(source)
    known = _known_truth(recording)
    first, last = _rows(recording, request.start_s, request.duration_s)
    _refuse_overlap(recording, known, first, last)
    rng = np.random.default_rng(request.seed)
    axis = _axis(recording, request, rng)
    fault = _fault(recording, request, axis, (first, last), rng)
    signal = Signal(recording.ts, np.column_stack(list(recording.features.values())))
    changed = fault.change(signal, 0)
    _refuse_nothing(recording, request, signal, changed)
    episode = _episode(recording, request, fault, first, last)
    line = _line(request, episode)
    _write(recording, out, changed, fault, line)
    truth.write(out, _extended(known, out, episode))
    return line


def _known_truth(recording: Recording) -> Truth:
    """Return the truth beside the file, or what its label tells."""
    return truth.find(recording.path) or Truth(
        file=recording.path.name, episodes=truth.from_label(recording.ts, recording.label())
    )


def _refuse_overlap(recording: Recording, known: Truth, first: int, last: int) -> None:
    label = recording.label()
    begin, end = recording.ts[first], truth.time_at(recording.ts, last)
    labelled = label is not None and bool((label[first:last] > 0).any())
    there = [e for e in known.episodes if e.start < end and begin < e.end]
    if not (labelled or there):
        return
    found = (
        f"{there[0].family} from {there[0].start - recording.ts[0]:g} s to "
        f"{there[0].end - recording.ts[0]:g} s"
        if there
        else "labelled rows"
    )
    raise SimulatorError(
        f"{recording.path}: the range {begin - recording.ts[0]:g} s to {end - recording.ts[0]:g} s "
        f"overlaps {found}; allowed: one fault at a time"
    )


def _axis(recording: Recording, request: FaultRequest, rng: np.random.Generator) -> int:
    names = list(recording.features)
    return choose_feature(names, request.family, request.feature, rng, recording.path)


def _fault(
    recording: Recording,
    request: FaultRequest,
    axis: int,
    rows: tuple[int, int],
    rng: np.random.Generator,
) -> LiveFault:
    names, (first, last) = list(recording.features), rows
    rate_hz = 1.0 / truth.period_s(recording.ts)
    healthy = _healthy(recording, names[axis], first, last)
    return fault_on(
        names,
        axis,
        request.family,
        severity=request.severity,
        rows=rows,
        healthy=healthy,
        seed=rng,
        rate_hz=rate_hz,
        ramp_s=request.ramp_s,
    )


def _healthy(recording: Recording, feature: str, first: int, last: int) -> Healthy:
    """Measure a feature outside the fault, unlabelled and running."""
    rows = healthy_rows(recording)
    rows[first:last] = False
    values = recording.features[feature][rows]
    if not np.isfinite(values).any():
        raise SimulatorError(f"{recording.path}: no healthy sample of {feature} outside the fault")
    return Healthy.of(values)


def _rows(recording: Recording, start_s: float, duration_s: float) -> tuple[int, int]:
    ts = recording.ts - recording.ts[0]
    back = np.flatnonzero(np.diff(ts) < 0)
    if len(back):
        line = back[0] + len(recording.comments) + 3
        raise SimulatorError(
            f"{recording.path}: line {line}: time jumps back; "
            "allowed: one session, faults of the clock last"
        )
    first, last = (int(row) for row in np.searchsorted(ts, [start_s, start_s + duration_s]))
    if first >= last:
        raise SimulatorError(
            f"{recording.path}: no sample from {start_s:g} s to {start_s + duration_s:g} s; "
            f"allowed: within 0 s to {ts[-1]:g} s"
        )
    session = recording.column(["session"])
    if (
        session is not None
        and recording.cells[session].iloc[max(first - 1, 0) : last].nunique() > 1
    ):
        raise SimulatorError(f"{recording.path}: the range crosses a change of session")
    return first, last


def _refuse_nothing(
    recording: Recording, request: FaultRequest, before: Signal, after: Signal
) -> None:
    """A label must not stand for nothing, as with noise of 5 sigma where sigma is 0."""
    same = np.array_equal(before.values, after.values, equal_nan=True)
    if request.severity > 0 and same and np.array_equal(before.ts, after.ts):
        raise SimulatorError(
            f"{recording.path}: {request.family} changes nothing there; "
            "allowed: a feature that varies while healthy"
        )


def _episode(
    recording: Recording, request: FaultRequest, fault: LiveFault, first: int, last: int
) -> Episode:
    start, end = float(recording.ts[first]), truth.time_at(recording.ts, last)
    return Episode(
        family=request.family,
        axis=axis_name(fault, list(recording.features)),
        start=start,
        full=min(start + request.ramp_s, end),
        end=end,
        severity=request.severity,
        seed=request.seed,
    )


def _line(request: FaultRequest, episode: Episode) -> str:
    return (
        f"fault {request.family} on {episode.axis} severity {request.severity:g} from "
        f"{request.start_s:g} s to {request.start_s + request.duration_s:g} s, seed {request.seed}"
    )


def _extended(known: Truth, out: Path, episode: Episode) -> Truth:
    episodes = sorted((*known.episodes, episode), key=lambda one: one.start)
    return msgspec.structs.replace(known, file=out.name, episodes=tuple(episodes))


def _write(recording: Recording, out: Path, changed: Signal, fault: LiveFault, line: str) -> None:
    cells = recording.cells.copy()
    label = recording.column(files.LABEL_COLUMNS) or "label"
    if label not in cells.columns:
        cells[label] = "0"
    cells.iloc[fault.start : fault.end, cells.columns.get_loc(label)] = "1"
    names = list(recording.features)
    for axis in fault.axes:
        old, new = recording.features[names[axis]], changed.values[:, axis]
        rows = np.flatnonzero(~((old == new) | (np.isnan(old) & np.isnan(new))))
        text = [files.as_cell(value) for value in new[rows]]
        cells.iloc[rows, cells.columns.get_loc(names[axis])] = text
    if fault.family == "clock":
        rows = np.flatnonzero(recording.ts != changed.ts)
        column = cells.columns.get_loc(recording.column(files.TIME_COLUMNS))
        text = files.as_times(cells.iloc[rows, column], changed.ts[rows])
        cells.iloc[rows, column] = text
    files.write(
        out,
        comments=[*recording.comments, f"# {line}"],
        cells=cells,
        separator=recording.separator,
    )
