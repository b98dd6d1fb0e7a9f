"""How far a machine may lie from where its conditions put it, and where one machine lies.

A column of a front end is taken apart into what the conditions say of every machine, the level of
one machine, which differs from others by a variance *between*, and the rest, whose variance
*within* follows the speed and grows with the distance of the other conditions from where the level
was learnt. So a level that was learnt at one speed says less of the others, and a sensor that has
warmed up since may be farther from it.

Source: Laird and Ware, Biometrics 1982 (random effects, empirical Bayes).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
import numpy.typing as npt

from detector.normal.conditions import Conditions

Array = npt.NDArray[np.float64]
FULL_S = 3.0  # of running at a speed after which more of it says no more of the level
PASSES = 3  # of levels and variances in turn
STEPS = 30  # of fitting variances
TINY = 1e-9
MOST = 0.9995  # quantile of squared distances; what lies above counts as that


class Spread(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Variances of F features, in scaled units squared.

    Attributes:
        between: Per feature, of the levels of machines.
        within: Per feature one for each place of the speed, see ``Conditions.places``.
        away: Per feature one for each other condition, per unit of its column squared.
        at: Column of each other condition in the middle of what was seen.
    """

    between: tuple[float, ...]
    within: tuple[tuple[float, ...], ...]
    away: tuple[tuple[float, ...], ...]
    at: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class MachineLevel:
    """Where one machine lies.

    Attributes:
        offset: Shape (F,), scaled units, from where the conditions put any machine.
        uncertain: Shape (F,), variance of that.
        at: Columns of the other conditions that it was learnt at.
    """

    offset: Array
    uncertain: Array
    at: Array


@dataclass(frozen=True, slots=True)
class Machines:
    """What is known of machines under conditions.

    Attributes:
        conditions: What these do to the centre.
        spread: What is left.
    """

    conditions: Conditions
    spread: Spread

    def fit(self, features: int) -> bool:
        """Whether there are rows for so many features and the conditions' columns."""
        lowest, spread = np.array([self.conditions.low]), self.spread
        rows = {
            (len(within), len(away))
            for within, away in zip(spread.within, spread.away, strict=False)
        }
        widths = tuple(f(lowest).shape[1] for f in (self.conditions.places, self.conditions.others))
        lengths = {len(spread.between), len(spread.within), len(spread.away)}
        return rows == {widths} and lengths == {features} and len(spread.at) == widths[1]

    @property
    def unknown(self) -> MachineLevel:
        """The level of a machine that nobody has commissioned."""
        between = np.array(self.spread.between)
        return MachineLevel(np.zeros_like(between), between, np.array(self.spread.at))

    def deviation(self, level: MachineLevel, given: npt.NDArray[np.floating]) -> Array:
        """Of the distance from a level at conditions of shape (n, C); shape (n, F)."""
        within, away = np.array(self.spread.within), np.array(self.spread.away)
        rest = (self.conditions.others(given) - level.at) ** 2 @ away.T
        variance: Array = self.conditions.places(given) @ within.T + rest + level.uncertain
        return np.asarray(np.sqrt(variance))

    def level(
        self, away: npt.NDArray[np.floating], given: npt.NDArray[np.floating], period_s: float
    ) -> MachineLevel:
        """Learn a machine's level from its running; little of it leaves it near the fleet's.

        Args:
            away: Shape (n, F), distance from where the conditions put any machine, scaled units;
                NaN where missing.
            given: Shape (n, C), at least one row.
            period_s: Between two rows.
        """
        places, known = self.conditions.places(given), ~np.isnan(away)  # (n, N), (n, F)
        rows = places.T @ known  # (N, F)
        mean = (places.T @ np.where(known, away, 0.0)) / np.maximum(rows, TINY)
        trust = np.minimum(rows * period_s / FULL_S, 1.0) / np.array(self.spread.within).T
        certain = 1 / np.array(self.spread.between) + trust.sum(axis=0)
        at = self.conditions.others(given).mean(axis=0)
        return MachineLevel((mean * trust).sum(axis=0) / certain, 1 / certain, at)


