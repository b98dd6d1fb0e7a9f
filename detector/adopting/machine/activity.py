"""When a machine ran, stood still and went from one to the other, as far as its samples say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from detector.records import Values
from detector.sessions.files import Recording
from detector.sessions.operating import log_rms, running_flags
from detector.sessions.running_states import STANDSTILL, in_words
from detector.sessions.scaling import scale
from detector.settings.devices import RunningSignal
from detector.training.data.dataset import Dataset
from detector.training.data.prepare import lowest_level

LEVEL_WINDOW = 20  # samples over which the level is taken
COLUMNS = 60  # marks of a timeline

States = npt.NDArray[np.int8]


class State(StrEnum):
    """What a machine does; the value is its mark on a timeline."""

    RUNS = "█"
    RAMP = "/"
    IDLE = "_"
    PAUSE = " "  # nothing was sent


ORDER = tuple(State)


@dataclass(frozen=True, slots=True)
class Activity:
    """What a stretch shows of the machine's states.

    Attributes:
        by: What tells them, in words.
        shares: Of the samples, by state.
        running_s: Seconds of running.
        timeline: A mark for each of 60 parts of the stretch.
    """

    by: str
    shares: dict[State, float]
    running_s: float
    timeline: str


def activity_of(recordings: Sequence[Recording], dataset: Dataset) -> Activity:
    """Tell states apart by the running signal, else by the level of the signal itself.

    Args:
        recordings: What was sent.
        dataset: The same as sessions.
    """
    if dataset.signal is not None:
        by = f"{dataset.signal.feature} {_ranges(dataset.signal)}"
        ts, states = _by_signal(recordings, dataset.signal)
    else:
        by, ts, states = _by_level(dataset)
    shares = {state: float((states == ORDER.index(state)).mean()) for state in ORDER[:3]}
    running_s = shares[State.RUNS] * len(states) * dataset.sampling_period_s
    return Activity(by, shares, running_s, timeline(ts, states, dataset.sampling_period_s))


def running_since(
    recordings: Sequence[Recording], dataset: Dataset, wanted_s: float
) -> float | None:
    """Time from which on there are ``wanted_s`` seconds of running; None where there are fewer."""
    if dataset.signal is not None:
        ts, states = _by_signal(recordings, dataset.signal)
    else:
        _, ts, states = _by_level(dataset)
    runs = ts[states == ORDER.index(State.RUNS)]
    needed = round(wanted_s / dataset.sampling_period_s)
    return float(runs[-needed]) if 0 < needed <= len(runs) else None


def timeline(ts: npt.NDArray[np.float64], states: States, period_s: float) -> str:
    """The commonest state of each part of the stretch.

    Args:
        ts: Shape (n,), increasing.
        states: Shape (n,), places in ``ORDER``.
        period_s: Seconds between samples.
    """
    parts = max(min(COLUMNS, len(ts)), 1)
    edges = np.linspace(ts[0], ts[-1] + period_s, parts + 1)
    rows = np.searchsorted(ts, edges)
    marks = []
    for first, end in pairwise(rows.tolist()):
        counted = np.bincount(states[first:end], minlength=len(ORDER))
        marks.append(ORDER[int(counted.argmax())] if end > first else State.PAUSE)
    return "".join(marks)


def _by_signal(
    recordings: Sequence[Recording], signal: RunningSignal
) -> tuple[npt.NDArray[np.float64], States]:
    samples = [one.samples for one in recordings]
    column = np.concatenate([s.values[:, s.features.index(signal.feature)] for s in samples])
    runs = running_flags(column[:, None], (signal.feature,), signal)
    fastest = np.nanmax(column) if np.isfinite(column).any() else 0.0
    low = signal.min if signal.feature == "running" else STANDSTILL * fastest
    states = np.full(len(column), ORDER.index(State.RAMP), np.int8)
    states[~(column > low)] = ORDER.index(State.IDLE)
    states[runs] = ORDER.index(State.RUNS)
    return np.concatenate([s.ts for s in samples]), states


def _by_level(dataset: Dataset) -> tuple[str, npt.NDArray[np.float64], States]:
    sessions = [s for s in dataset.sessions if len(s.ts) >= LEVEL_WINDOW] or dataset.sessions
    ts = np.concatenate([session.ts for session in sessions])
    scaled = _scaled([session.values for session in sessions])
    lowest = None
    if all(len(values) >= LEVEL_WINDOW for values in scaled):
        lowest = lowest_level(scaled, LEVEL_WINDOW)
    if lowest is None:
        return (
            "no running signal, and the level shows one state only",
            ts,
            np.zeros(len(ts), np.int8),
        )
    return "level of the signal", ts, np.concatenate([_levels(v, lowest) for v in scaled])


def _levels(scaled: Values, lowest: float) -> States:
    """States of one session; the first window takes that of its end."""
    level = log_rms(scaled, LEVEL_WINDOW)
    rose = np.zeros(len(level))
    rose[LEVEL_WINDOW:] = np.abs(level[LEVEL_WINDOW:] - level[:-LEVEL_WINDOW])
    states = np.full(len(level), ORDER.index(State.RUNS), np.int8)
    states[rose >= np.log(2.0)] = ORDER.index(State.RAMP)
    states[level < lowest] = ORDER.index(State.IDLE)
    return np.concatenate([np.full(LEVEL_WINDOW - 1, states[0], np.int8), states])


def _scaled(sessions: Sequence[Values]) -> list[Values]:
    union = np.concatenate(sessions).astype(np.float64)
    spread = np.where(union.std(axis=0) > 0, union.std(axis=0), 1.0)
    return [scale(values, union.mean(axis=0).tolist(), spread.tolist()) for values in sessions]


def _ranges(signal: RunningSignal) -> str:
    if not np.isfinite(signal.max):
        return f"{signal.min:g} or more"
    return in_words(signal.ranges or ((signal.min, signal.max),))
