"""Recorded sessions to training samples: sessions cut, baselines off, scaled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from detector.errors import TrainingError
from detector.frontends.contract import FrontEnd
from detector.records import Flags, Samples, Times, Values
from detector.scoring.rate import TOLERANCE
from detector.sessions.files import NO_HINTS, RUNNING_COLUMNS, Hints, Recording, read_recordings
from detector.sessions.operating import running_flags
from detector.sessions.running_states import running_signal
from detector.sessions.segments import Segmenter, median_period
from detector.settings.devices import RunningSignal
from detector.settings.sessions import SessionSettings

FAST_S = 1e-3  # between two samples; below, the clock's own steps count


@dataclass(frozen=True, slots=True)
class TrainingSession:
    """One session without gaps, holes filled.

    Attributes:
        name: File it comes from.
        ts: Shape (n,).
        values: Shape (n, F), the model features in their own units.
        running: Shape (n,), whether it is in the states that are judged.
        conditions: Shape (n, C), see ``Dataset``; None: there are none.
        machine: Whose it is, see ``Recording``; empty: nothing else is known to be of it.
    """

    name: str
    ts: Times
    values: Values
    running: Flags
    conditions: Values | None = None
    machine: str = ""


@dataclass(frozen=True, slots=True)
class Dataset:
    """Sessions of one kind of machine.

    Attributes:
        features: The F model features.
        sampling_period_s: Median over all files.
        signal: Running signal that was used; None: every state is judged.
        sessions: At least one.
        units: By feature, where the files tell them.
        front: What made the features, of which some may be missing in a sample; None: they are
            what the machine sends.
        conditions: Channels that say what is normal now, and are no features.
    """

    features: tuple[str, ...]
    sampling_period_s: float
    signal: RunningSignal | None
    sessions: tuple[TrainingSession, ...]
    units: dict[str, str] = field(default_factory=dict)
    front: FrontEnd | None = None
    conditions: tuple[str, ...] = ()


def load_dataset(
    sources: Sequence[tuple[Path, int | None]],
    *,
    features: Sequence[str] | None = None,
    running: RunningSignal | None = None,
    find_running: bool = True,
    normal_only: bool = False,
    beside: Sequence[str] = (),
    hints: Hints = NO_HINTS,
    conditions: Sequence[str] = (),
) -> Dataset:
    """Read normal sessions.

    Args:
        sources: Files or folders, each with a limit of rows per file.
        features: Model features; None: every column that is no running signal.
        running: Running signal; None looks for ``rpm`` or ``running`` when ``find_running``.
        find_running: False judges every state.
        normal_only: Leave labelled faults out instead of refusing them; a session ends there.
        beside: Channels read like features, behind them, for a front end; those there are.
        hints: What the files do not say themselves.
        conditions: Channels that say what is normal now; they are no features.

    Raises:
        SessionFileError: If a file cannot be read.
        TrainingError: If files disagree in features or rate, hold labelled faults, or a feature
            is missing throughout.
    """
    columns = None
    if features is not None:
        signal = [] if running is None else [running.feature]
        more = [name for name in beside if name not in RUNNING_COLUMNS]  # those are kept
        columns = list(dict.fromkeys([*features, *signal, *more, *conditions]))
    recordings = [
        recording
        for path, limit in sources
        for recording in read_recordings([path], features=columns, limit_rows=limit, hints=hints)
    ]
    if normal_only:
        recordings = [part for recording in recordings for part in normal_parts(recording)]
    return dataset_of(
        recordings, features=features, running=running, find_running=find_running,
        beside=beside, conditions=conditions,
    )  # fmt: skip


def dataset_of(
    recordings: Sequence[Recording],
    *,
    features: Sequence[str] | None = None,
    running: RunningSignal | None = None,
    find_running: bool = True,
    beside: Sequence[str] = (),
    conditions: Sequence[str] = (),
) -> Dataset:
    """Sessions of recordings that are read already; arguments as in ``load_dataset``.

    Raises:
        TrainingError: As ``load_dataset``.
    """
    _refuse_faults(recordings)
    _refuse_other_features(recordings, features)
    period_s = _common_period(recordings)
    if running is None and find_running:
        running = _find_running(recordings, period_s)
    signal = None if running is None else running.feature
    names = recordings[0].samples.features
    beside = [name for name in beside if name in names]
    others = {*RUNNING_COLUMNS, signal, *beside, *conditions}
    own = features or [name for name in names if name not in others]
    model = tuple(dict.fromkeys([*own, *beside]))
    if both := [name for name in conditions if name in own]:
        raise TrainingError(f"{', '.join(both)}: feature and condition, allowed: one of them")
    sessions = [
        session
        for recording in recordings
        for session in _sessions(recording, model, running, period_s, tuple(conditions))
    ]
    told = {name: unit for one in recordings for name, unit in one.found.units.items()}
    units = {name: told[name] for name in model if name in told}
    return Dataset(model, period_s, running, tuple(sessions), units, conditions=tuple(conditions))


def take_baseline(sessions: Sequence[Values], samples: int) -> list[npt.NDArray[np.float64]]:
    """Sessions without the mean of their first ``samples``; 0 leaves them as they are."""
    exact = [values.astype(np.float64) for values in sessions]
    if not samples:
        return exact
    return [values - values[:samples].mean(axis=0) for values in exact]


def normal_parts(recording: Recording) -> list[Recording]:
    """A recording cut where faults are labelled; parts of fewer than 2 samples say nothing."""
    if recording.label is None or not recording.label.any():
        return [recording]
    edges = np.flatnonzero(np.diff(recording.label.astype(np.int8))) + 1
    bounds = [0, *edges.tolist(), len(recording.label)]
    samples = recording.samples
    note = f"{recording.name}: {recording.label.sum():,} samples labelled as a fault are left out"
    found = replace(recording.found, notes=(*recording.found.notes, note))
    return [
        Recording(
            f"{recording.name}, rows {first + 1} to {end}",
            Samples(samples.features, samples.ts[first:end], samples.values[first:end]),
            recording.label[first:end],
            found,
        )
        for first, end in pairwise(bounds)
        if not recording.label[first] and end - first > 1
    ]


def _refuse_other_features(recordings: Sequence[Recording], wanted: Sequence[str] | None) -> None:
    """Every file must have the same columns, each with a value somewhere."""
    if not recordings:
        raise TrainingError("training: no normal sample; all that was read is labelled as a fault")
    first = recordings[0]
    for recording in recordings:
        found = recording.samples.features
        if wanted is None and set(found) != set(first.samples.features):
            raise TrainingError(
                f"{recording.name}: features {', '.join(found)}; {first.name} has "
                f"{', '.join(first.samples.features)}; allowed: the same in all, or --features"
            )
        empty = np.asarray(np.isnan(recording.samples.values).all(axis=0))
        if empty.any():
            missing = ", ".join(f for f, gone in zip(found, empty, strict=True) if gone)
            raise TrainingError(f"{recording.name}: no value of {missing} in any row")


def _refuse_faults(recordings: Sequence[Recording]) -> None:
    for recording in recordings:
        if recording.label is not None and recording.label.any():
            found = int(recording.label.sum())
            raise TrainingError(
                f"{recording.name}: {found} samples are labelled as a fault; training sees "
                "normal sessions only, allowed: label 0, or --normal-only to leave them out"
            )


def _find_running(recordings: Sequence[Recording], period_s: float) -> RunningSignal | None:
    found = running_signal([one.samples for one in recordings], period_s)
    if found is None and all("rpm" in one.samples.features for one in recordings):
        raise TrainingError("running signal rpm: the machine never turns in these sessions")
    return found


def _common_period(recordings: Sequence[Recording]) -> float:
    periods = {}
    for recording in recordings:
        period = _period_of(recording.samples.ts)
        if period is None:
            raise TrainingError(f"{recording.name}: fewer than 2 samples, no sampling period")
        periods[recording.name] = period
    common = float(np.quantile(list(periods.values()), 0.5, method="closest_observation"))
    for name, period in periods.items():
        if abs(period / common - 1) > TOLERANCE:
            raise TrainingError(
                f"{name}: sampled every {period:.4g} s, the other files every {common:.4g} s, "
                f"allowed: within {TOLERANCE:.0%}"
            )
    return common


def _period_of(ts: Times) -> float | None:
    """The usual step; of waveforms the mean of usual ones.

    Seconds since 1970 are told to 0.24 µs, so that each step at 12.8 kHz is wrong by up to 0.3 %,
    the median too.
    """
    usual = median_period(ts)
    if usual is None or usual > FAST_S:
        return usual
    steps = np.diff(ts)
    return float(steps[np.abs(steps / usual - 1) <= TOLERANCE].mean())


def _sessions(
    recording: Recording,
    features: tuple[str, ...],
    running: RunningSignal | None,
    period_s: float,
    conditions: tuple[str, ...] = (),
) -> list[TrainingSession]:
    samples = recording.samples
    signal = () if running is None else (running.feature,)
    wanted = list(dict.fromkeys([*features, *signal, *conditions]))
    if missing := [name for name in wanted if name not in samples.features]:
        raise TrainingError(
            f"{recording.name}: no column {', '.join(missing)}; found "
            + ", ".join(samples.features)
        )
    needed = np.isin(samples.features, wanted)
    segmenter = Segmenter(SessionSettings(), period_s, needed)
    found: list[TrainingSession] = []
    parts: list[tuple[Times, Values]] = []
    for piece in segmenter.push(samples):
        if piece.starts and parts:
            found.append(_join(recording, parts, features, running, conditions))
            parts = []
        if piece.usable:
            parts.append((piece.ts, piece.filled))
    if parts:
        found.append(_join(recording, parts, features, running, conditions))
    return found


def _join(
    recording: Recording,
    parts: Sequence[tuple[Times, Values]],
    features: tuple[str, ...],
    running: RunningSignal | None,
    conditions: tuple[str, ...],
) -> TrainingSession:
    samples = recording.samples
    ts = np.concatenate([ts for ts, _ in parts])
    values = np.concatenate([filled for _, filled in parts])
    columns = [samples.features.index(feature) for feature in features]
    flags = running_flags(values, samples.features, running)
    given = values[:, [samples.features.index(one) for one in conditions]] if conditions else None
    return TrainingSession(recording.name, ts, values[:, columns], flags, given, recording.machine)
