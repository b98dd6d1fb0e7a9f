"""Calibration: what normal looks like to networks that have not seen it.

Each of five blocks in turn is held out and scored by a network fitted to the rest; one split would
leave a handful of independent windows. A block is whole sessions where there are enough of them:
that shows how machines and runs differ from each other. Otherwise every session is cut in five,
with a gap of L samples.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from detector.errors import TrainingError
from detector.normal.level import Level, middle
from detector.normal.terms import Terms
from detector.records import Flags, Values
from detector.scoring.score import LEAST_FLAT, Array, ScoreRule
from detector.scoring.thinning import smooth
from detector.thresholds.methods import PlacedThreshold, ScoredRun, ThresholdRule, place_threshold
from detector.training.fitting.limits import Machine, limits_of, long_means

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
    """Held-out windows of one part of a session, in order.

    Attributes:
        terms: Of its windows.
        judged: Of the same windows.
        session: Number of the session.
    """

    terms: Terms
    judged: Flags
    session: int = 0


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
        scales: Longer times whose means are judged as well, windows each.
        commission_s: Seconds of running that a machine is commissioned in; 0: no rule for that.
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
    scales: tuple[int, ...] = ()
    commission_s: float = 0.0
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
    if not any(part.judged.any() for part in parts):
        raise TrainingError(
            "calibration: no held-out window is in the judged states; check the running signal"
        )
    shown = np.any([_shown(part) for part in parts], axis=0)
    weights = tuple(w if is_shown else 0.0 for w, is_shown in zip(weights, shown, strict=True))
    floor = floor if chosen.judges == "terms" else ()
    none = parts[0].terms.part(0, 0)
    smoothed = [smooth(part.terms, chosen.smoothing, none).above(floor) for part in parts]
    fleet = _fleet(smoothed, [part.judged for part in parts])
    machines = [
        Machine(terms, part.judged, fleet, fleet)
        for terms, part in zip(smoothed, parts, strict=True)
    ]
    return placed_rule(machines, fleet, weights, chosen, period_s, floor)


def _fleet(smoothed: Sequence[Terms], judged: Sequence[Flags]) -> Level:
    """Level of all windows together; a residual's mean is 0."""

    def median(term: str) -> Array:  # one at a time, so that memory holds no second copy of all
        kept = zip(smoothed, judged, strict=True)
        return middle(np.concatenate([getattr(terms, term)[flags] for terms, flags in kept]))

    spread = median("log_mse")
    return Level(spread, median("log_peak"), np.zeros_like(spread))


def placed_rule(
    machines: Sequence[Machine],
    centre: Level,
    weights: tuple[float, ...],
    chosen: Conditioning,
    period_s: float,
    floor: tuple[float, ...],
) -> tuple[ScoreRule, PlacedThreshold]:
    """Learn scales and threshold around the levels of machines.

    Args:
        machines: Held-out windows; at least one of them judged.
        centre: What the rule is given as its own centre.
        weights: Per column, 0..1.
        chosen: Which parts of the score are on.
        period_s: Sampling period.
        floor: Per column, see ``calibrate``.

    Raises:
        TrainingError: If the windows are too few for the method.
    """
    rule = _rule(machines, centre, weights, chosen, floor)
    runs = [ScoredRun(_worst(rule, one)) for one in machines]
    # The best F2 needs faults; until it is known the largest normal score stands in for it.
    method = "max" if chosen.threshold == "f2" else chosen.threshold
    placed = place_threshold(method, runs, period_s, chosen.threshold_rule)
    return replace(rule, threshold=placed.value), placed


def _worst(rule: ScoreRule, machine: Machine) -> Array:
    """Scores from whichever of its levels is worse; NaN where not judged."""
    ends = [machine.low] if machine.low is machine.high else [machine.low, machine.high]
    means = list(long_means(machine.terms, machine.judged, [s.width for s in rule.scales]))
    scores = np.zeros(len(machine.judged))
    for level in ends:
        around = rule.around(level)
        scores = np.maximum(scores, around.scores(around.column_scores(machine.terms)))
        if means:
            scores = np.maximum(scores, around.long_scores(means).max(axis=1))
    return np.where(machine.judged, scores, np.nan)


def _rule(
    machines: Sequence[Machine],
    centre: Level,
    weights: tuple[float, ...],
    chosen: Conditioning,
    floor: tuple[float, ...],
) -> ScoreRule:
    """What is normal for each term; the threshold is still 1."""
    short = limits_of(machines, chosen.smoothing, floor, is_long=False)
    rule = ScoreRule(
        weights=weights,
        spread_centre=_floats(centre.spread),
        spread_low=short.spread_low,
        spread_high=short.spread_high,
        shift_scale=short.shift_scale,
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
        rule = replace(rule, peak_centre=_floats(centre.peak), peak_high=short.peak_high)
    if chosen.flats:
        flat = np.fmax.reduce([one.terms.flat[one.judged].max(axis=0, initial=LEAST_FLAT)
                               for one in machines])  # fmt: skip
        rule = replace(rule, flat_scale=_floats(flat))
    scales = tuple(limits_of(machines, width, floor, is_long=True) for width in chosen.scales)
    return replace(rule, scales=scales)


def _shown(part: HeldOut) -> Flags:
    """Whether any judged window shows a column; of the others nothing is known to be normal."""
    return np.asarray((~np.isnan(part.terms.log_mse[part.judged])).any(axis=0))


def _floats(values: npt.NDArray[np.floating]) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
