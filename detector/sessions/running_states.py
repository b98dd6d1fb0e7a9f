"""Which speeds count as running: all that were held in normal sessions, standstill aside."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from detector.records import Samples
from detector.settings.devices import RunningSignal

SPREAD = 0.02  # a held speed stands for those within this share of it
STANDSTILL = 0.05  # of the fastest speed; below it nothing runs
STEADY_S = 1.0  # a speed is held that was the same so long ago,
STEADY = 0.01  # to this share of it
LEAST_SHARE = 0.01  # of all held speeds; rarer ones are passed on the way
OUTLIERS = 0.5  # per cent at each end of a range that do not widen it

Speeds = npt.NDArray[np.float64]


def running_signal(sessions: Sequence[Samples], period_s: float) -> RunningSignal | None:
    """The running signal that sessions bring along: ``running``, or the speeds that ``rpm`` held.

    Args:
        sessions: At least one.
        period_s: Seconds between samples.

    Returns:
        None where they do not all have one, or the machine never turns.
    """
    present = set.intersection(*(set(one.features) for one in sessions))
    if "running" in present:
        return RunningSignal(feature="running", min=0.5)
    if "rpm" not in present:
        return None
    speeds = [one.values[:, one.features.index("rpm")] for one in sessions]
    ranges = running_ranges([one.astype(np.float64) for one in speeds], period_s)
    if not ranges:
        return None
    return RunningSignal(
        feature="rpm", min=ranges[0][0], max=ranges[-1][1],
        ranges=ranges if len(ranges) > 1 else (),
    )  # fmt: skip


def running_ranges(sessions: Sequence[Speeds], period_s: float) -> tuple[tuple[float, float], ...]:
    """Ranges of speed that normal sessions held, lowest first.

    Ramps between two held speeds are in none of them, so a motor with two speeds has two narrow
    ranges and one on an inverter that went everywhere has one wide one.

    Args:
        sessions: Shape (n,) each, 1/min; NaN where missing.
        period_s: Seconds between samples.

    Returns:
        (lowest, highest) of each range, 1/min; empty where the machine never turns.
    """
    known = [speeds[np.isfinite(speeds)] for speeds in sessions]
    fastest = max((float(speeds.max()) for speeds in known if len(speeds)), default=0.0)
    if fastest <= 0:
        return ()
    back = max(1, round(STEADY_S / period_s))
    held = np.sort(np.concatenate([_held(speeds, back, STANDSTILL * fastest) for speeds in known]))
    if not len(held):  # only ramps, or very short sessions: what turns at all
        turning = np.concatenate(known)
        held = np.sort(turning[turning > STANDSTILL * fastest])
    clusters = np.split(held, np.flatnonzero(held[1:] > held[:-1] * (1 + 2 * SPREAD)) + 1)
    return tuple(_range(c) for c in clusters if len(c) >= LEAST_SHARE * len(held))


def _held(speeds: Speeds, back: int, lowest: float) -> Speeds:
    """Speeds that the machine turned at for a while."""
    now, before = speeds[back:], speeds[:-back]
    return now[(now > lowest) & (np.abs(now - before) <= STEADY * now)]


def _range(held: Speeds) -> tuple[float, float]:
    """Of one group of held speeds: around its median where that explains it, else end to end."""
    middle = float(np.median(held))
    low, high = (float(x) for x in np.percentile(held, [OUTLIERS, 100 - OUTLIERS]))
    if low >= middle * (1 - SPREAD) and high <= middle * (1 + SPREAD):
        low = high = middle
    return round(low * (1 - SPREAD), 3), round(high * (1 + SPREAD), 3)


def nominal_rpm(signal: RunningSignal | None) -> float | None:
    """The judged speed that needs the longest window: the slowest, of one held speed its middle.

    Returns:
        1/min; None where the running signal is no speed.
    """
    if signal is None or signal.feature != "rpm" or not math.isfinite(signal.max):
        return None
    low, high = (signal.ranges or ((signal.min, signal.max),))[0]
    is_one_speed = high <= low * (1 + SPREAD) / (1 - SPREAD) + 0.01
    return (low + high) / 2 if is_one_speed else low / (1 - SPREAD)


def in_words(ranges: Sequence[tuple[float, float]]) -> str:
    """For example ``588 to 612 or 1176 to 1224``."""
    return " or ".join(f"{low:g} to {high:g}" for low, high in ranges)
