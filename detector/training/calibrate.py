"""Calibration: what normal looks like to networks that have not seen it.

Each of five blocks in turn is held out and scored by a network fitted to the rest; one split would
leave a handful of independent windows. A block is whole sessions where there are enough of them:
that shows how machines and runs differ from each other. Otherwise every session is cut in five,
with a gap of L samples.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from detector.errors import TrainingError
from detector.records import Flags, Values
from detector.scoring.score import Array, ScoreRule, Terms, smooth
from detector.thresholds import max_threshold

BLOCKS = 5
SLOW_BLOCK = 60  # samples per mean that counts as slow
SHORT_SESSION = 6000  # samples; in longer sessions slow means are changes of state


@dataclass(frozen=True, slots=True)
class Split:
    """One block held out.

    Attributes:
        train: Parts of sessions, at least L samples away from what is held out.
        held_out: Parts whose windows are held out; (session number, first, end).
    """

    train: list[Values]
    held_out: list[tuple[int, int, int]]


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Held-out windows of one part of a session, in order."""

    terms: Terms
    judged: Flags


def splits(sessions: Sequence[Values], window: int) -> list[Split]:
    """Hold out each of five blocks in turn.

    Whole sessions are held out when none is longer than a block; so is, in any case, a session
    too short to be cut in five with gaps.

    Args:
        sessions: Each of shape (n, F).
        window: L, samples.

    Raises:
        TrainingError: If there is too little to hold anything out.
    """
    lengths = [len(session) for session in sessions]
    shortest = 2 * BLOCKS * window  # of a session that is cut
    if max(lengths, default=0) * BLOCKS <= sum(lengths):
        shortest = max(lengths) + 1
    made = [_split(sessions, window, block, shortest) for block in range(BLOCKS)]
    made = [split for split in made if split.held_out]
    if len(made) < 2 or not all(split.train for split in made):
        longest = max((len(session) for session in sessions), default=0)
        raise TrainingError(
            f"calibration: the longest session has {longest} samples, allowed: at least "
            f"{2 * BLOCKS * window} in one session (windows of {window}, {BLOCKS} blocks), "
            "or several sessions"
        )
    return made


def _split(sessions: Sequence[Values], window: int, block: int, shortest: int) -> Split:
    train: list[Values] = []
    held_out: list[tuple[int, int, int]] = []
    for number, session in enumerate(sessions):
        n = len(session)
        if n < shortest:
            start, end = (0, n) if number % BLOCKS == block else (n, n)
        else:
            start, end = n * block // BLOCKS, n * (block + 1) // BLOCKS
        if start == end:
            train.append(session)
            continue
        # Windows that begin up to L - 1 samples earlier lie in the gap, so none is lost.
        held_out.append((number, max(start - window + 1, 0), end))
        train += [session[: max(start - window, 0)], session[end + window :]]
    return Split([part for part in train if len(part) >= window], held_out)


def slow_weights(sessions: Sequence[Values], running: Sequence[Flags]) -> tuple[float, ...]:
    """Weight (1 - s)^4 of features whose share s of variance lies in slow means.

    Args:
        sessions: Each of shape (n, F), scaled.
        running: Shape (n,) each; only judged samples count.

    Returns:
        One weight per feature; all 1 where sessions are long.
    """
    judged = [session[flags] for session, flags in zip(sessions, running, strict=True)]
    judged = [session for session in judged if len(session) >= 3 * SLOW_BLOCK]
    width = sessions[0].shape[1]
    if not judged or np.median([len(session) for session in judged]) >= SHORT_SESSION:
        return tuple([1.0] * width)
    slow, total = np.zeros(width), np.zeros(width)
    for session in judged:
        whole = session[: len(session) // SLOW_BLOCK * SLOW_BLOCK].astype(np.float64)
        means = whole.reshape(-1, SLOW_BLOCK, width).mean(axis=1)
        slow += means.var(axis=0) * len(whole)
        total += whole.var(axis=0) * len(whole)
    share = np.divide(slow, total, out=np.zeros(width), where=total > 0)
    weights: Array = (1 - share) ** 4
    return _floats(weights)


def calibrate(
    parts: Sequence[HeldOut], weights: tuple[float, ...], smoothing: int
) -> tuple[ScoreRule, int]:
    """Learn centre, scales and threshold from held-out normal windows.

    Args:
        parts: Held-out windows of all blocks.
        weights: Per feature, 0..1.
        smoothing: Windows whose terms are averaged.

    Returns:
        The rule, and the number of judged windows it rests on.

    Raises:
        TrainingError: If no held-out window is judged.
    """
    terms = _judged_terms(parts, smoothing)
    log_mse, shift = terms.log_mse, terms.shift
    if not len(log_mse):
        raise TrainingError(
            "calibration: no held-out window is in the judged states; check the running signal"
        )
    centre = np.median(log_mse, axis=0)
    rule = ScoreRule(
        weights=weights,
        spread_centre=_floats(centre),
        spread_low=_floats(_above_zero((centre - log_mse).max(axis=0))),
        spread_high=_floats(_above_zero((log_mse - centre).max(axis=0))),
        shift_scale=_floats(_above_zero(shift.max(axis=0))),
        threshold=1.0,
        smoothing=smoothing,
    )
    largest = rule.feature_scores(terms).max(axis=1)
    return replace(rule, threshold=max_threshold(largest)), len(log_mse)


def _judged_terms(parts: Sequence[HeldOut], smoothing: int) -> Terms:
    smoothed = [smooth(part.terms, smoothing, part.terms.part(0, 0)) for part in parts]
    pairs = list(zip(smoothed, parts, strict=True))
    return Terms(
        np.concatenate([terms.log_mse[part.judged] for terms, part in pairs]),
        np.concatenate([terms.shift[part.judged] for terms, part in pairs]),
    )


def _above_zero(scale: Array) -> Array:
    return np.maximum(scale, 1e-9)


def _floats(values: npt.NDArray[np.floating]) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
