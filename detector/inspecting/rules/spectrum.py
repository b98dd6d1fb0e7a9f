"""What the spectrum says of the sensor's front end."""

from __future__ import annotations

import numpy as np

from detector.inspecting.measures.seen import Column, Seen
from detector.inspecting.rules.contract import percent

RISES = 3.0  # times the density of the middle of the band
TOP_SHARE = 0.1  # of all energy
ADDED = 4.0  # times the density at rest, next to the Nyquist frequency
UNDIMINISHED = 0.5  # of the density of the middle of the band
MAINS_HZ = (50.0, 60.0)
NEAR_MAINS = 0.004  # of its frequency, grids stay within it; at least one line
STANDS_OUT = 20.0  # times its neighbours
MAINS_SHARE = 0.05  # of all energy
ORDERS = 0.02  # of an order of the shaft: nearer to one, a line is the machine's own
HIGHEST_ORDER = 20
TURNS = 1 / 60  # per second and rpm


def folded(column: Column, _: Seen) -> str | None:
    """Energy rises towards the Nyquist frequency."""
    found = column.spectrum
    if not column.is_signal or found is None or not found.density.sum():
        return None
    top, middle = found.band(0.8, 1.0), found.band(0.3, 0.6)
    share = float(top.sum() / found.density.sum())
    rise = float(np.median(top) / max(np.median(middle), 1e-300))
    if rise < RISES or share < TOP_SHARE or np.median(found.band(0.9, 1.0)) < np.median(middle):
        return None
    return (
        f"may be aliased: {percent(share)} of the energy lies in the top fifth of the band, "
        f"{rise:.2g} times as dense as in its middle; something faster than "
        f"{found.nyquist_hz:.4g} Hz seems to fold in: filter before sampling, or sample faster"
    )


def unfiltered(column: Column, _: Seen) -> str | None:
    """What the running machine adds reaches the Nyquist frequency undiminished."""
    runs, rests = column.spectrum, column.at_rest
    if not column.is_signal or runs is None or rests is None:
        return None
    end, middle = np.median(runs.band(0.9, 1.0)), np.median(runs.band(0.3, 0.6))
    added = float(end / max(np.median(rests.band(0.9, 1.0)), 1e-300))
    if added < ADDED or end < UNDIMINISHED * middle or not np.median(rests.density):
        return None
    return (
        f"there may be no anti-alias filter: running makes the band up to {runs.nyquist_hz:.4g} Hz "
        f"{added:.2g} times as dense at its very end, with no roll-off; what is faster folds in "
        "and looks like slow vibration"
    )


def mains(column: Column, seen: Seen) -> str | None:
    """A line at the frequency of the grid that is no order of the shaft."""
    found = column.spectrum
    if not column.is_signal or found is None:
        return None
    for mains_hz in MAINS_HZ:
        share = _line_share(column, mains_hz)
        if share > MAINS_SHARE and not _is_order(mains_hz, seen):
            own = "" if seen.running else f", unless the machine turns at {60 * mains_hz:g} rpm"
            return (
                f"mains hum? {percent(share)} of the energy is one line at {mains_hz:g} Hz{own}; "
                "look at shielding and grounding"
            )
    return None


def _line_share(column: Column, mains_hz: float) -> float:
    """Share of all energy in a line that stands out; 0 without one."""
    found = column.spectrum
    assert found is not None
    line_hz = found.frequency_hz[1] - found.frequency_hz[0]
    away = np.abs(found.frequency_hz - mains_hz)
    on = away <= max(NEAR_MAINS * mains_hz, 1.5 * line_hz)
    beside = (away > 4 * line_hz) & (away < 12 * line_hz)
    if found.nyquist_hz < 1.05 * mains_hz or line_hz > 0.1 * mains_hz or not beside.any():
        return 0.0
    if found.density[on].max() < STANDS_OUT * np.median(found.density[beside]):
        return 0.0
    return float(found.density[on].sum() / found.density.sum())


def _is_order(mains_hz: float, seen: Seen) -> bool:
    """Whether a multiple of a held speed lies there; twice a slipping motor's too."""
    if seen.running is None or seen.running.rpm is None:
        return False
    for low, high in seen.running.ranges:
        orders = np.arange(1, HIGHEST_ORDER + 1) * TURNS
        near = (orders * low * (1 - ORDERS) <= mains_hz) & (
            orders * high * (1 + ORDERS) >= mains_hz
        )
        if near.any():
            return True
    return False
