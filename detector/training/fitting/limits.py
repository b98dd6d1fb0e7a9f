"""How far the terms of normal running reach from their level, on each time scale.

A machine is commissioned in some minute of its running, nobody knows which, and a motor that was
under load then is not when its load is gone. So limits hold around the level of every minute.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from detector.normal.level import Level
from detector.normal.scales import LongMeans, TimeScale
from detector.normal.terms import Array, Terms
from detector.records import Flags

TINY = 1e-9  # keeps limits above zero


@dataclass(frozen=True, slots=True)
class Machine:
    """Held-out normal windows of one machine, in order.

    Attributes:
        terms: Smoothed, above the floor of their rule.
        judged: Of the same windows.
        low: The lowest level that its terms may be measured from, column by column.
        high: The highest one.
    """

    terms: Terms
    judged: Flags
    low: Level
    high: Level


def limits_of(
    machines: Sequence[Machine], width: int, floor: tuple[float, ...] = (), *, is_long: bool
) -> TimeScale:
    """The largest distances from any level, over all machines.

    Args:
        machines: At least one with a judged window.
        width: Windows of the time scale.
        floor: Per column; one that never left it must leave it by as much again. Empty: none.
        is_long: Whether terms are averaged over it; otherwise they are taken as they are.
    """
    rows = (_long(one, width) if is_long else _short(one) for one in machines)
    found = [_reach(log_mse, shift, log_peak, one)
             for one, (log_mse, shift, log_peak) in zip(machines, rows, strict=True)]  # fmt: skip
    again = np.log(2.0) if floor else TINY
    least = (again, again, np.maximum(floor or 0.0, TINY), again)
    low, high, shift, peak = (
        _floats(np.fmax(np.fmax.reduce(part), smallest))
        for part, smallest in zip(zip(*found, strict=True), least, strict=True)
    )
    return TimeScale(
        width=width, spread_low=low, spread_high=high, shift_scale=shift, peak_high=peak
    )


def _short(machine: Machine) -> tuple[Array, Array, Array]:
    """Judged windows: spread, the larger shift from both levels, peak."""
    judged, terms = machine.judged, machine.terms
    shift, mean = terms.shift[judged], terms.mean[judged]
    ends = [shift + end.mean * (end.mean - 2 * mean) for end in (machine.low, machine.high)]
    return terms.log_mse[judged], np.maximum(*ends), terms.log_peak[judged]


def _long(machine: Machine, width: int) -> tuple[Array, Array, Array]:
    """The same of means over ``width`` windows."""
    [means] = list(long_means(machine.terms, machine.judged, (width,)))
    log_mse, mean, log_peak = np.split(means, 3, axis=1)
    ends = [(mean - end.mean) ** 2 for end in (machine.low, machine.high)]
    return log_mse, np.maximum(*ends), log_peak


def long_means(terms: Terms, judged: Flags, widths: Sequence[int]) -> Iterator[Array]:
    """Means of the terms of one session; all normal windows count."""
    stacked = np.concatenate([terms.log_mse, terms.mean, terms.log_peak], axis=1)
    for width in widths:
        means = LongMeans((width,), stacked.shape[1])
        yield means.push(stacked, judged, np.ones_like(judged))[0]


def _reach(log_mse: Array, shift: Array, log_peak: Array, machine: Machine) -> list[Array]:
    return [
        machine.high.spread - np.fmin.reduce(log_mse, initial=np.nan),
        np.fmax.reduce(log_mse, initial=np.nan) - machine.low.spread,
        np.fmax.reduce(shift, initial=np.nan),
        np.fmax.reduce(log_peak, initial=np.nan) - machine.low.peak,
    ]


def _floats(values: Array) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
