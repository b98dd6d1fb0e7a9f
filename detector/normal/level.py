"""The level of normal: where the terms of one machine lie, or of a fleet.

A machine repeats itself within a few per cent where machines differ by a third, so a minute of its
own normal running says better than any fleet what its normal is.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
import numpy.typing as npt

from detector.records import Flags

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Level:
    """Centre of each of K columns.

    Attributes:
        spread: Median log mean squared residual.
        peak: Median log of the largest squared residual.
        mean: Mean signed residual.
    """

    spread: Array
    peak: Array
    mean: Array


def level_of(log_mse: Array, log_peak: Array, mean: Array) -> Level:
    """Level of normal windows, each argument of shape (B, K); NaN where none shows a column."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of a column that no window shows
        return Level(
            np.nanmedian(log_mse, axis=0), np.nanmedian(log_peak, axis=0), np.nanmean(mean, axis=0)
        )


def middle(values: Array) -> Array:
    """Median of each column of shape (B, K) over the rows that show it; 0 where none does."""
    if not np.isnan(values).any():
        return np.asarray(np.median(values, axis=0))
    shown = [column[~np.isnan(column)] for column in values.T]
    return np.array([np.median(column) if len(column) else 0.0 for column in shown])


def mean_of(scaled: npt.NDArray[np.floating]) -> Array:
    """Mean of each feature of shape (n, F), shape (F,), in float64; 0 where all are missing."""
    shown = ~np.isnan(scaled)
    total = np.where(shown, scaled, 0.0).sum(axis=0, dtype=np.float64)
    return np.asarray(total / np.maximum(shown.sum(axis=0), 1))


def levels(log_mse: Array, log_peak: Array, mean: Array, judged: Flags, width: int) -> list[Level]:
    """Levels of every ``width`` judged windows; one of all of them where there are fewer.

    Args:
        log_mse: Shape (B, K), as the other terms.
        log_peak: See ``Level``.
        mean: See ``Level``.
        judged: Shape (B,), at least one.
        width: Windows a level is learnt from.
    """
    rows = np.flatnonzero(judged)
    count = max(len(rows) // width, 1)
    chosen = [rows[i * width : (i + 1) * width] for i in range(count)]
    return [level_of(log_mse[one], log_peak[one], mean[one]) for one in chosen]


class Own(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One machine's own normal on top of its model, learnt from a stretch of its running.

    Attributes:
        model: Name of the bundle it was learnt with.
        data_hash: Of that bundle's training data; with another one it says nothing.
        start: First sample of the stretch, UTC seconds.
        end: Last sample.
        seconds: Of settled running in it that were learnt from.
        offset: Per model feature, scaled units; taken off before the model sees it.
        spread: Per column, see ``Level``.
        peak: Per column.
        mean: Per column.
        uncertain: Per feature, variance of ``offset``, where the model has a spread; else empty.
        at: Conditions it was learnt at, see ``MachineLevel``.
        basis: Digest of what the level rests on in that bundle, which other weights of the same
            data change; empty: learnt before this was kept.
    """

    model: str
    data_hash: str
    start: float
    end: float
    seconds: float
    offset: tuple[float, ...]
    spread: tuple[float, ...]
    peak: tuple[float, ...]
    mean: tuple[float, ...]
    uncertain: tuple[float, ...] = ()
    at: tuple[float, ...] = ()
    basis: str = ""

    def misfit(self, model: str, data_hash: str, basis: str) -> str | None:
        """Why it says nothing of a model; None where it does."""
        if self.data_hash == data_hash and self.basis in {"", basis}:
            return None
        other = self.model if self.model != model else f"an earlier {self.model}"
        return f"not commissioned: its commissioning is of {other}, not of {model}"

    @property
    def level(self) -> Level:
        """The same as a level."""
        return Level(np.array(self.spread), np.array(self.peak), np.array(self.mean))


def widest(levels_of: Sequence[Level]) -> tuple[Level, Level]:
    """Lowest and highest of several levels, column by column."""
    low, high = (
        Level(*(reach([getattr(one, name) for one in levels_of]) for name in Level.__slots__))
        for reach in (np.fmin.reduce, np.fmax.reduce)
    )
    return low, high
