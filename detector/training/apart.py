"""Sessions set apart for the fault lab, which no candidate is trained on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from detector.errors import TrainingError
from detector.records import Flags, Samples, Values
from detector.sessions.files import Recording
from detector.training.data.dataset import Dataset, TrainingSession

LAB_SHARE = 5  # one in so many sessions, or so much of a single one, is kept for the lab


def set_apart(dataset: Dataset) -> tuple[Dataset, list[TrainingSession]]:
    """Training sessions, and those of the lab, which no candidate sees.

    The lab has the last sessions; of few ones the fifth of each in which it runs longest without
    a stop, the last of several that are alike.

    Raises:
        TrainingError: If nothing is left of one or the other.
    """
    sessions = list(dataset.sessions)
    if len(sessions) >= LAB_SHARE:
        kept = len(sessions) // LAB_SHARE
        learn, lab = sessions[:-kept], sessions[-kept:]
    else:
        parts = [_fifths(session) for session in sessions]
        chosen = [_steadiest(fifths) for fifths in parts]
        lab = [fifths[number] for fifths, number in zip(parts, chosen, strict=True)]
        learn = [
            part
            for session, number in zip(sessions, chosen, strict=True)
            for part in _without(session, number)
        ]
    if not learn or not lab:
        raise TrainingError("fault lab: no session to keep for it beside those to learn from")
    return replace(dataset, sessions=tuple(learn)), lab


def as_recording(dataset: Dataset, session: TrainingSession) -> Recording:
    """A session as it would have been read, its running signal made up from the flags."""
    features: tuple[str, ...] = dataset.features
    values: Values = session.values
    signal = dataset.signal
    if signal is not None and signal.feature not in features:
        low, high = (signal.ranges or ((signal.min, signal.max),))[0]
        inside = (low + high) / 2 if np.isfinite(high) else low
        column = np.where(session.running, inside, min(signal.min - 1.0, 0.0))
        features = (*features, signal.feature)
        values = np.column_stack([values, column.astype(np.float32)])
    samples = Samples(features, session.ts, values)
    return Recording(session.name, samples, None, machine=session.machine)


def longest_run(flags: Flags) -> int:
    """Most flags in a row that hold.

    Args:
        flags: Shape (n,).
    """
    stops = np.flatnonzero(~np.concatenate([[False], flags, [False]]))
    return int(np.diff(stops).max()) - 1


def _bounds(session: TrainingSession) -> list[int]:
    return [len(session.ts) * fifth // LAB_SHARE for fifth in range(LAB_SHARE + 1)]


def _fifths(session: TrainingSession) -> list[TrainingSession]:
    edges = _bounds(session)
    return [_part(session, slice(*edges[i : i + 2])) for i in range(LAB_SHARE)]


def _steadiest(fifths: Sequence[TrainingSession]) -> int:
    """Number of the fifth with the longest run; nearly as long counts as well as longest."""
    runs = [longest_run(fifth.running) / max(len(fifth.running), 1) for fifth in fifths]
    near = [number for number, run in enumerate(runs) if run >= 0.99 * max(runs)]
    return near[-1]


def _without(session: TrainingSession, number: int) -> list[TrainingSession]:
    edges = _bounds(session)
    parts = [
        _part(session, slice(0, edges[number])),
        _part(session, slice(edges[number + 1], None)),
    ]
    return [part for part in parts if len(part.ts)]


def _part(session: TrainingSession, rows: slice) -> TrainingSession:
    return TrainingSession(
        session.name, session.ts[rows], session.values[rows], session.running[rows],
        machine=session.machine,
    )  # fmt: skip
