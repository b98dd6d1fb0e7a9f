"""Faults put into recorded files."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from simulator import session_files
from simulator.errors import SimulatorError
from simulator.faults import fault_named, inject
from simulator.session_files import Recording

Bools = NDArray[np.bool_]


def inject_into_file(
    source: Path,
    out: Path,
    *,
    family: str,
    start_s: float,
    duration_s: float,
    severity: float,
    seed: int,
    feature: str | None = None,
) -> str:
    """Write a copy of a session file with one fault and its labels.

    Args:
        source: Session file to read.
        out: File to write.
        family: A key of ``FAULTS``.
        start_s: Onset in seconds after the first sample.
        duration_s: Length in seconds.
        severity: 0..1.
        seed: Decides all chance, the feature too if none is named.
        feature: Column to change.

    Returns:
        The ground truth in one line.

    Raises:
        SimulatorError: If the file, the range, the family or the feature does not fit.
    """
    fault_named(family)
    recording = session_files.read(source)
    rng = np.random.default_rng(seed)
    name = _feature(recording, feature, rng)
    first, last = _rows(recording, start_s, duration_s)
    changed = inject(
        recording.features[name][:, None],
        family=family,
        severity=severity,
        start=first,
        end=last,
        sigma=healthy_sigma(recording, name, first, last),
        axis=0,
        rng=rng,
    )[:, 0]
    truth = (
        f"fault {family} on {name} severity {severity:g} from {start_s:g} s to "
        f"{start_s + duration_s:g} s, seed {seed}"
    )
    _write(recording, out, name, changed[first:last], first, truth)
    return truth


def healthy_sigma(recording: Recording, feature: str, first: int, last: int) -> float:
    """Standard deviation of a feature outside the fault, unlabelled and running."""
    healthy = np.ones(len(recording.ts), dtype=bool)
    healthy[first:last] = False
    label = recording.column(session_files.LABEL_COLUMNS)
    if label is not None:
        healthy &= recording.numbers(label) != 1
    healthy &= _running(recording)
    values = recording.features[feature][healthy]
    if not np.isfinite(values).any():
        raise SimulatorError(f"{recording.path}: no healthy sample of {feature} outside the fault")
    return float(np.nanstd(values))


def _running(recording: Recording) -> Bools:
    signal = recording.column(session_files.RUNNING_COLUMNS)
    if signal is None:
        return np.ones(len(recording.ts), dtype=bool)
    speed = np.nan_to_num(recording.numbers(signal))
    return np.asarray(speed >= 0.9 * np.quantile(speed, 0.95), dtype=bool)


def _feature(recording: Recording, feature: str | None, rng: np.random.Generator) -> str:
    names = list(recording.features)
    drawn = names[int(rng.integers(len(names)))]
    if feature is None:
        return drawn
    if feature not in names:
        raise SimulatorError(
            f"{recording.path}: no feature {feature!r}; allowed: {', '.join(names)}"
        )
    return feature


def _rows(recording: Recording, start_s: float, duration_s: float) -> tuple[int, int]:
    ts = recording.ts - recording.ts[0]
    back = np.flatnonzero(np.diff(ts) < 0)
    if len(back):
        line = back[0] + len(recording.comments) + 3
        raise SimulatorError(
            f"{recording.path}: line {line}: time jumps back; allowed: one session"
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


def _write(
    recording: Recording,
    out: Path,
    feature: str,
    changed: NDArray[np.float64],
    first: int,
    truth: str,
) -> None:
    cells = recording.cells.copy()
    rows = slice(first, first + len(changed))
    label = recording.column(session_files.LABEL_COLUMNS) or "label"
    if label not in cells.columns:
        cells[label] = "0"
    cells.iloc[rows, cells.columns.get_loc(feature)] = [session_files.as_cell(v) for v in changed]
    cells.iloc[rows, cells.columns.get_loc(label)] = "1"
    session_files.write(
        out,
        comments=[*recording.comments, f"# {truth}"],
        cells=cells,
        separator=recording.separator,
    )