def fit_spread(
    conditions: Conditions,
    away: Sequence[npt.NDArray[np.floating]],
    given: Sequence[npt.NDArray[np.floating]],
    least: Array,
    *,
    period_s: float,
    learn_s: float,
) -> Machines:
    """Fit variances to normal running, each session a machine whose level its beginning tells.

    Args:
        conditions: Of the centres.
        away: Per session of shape (n, F), as for ``Machines.level``.
        given: Per session of shape (n, C).
        least: Shape (F,), smallest variance.
        period_s: Between two rows.
        learn_s: Seconds that a level is learnt from.
    """
    means = [np.nan_to_num(np.nanmean(one, axis=0)) for one in away]
    between = np.maximum(np.var(means, axis=0), least)
    at = conditions.others(np.concatenate(given)).mean(axis=0)
    rows = [
        _Rows(_columns(conditions, there, at), (one - mean) ** 2, np.zeros_like(one))
        for one, there, mean in zip(away, given, means, strict=True)
    ]
    learnt = round(learn_s / period_s)
    for _ in range(PASSES):
        within, rest = _variances(_Rows.joined(rows), least, at.size)
        machines = Machines(
            conditions,
            Spread(between=_floats(between), within=tuple(map(_floats, within)),
                   away=tuple(map(_floats, rest)), at=_floats(at)),
        )  # fmt: skip
        rows = [_rows(machines, *pair, learnt, period_s) for pair in zip(away, given, strict=True)]
    return machines


@dataclass(frozen=True, slots=True)
class _Rows:
    """What variances are fitted to.

    Attributes:
        columns: Shape (n, P), what they are sums of.
        squared: Shape (n, F), squared distances; NaN where missing.
        uncertain: Shape (n, F), how uncertain the level is that these are from.
    """

    columns: Array
    squared: Array
    uncertain: Array

    @staticmethod
    def joined(rows: Sequence[_Rows]) -> _Rows:
        """All of them."""
        return _Rows(
            np.concatenate([one.columns for one in rows]),
            np.concatenate([one.squared for one in rows]),
            np.concatenate([one.uncertain for one in rows]),
        )


def _rows(
    machines: Machines,
    away: npt.NDArray[np.floating],
    given: npt.NDArray[np.floating],
    learnt: int,
    period_s: float,
) -> _Rows:
    """Of one machine after its level has been learnt from its beginning."""
    level = machines.level(away[:learnt], given[:learnt], period_s)
    squared = (away[learnt:] - level.offset) ** 2
    columns = _columns(machines.conditions, given[learnt:], level.at)
    return _Rows(columns, squared, np.broadcast_to(level.uncertain, squared.shape))


def _columns(conditions: Conditions, given: npt.NDArray[np.floating], at: Array) -> Array:
    """Places, then the other conditions' squared distances, shape (n, N + C')."""
    return np.hstack([conditions.places(given), (conditions.others(given) - at) ** 2])


def _variances(rows: _Rows, least: Array, others: int) -> tuple[Array, Array]:
    """At the places, (F, N), and for each other condition, (F, others)."""
    each = zip(rows.squared.T, rows.uncertain.T, strict=True)
    found = np.stack([_likeliest(rows.columns, *one) for one in each])
    places = found.shape[1] - others
    return np.maximum(found[:, :places], least[:, None]), found[:, places:]


def _likeliest(columns: Array, squared: Array, uncertain: Array) -> Array:
    """Variances of normal distances, by multiplicative steps that keep them above 0.

    A place that no row shows keeps the mean of all.

    Source: Févotte, Bertin and Durrieu, Neural Computation 2009 (Itakura-Saito updates).
    """
    shown = ~np.isnan(squared)
    if not shown.any():
        return np.zeros(columns.shape[1])
    columns, squared, uncertain = columns[shown], squared[shown], uncertain[shown]
    squared = np.minimum(squared, np.quantile(squared, MOST))
    found = np.full(columns.shape[1], max(float(squared.mean()), TINY))
    for _ in range(STEPS):
        variance = columns @ found + uncertain + TINY
        more, less = columns.T @ (squared / variance**2), columns.T @ (1 / variance)
        found *= np.sqrt(np.divide(more, less, out=np.ones_like(more), where=less > TINY))
    return found


def _floats(values: npt.NDArray[np.floating]) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
