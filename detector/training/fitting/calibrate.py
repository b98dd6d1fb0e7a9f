"""Calibration: what normal looks like to networks that have not seen it.

Each of five blocks in turn is held out and scored by a network fitted to the rest; one split would
leave a handful of independent windows. A block is whole sessions where there are enough of them:
that shows how machines and runs differ from each other. Otherwise every session is cut in five,
with a gap of L samples.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from detector.errors import TrainingError
from detector.records import Flags, Values
from detector.scoring.score import LEAST_FLAT, Array, ScoreRule, Terms, smooth
from detector.thresholds.methods import PlacedThreshold, ScoredRun, ThresholdRule, place_threshold

BLOCKS = 5
TINY = 1e-9  # keeps scales above zero
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


def splits(
    sessions: Sequence[Values], window: int, by: Literal["auto", "session", "block"] = "auto"
) -> list[Split]:
    """Hold out each of five blocks in turn.

    Whole sessions are held out when none is longer than a block; so is, in any case, a session
    too short to be cut in five with gaps.

    Args:
        sessions: Each of shape (n, F).
        window: L, samples.
        by: ``session`` always holds out whole ones, ``block`` cuts all that are long enough.

    Raises:
        TrainingError: If there is too little to hold anything out.
    """
    lengths = [len(session) for session in sessions]
    shortest = 2 * BLOCKS * window  # of a session that is cut
    are_enough = max(lengths, default=0) * BLOCKS <= sum(lengths)
    if by == "session" or (by == "auto" and are_enough):
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditioning:
    """How residuals become a score; each part can be switched off.

    Attributes:
        judges: ``terms``, or ``mse`` for the plain window MSE.
        two_sided: Whether a residual smaller than normal counts as well.
        shifts: Whether the mean signed residual counts.
        peaks: Whether the largest residual of a window counts.
        flats: Whether a signal that repeats itself counts.
        weigh_slow: Whether features that drift slowly count less.
        smoothing: Windows whose terms are averaged; 1: none.
        threshold: Method, see ``place_threshold``.
        threshold_rule: What that method is told.
    """

    judges: Literal["terms", "mse"] = "terms"
    two_sided: bool = True
    shifts: bool = True
    peaks: bool = True
    flats: bool = True
    weigh_slow: bool = True
    smoothing: int = 1
    threshold: str = "max"
    threshold_rule: ThresholdRule = field(default_factory=ThresholdRule)


def calibrate(
    parts: Sequence[HeldOut],
    weights: tuple[float, ...],
    chosen: Conditioning,
    period_s: float,
    floor: tuple[float, ...] = (),
) -> tuple[ScoreRule, PlacedThreshold]:
    """Learn centre, scales and threshold from held-out normal windows.

    Args:
        parts: Held-out windows of all blocks.
        weights: Per column, 0..1.
        chosen: Which parts of the score are on.
        period_s: Sampling period.
        floor: Per column, squared residual that is as good as none; empty: none is.

    Returns:
        The rule, and where its threshold comes from.

    Raises:
        TrainingError: If no held-out window is judged, or they are too few for the method.
    """
    smoothed = [smooth(part.terms, chosen.smoothing, part.terms.part(0, 0)) for part in parts]
    if not any(part.judged.any() for part in parts):
        raise TrainingError(
            "calibration: no held-out window is in the judged states; check the running signal"
        )

    def normal(term: str) -> Array:  # one at a time, so that memory holds no second copy of all
        kept = zip(smoothed, parts, strict=True)
        each = [getattr(terms.above(floor), term)[part.judged] for terms, part in kept]
        return _filled(np.concatenate(each))

    shown = _shown(smoothed, parts)
    weights = tuple(w if is_shown else 0.0 for w, is_shown in zip(weights, shown, strict=True))
    rule = _rule(normal, weights, chosen, floor)
    runs = [
        ScoredRun(np.where(part.judged, rule.scores(rule.column_scores(terms)), np.nan))
        for terms, part in zip(smoothed, parts, strict=True)
    ]
    # The best F2 needs faults; until it is known the largest normal score stands in for it.
    method = "max" if chosen.threshold == "f2" else chosen.threshold
    placed = place_threshold(method, runs, period_s, chosen.threshold_rule)
    return replace(rule, threshold=placed.value), placed


def _rule(
    normal: Callable[[str], Array],
    weights: tuple[float, ...],
    chosen: Conditioning,
    floor: tuple[float, ...],
) -> ScoreRule:
    """What is normal for each term, by its name; the threshold is still 1."""
    log_mse = normal("log_mse")
    # With a floor: a column that never left it must leave it by as much again.
    least, least_shift = (np.log(2.0), np.asarray(floor)) if floor else (TINY, TINY)
    centre = np.median(log_mse, axis=0)
    rule = ScoreRule(
        weights=weights,
        spread_centre=_floats(centre),
        spread_low=_floats(np.maximum(centre - log_mse.min(axis=0), least)),
        spread_high=_floats(np.maximum(log_mse.max(axis=0) - centre, least)),
        shift_scale=_floats(np.maximum(normal("shift").max(axis=0), np.maximum(least_shift, TINY))),
        threshold=1.0,
        smoothing=chosen.smoothing,
        judges=chosen.judges,
        two_sided=chosen.two_sided,
        shifts=chosen.shifts,
        floor=floor,
    )
    if chosen.judges == "mse":
        return rule
    if chosen.peaks:
        log_peak = normal("log_peak")
        middle = np.median(log_peak, axis=0)
        highest = np.maximum(log_peak.max(axis=0) - middle, least)
        rule = replace(rule, peak_centre=_floats(middle), peak_high=_floats(highest))
    if chosen.flats:
        flattest = np.maximum(normal("flat").max(axis=0), LEAST_FLAT)
        rule = replace(rule, flat_scale=_floats(flattest))
    return rule


def _shown(smoothed: Sequence[Terms], parts: Sequence[HeldOut]) -> list[bool]:
    """Whether any judged window shows a column; of the others nothing is known to be normal."""
    kept = zip(smoothed, parts, strict=True)
    return [
        bool(flag)
        for flag in np.any(
            [(~np.isnan(terms.log_mse[part.judged])).any(axis=0) for terms, part in kept], axis=0
        )
    ]


def _filled(term: Array) -> Array:
    """A term whose median, least and largest stand for those of the windows that show a column."""
    hidden = np.isnan(term)
    if not hidden.any():
        return term
    known = [column[~gone] for column, gone in zip(term.T, hidden.T, strict=True)]
    middle = [np.median(values) if len(values) else 0.0 for values in known]
    return np.where(hidden, middle, term)


def _floats(values: npt.NDArray[np.floating]) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
