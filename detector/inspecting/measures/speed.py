"""What a running signal in the recording says: states, and the nominal speed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detector.inspecting.measures.numbers import spread_out
from detector.records import Flags, Samples, Values
from detector.sessions.files import RUNNING_COLUMNS
from detector.sessions.running_states import SPREAD, STANDSTILL, running_ranges

LOOKED_AT = 200_000  # samples of the signal


@dataclass(frozen=True, slots=True)
class Running:
    """A running signal.

    Attributes:
        feature: ``rpm`` or ``running``.
        ranges: (lowest, highest) of each state that counts as running.
        standstill: Below it the machine stands.
        runs: Share of the samples in ``ranges``.
        stands: Share of the samples below ``standstill``, missing ones aside.
        rpm: Nominal speed, of several the slowest; None where the signal is no speed.
        fastest_rpm: Middle of the fastest held range; None like ``rpm``.
    """

    feature: str
    ranges: tuple[tuple[float, float], ...]
    standstill: float
    runs: float
    stands: float
    rpm: float | None
    fastest_rpm: float | None

    @property
    def between(self) -> float:
        """Share of the samples on the way between states, or missing."""
        return max(1 - self.runs - self.stands, 0.0)


def running_of(samples: Samples, period_s: float | None) -> Running | None:
    """Read the running signal; None without one, or where it never runs."""
    name = next((one for one in RUNNING_COLUMNS[::-1] if one in samples.features), None)
    if name is None or period_s is None:
        return None
    at = spread_out(len(samples), LOOKED_AT)
    signal = samples.values[at, samples.features.index(name)].astype(np.float64)
    if name == "running":
        return _running(name, signal, ((0.5, np.inf),), 0.5)
    ranges = running_ranges([signal], period_s * len(samples) / len(at))
    return _running(name, signal, ranges, STANDSTILL * ranges[-1][1]) if ranges else None


def nominal_rpm(ranges: tuple[tuple[float, float], ...]) -> float:
    """The held speed that needs the longest window, as training takes it."""
    low, high = ranges[0]
    is_one_speed = high <= low * (1 + SPREAD) / (1 - SPREAD) + 0.01
    return (low + high) / 2 if is_one_speed else low / (1 - SPREAD)


def in_state(signal: Values, running: Running, *, runs: bool) -> Flags:
    """Whether the machine runs, or else stands, at each value of its signal."""
    if not runs:
        return np.asarray(signal < running.standstill)
    return _within(signal, running.ranges)


def _running(
    name: str,
    signal: npt.NDArray[np.float64],
    ranges: tuple[tuple[float, float], ...],
    standstill: float,
) -> Running:
    is_speed = name == "rpm"
    return Running(
        feature=name,
        ranges=ranges,
        standstill=standstill,
        runs=float(_within(signal, ranges).mean()),
        stands=float((signal < standstill).mean()),
        rpm=nominal_rpm(ranges) if is_speed else None,
        fastest_rpm=sum(ranges[-1]) / 2 if is_speed else None,
    )


def _within(signal: npt.NDArray[np.floating], ranges: tuple[tuple[float, float], ...]) -> Flags:
    flags = np.zeros(len(signal), np.bool_)
    for low, high in ranges:
        # float32 is compared as float64, block by block within numpy.
        flags |= (signal >= np.float64(low)) & (signal <= np.float64(high))
    return flags
