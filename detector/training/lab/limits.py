"""Detection limits: how small a fault may be and is found all the same. NumPy only.

Of the faults of one family the share found is counted at each severity, made monotone (a stronger
fault is not harder to find; where the counts say so, it is chance), and read between two severities
by a straight line. The limit is the smallest severity at which a share of the faults is found: s50
and s90 for half and 90 % of them, as the probability of detection is told in non-destructive
testing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isinf

import numpy as np
import numpy.typing as npt

from detector.errors import TrainingError

Array = npt.NDArray[np.float64]

FINE = 0.1  # a limit below it is told to a thousandth
LIMIT_SEVERITIES = (0.05, 0.1, 0.15, 0.2, 0.25, 0.35, 0.5, 0.75, 1.0)
DRAWS = 2000
INTERVAL = (0.025, 0.975)
MORE = 0.5  # of a fault, at each severity; with less of it the intervals of few faults miss


@dataclass(frozen=True, slots=True)
class Trial:
    """One fault that a detector had the chance to find.

    Attributes:
        family: Name of the fault.
        severity: 0..1.
        session: Name of the recording it lies in; faults of one recording are alike.
        found: Whether an alarm was raised by it.
    """

    family: str
    severity: float
    session: str
    found: bool


@dataclass(frozen=True, slots=True)
class Limit:
    """A severity with its 95 % interval.

    The smallest severity tried stands for *that or less*, infinity for *more than the largest*.
    """

    at: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Step:
    """What was found at one severity.

    Attributes:
        severity: 0..1.
        cases: Faults of it.
        found: Those found.
        share: Of the curve made monotone.
        low: 2.5 % of the curves drawn lie below.
        high: 2.5 % lie above.
    """

    severity: float
    cases: int
    found: int
    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Curve:
    """Share found against severity, of one family of faults.

    Attributes:
        steps: Smallest severity first.
        s50: Where half of the faults are found.
        s90: Where 90 % are.
    """

    steps: tuple[Step, ...]
    s50: Limit
    s90: Limit

    @property
    def cases(self) -> int:
        """Faults of all severities."""
        return sum(step.cases for step in self.steps)

    def told(self, severity: float) -> str:
        """A limit in words: what lies beyond the severities tried is not known."""
        smallest, largest = self.steps[0].severity, self.steps[-1].severity
        if isinf(severity):
            return f"> {largest:g}"
        if severity <= smallest:
            return f"<= {smallest:g}"
        return f"{severity:.{2 if severity >= FINE else 3}f}"


def curve_of(trials: Sequence[Trial], seed: int) -> Curve:
    """Fit the curve of one family.

    The intervals are a Bayesian bootstrap over sessions and, in each, over its faults; see
    ``drawn_curves``. They hold the severity at which straight lines between the true shares cross
    the level, in at least some 95 % of all data sets.

    Args:
        trials: Of one family, at any severities, at least one.
        seed: Same seed, same interval.

    Raises:
        TrainingError: If there is no trial.
    """
    if not trials:
        raise TrainingError("detection limit: no fault of a known severity, allowed: at least 1")
    severities, at = np.unique([trial.severity for trial in trials], return_inverse=True)
    cases = np.bincount(at).astype(np.float64)
    found = np.bincount(at, [trial.found for trial in trials]).astype(np.float64)
    share = monotone(found[None, :], cases[None, :])
    drawn = drawn_curves(trials, len(severities), at, seed)
    s50, s90 = (_limit(severities, share, drawn, level) for level in (0.5, 0.9))
    return Curve(_steps(severities, cases, found, share[0], drawn), s50, s90)


def monotone(found: Array, cases: Array) -> Array:
    """The closest shares that never fall with severity: isotonic regression, weighted by cases.

    Args:
        found: Shape (draws, severities), weight of the faults found, smallest severity first.
        cases: Shape (draws, severities), weight of all faults, > 0.

    Returns:
        Shape (draws, severities), 0..1: at each severity the largest, over all beginnings before
        it, of the smallest share, over all ends after it, found in between.
    """
    share = np.zeros_like(cases)
    for first in range(cases.shape[1]):
        pooled = np.cumsum(found[:, first:], axis=1) / np.cumsum(cases[:, first:], axis=1)
        pooled = np.minimum(pooled, 1.0)  # sums of weights are rounded
        smallest = np.minimum.accumulate(pooled[:, ::-1], axis=1)[:, ::-1]
        share[:, first:] = np.maximum(share[:, first:], smallest)
    return share


def reached(severities: Array, share: Array, level: float) -> Array:
    """The severity at which curves reach a level, by a straight line between two severities.

    Args:
        severities: Shape (severities,), increasing.
        share: Shape (draws, severities), never falling.
        level: Above 0 to 1.

    Returns:
        Shape (draws,): the smallest severity where the level is reached there already, infinity
        where it never is.
    """
    is_there = share >= level
    after = is_there.argmax(axis=1)
    before = np.maximum(after - 1, 0)
    rows = np.arange(len(share))
    lower, upper = share[rows, before], share[rows, after]
    part = np.divide(level - lower, upper - lower, out=np.ones(len(share)), where=upper > lower)
    between = severities[before] + part * (severities[after] - severities[before])
    return np.where(is_there.any(axis=1), between, inf)


def drawn_curves(
    trials: Sequence[Trial], severities: int, at: npt.NDArray[np.intp], seed: int
) -> tuple[Array, Array]:
    """Curves that the trials allow, drawn by a Bayesian bootstrap in two stages.

    Each session gets a random weight and each fault another within its session, instead of being
    drawn so many times; no severity is ever left without a fault then. Resampling alone would take
    three faults of three found for certainty, so each severity has half a fault more, missed in
    the lower curves and found in the upper ones.

    Args:
        trials: n of them.
        severities: How many there are.
        at: Shape (n,), the severity of each trial.
        seed: Of the draws.

    Returns:
        Lower and upper curves, shape (DRAWS, severities) each, never falling.

    Source: Rubin, Annals of Statistics 9, 1981.
    """
    rng = np.random.default_rng(seed)
    names = sorted({trial.session for trial in trials})
    number = {name: i for i, name in enumerate(names)}
    weight = _weights(np.array([number[trial.session] for trial in trials]), rng)
    more = rng.gamma(MORE, size=(DRAWS, severities))
    of_severity = np.eye(severities)[at]
    found = np.array([trial.found for trial in trials])
    hits = weight[:, found] @ of_severity[found]
    cases = weight @ of_severity + more
    return monotone(hits, cases), monotone(hits + more, cases)


def _weights(session: npt.NDArray[np.intp], rng: np.random.Generator) -> Array:
    """Shape (DRAWS, n), mean 1: of the sessions, times those of the trials in their session."""
    members = np.eye(int(session.max()) + 1)[session]
    of_session = rng.dirichlet(np.ones(members.shape[1]), DRAWS) * members.shape[1]
    own = rng.exponential(size=(DRAWS, len(session)))
    own /= ((own @ members) / members.sum(axis=0))[:, session]
    return np.asarray(of_session[:, session] * own)


def _steps(
    severities: Array, cases: Array, found: Array, share: Array, drawn: tuple[Array, Array]
) -> tuple[Step, ...]:
    """Each severity with its interval, which always holds the share."""
    low, high = (np.quantile(d, q, axis=0) for d, q in zip(drawn, INTERVAL, strict=True))
    columns = zip(severities, cases, found, share, low, high, strict=True)
    return tuple(
        Step(float(s), int(n), int(k), float(p), float(min(p, a)), float(max(p, b)))
        for s, n, k, p, a, b in columns
    )


def _limit(severities: Array, share: Array, drawn: tuple[Array, Array], level: float) -> Limit:
    """From the curves; its interval always holds it, and infinity is beyond any severity."""
    lower, upper = (reached(severities, curves, level) for curves in drawn)
    at = float(reached(severities, share, level)[0])
    low = float(np.quantile(upper, INTERVAL[0], method="inverted_cdf"))
    high = float(np.quantile(lower, INTERVAL[1], method="inverted_cdf"))
    return Limit(at, min(at, low), max(at, high))
