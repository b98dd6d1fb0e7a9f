"""What is kept of windows: a few numbers for each column, from which scores and levels are made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from detector.records import Flags

Array = npt.NDArray[np.float64]
BY_COLUMN = ("log_mse", "shift", "log_peak", "mean")  # the other term is by feature
TINY = 1e-12  # keeps the log finite for a residual of exactly zero


@dataclass(frozen=True, slots=True)
class Terms:
    """What is kept of B windows.

    Attributes:
        log_mse: Shape (B, K), log of each column's mean squared residual, scaled units squared.
        shift: Shape (B, K), square of each column's mean signed residual.
        log_peak: Shape (B, K), log of each column's largest squared residual.
        flat: Shape (B, F), share of samples that repeat the one before, of the signal itself.
        mean: Shape (B, K), each column's mean signed residual.

    All but ``flat`` are NaN where a window cannot show the column.
    """

    log_mse: Array
    shift: Array
    log_peak: Array
    flat: Array
    mean: Array

    @property
    def each(self) -> tuple[Array, ...]:
        """The terms in their order."""
        return self.log_mse, self.shift, self.log_peak, self.flat, self.mean

    def part(self, start: int, end: int) -> Terms:
        """The windows ``start`` to ``end``."""
        return Terms(*(term[start:end] for term in self.each))

    def then(self, later: Terms) -> Terms:
        """These windows and those that follow."""
        return joined([self, later])

    def newest(self, count: int) -> Terms:
        """The last ``count`` windows, or as many as there are."""
        return self.part(max(len(self.log_mse) - count, 0), len(self.log_mse))

    @property
    def mse(self) -> Array:
        """Shape (B,), mean of the columns' mean squared residuals."""
        mean: Array = (np.exp(self.log_mse) - TINY).mean(axis=1)
        return mean

    def first(self, columns: int) -> Terms:
        """The same without the columns after the first ones."""
        terms = {name: getattr(self, name)[:, :columns] for name in BY_COLUMN}
        return replace(self, **terms)

    def hiding(self, hidden: Flags) -> Terms:
        """The same without what shape (B, K) says cannot be shown."""
        terms = {name: np.where(hidden, np.nan, getattr(self, name)) for name in BY_COLUMN}
        return replace(self, **terms)

    def above(self, floor: Sequence[float]) -> Terms:
        """The same with a floor under each column's squared residual; none where empty."""
        if not floor:
            return self
        with np.errstate(divide="ignore", invalid="ignore"):  # a floor of 0, a column not shown
            log_mse = np.logaddexp(self.log_mse, np.log(floor))
            log_peak = np.logaddexp(self.log_peak, np.log(floor))
        return replace(self, log_mse=log_mse, log_peak=log_peak)

    def beside(self, other: Terms) -> Terms:
        """The columns of other terms of the same windows behind these."""
        terms = {
            name: np.concatenate([getattr(self, name), getattr(other, name)], axis=1)
            for name in BY_COLUMN
        }
        return replace(self, **terms)


def joined(parts: Sequence[Terms]) -> Terms:
    """Terms of several batches, in order; at least one."""
    return Terms(*(np.concatenate(terms) for terms in zip(*(p.each for p in parts), strict=True)))


def no_terms(columns: int, features: int) -> Terms:
    """Terms of no window."""
    empty = np.empty((0, columns))
    return Terms(empty, empty, empty, np.empty((0, features)), empty)
