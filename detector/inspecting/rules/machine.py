"""What the rate can show of a machine at its speed, and in which states it was recorded."""

from __future__ import annotations

import numpy as np

from detector.inspecting.measures.numbers import BLOCK
from detector.inspecting.measures.seen import Column, Seen
from detector.inspecting.rules.contract import percent
from detector.sessions.window_length import FEWEST_REVOLUTIONS, LONGEST, waveform

INNER_RACE = 5.4  # order of the inner race's tone (BPFI) of a usual bearing, 6205: 5.415
PER_PERIOD = 2.5  # samples of the fastest period that is to be seen
PER_TURN = 4.5  # samples of a revolution that still show twice the speed
TWO_STATES = float(np.log(3.0))  # between the levels of standstill and running, as in training
LITTLE = 0.2  # share of the samples in which it runs
LEVELS = 50  # stretches whose levels are compared


def shaft(seen: Seen) -> str | None:
    """The rate is too low for the shaft's own frequency, but not so low that nobody asks for it."""
    turns_hz, rate_hz = _turns(seen)
    if not turns_hz or not turns_hz < rate_hz < PER_TURN * turns_hz:
        return None
    folded_hz = abs(turns_hz - round(turns_hz / rate_hz) * rate_hz)
    if rate_hz >= 0.99 * PER_PERIOD * turns_hz:
        unseen = "misalignment and looseness (2x and above)"
    elif rate_hz > 2 * turns_hz:
        unseen = "more than a trace of unbalance (1x)"
    else:
        unseen = f"even unbalance (1x), which appears at {folded_hz:.3g} Hz,"
    return (
        f"{rate_hz:.4g} Hz is {rate_hz / turns_hz:.2g} samples a revolution at "
        f"{60 * turns_hz:.4g} rpm: {unseen} can't be told; sample at {10 * turns_hz:.3g} Hz or more"
    )


def bearing(seen: Seen) -> str | None:
    """The rate shows the shaft, but not a bearing's tones."""
    turns_hz, rate_hz = _turns(seen)
    needed_hz = PER_PERIOD * INNER_RACE * turns_hz
    if not turns_hz or not PER_TURN * turns_hz <= rate_hz < needed_hz:
        return None
    return (
        f"this rate can't show bearing or gear damage: {rate_hz:.4g} Hz ends at order "
        f"{rate_hz / 2 / turns_hz:.2g} of {60 * turns_hz:.4g} rpm, an inner race is near order "
        f"{INNER_RACE} ({INNER_RACE * turns_hz:.3g} Hz); sample at {needed_hz:.0f} Hz or more, and "
        "at 5 to 20 kHz for envelopes"
    )


def revolutions(seen: Seen) -> str | None:
    """A window of enough revolutions is too long."""
    if seen.running is None or not seen.running.rpm or not seen.timing.period_s:
        return None
    turn = 60 / seen.running.rpm / seen.timing.period_s
    if FEWEST_REVOLUTIONS * turn <= LONGEST:
        return None
    return (
        f"{FEWEST_REVOLUTIONS} revolutions at {seen.running.rpm:.4g} rpm are "
        f"{FEWEST_REVOLUTIONS * turn:.0f} samples, above the {LONGEST} of a usual window: make "
        "slower features of the waveform (rms, bands, orders), or thin it out after a filter"
    )


def short_windows(seen: Seen) -> str | None:
    """A waveform, of which a window holds next to nothing."""
    if revolutions(seen) is not None or not seen.timing.period_s:
        return None
    return waveform(LONGEST, seen.timing.period_s)


def little_running(seen: Seen) -> str | None:
    """The machine hardly runs in it."""
    running = seen.running
    if running is None or running.runs >= LITTLE:
        return None
    return (
        f"by {running.feature} the machine runs in {percent(running.runs)} of the samples, stands "
        f"in {percent(running.stands)} and is on the way in {percent(running.between)}: there is "
        "little to learn running from; record more of it"
    )


def two_levels(seen: Seen) -> str | None:
    """No running signal, but the levels of standstill and running."""
    shares = [_low_share(c) for c in seen.signals] if seen.running is None else []
    low = [share for share in shares if share is not None]
    if not low or 2 * len(low) <= len(shares):
        return None
    return (
        f"it seems to stand still {percent(float(np.median(low)))} of the time, and no rpm or "
        "running column says when: record one, or train with --running level, which costs "
        "detection"
    )


def _low_share(column: Column) -> float | None:
    """Share of short stretches at a much lower level than usual; None with one level only."""
    length = max(len(column.values) // (100 * LEVELS), LEVELS)
    part = [_levels(column.values[s : s + BLOCK // length * length], length)
            for s in range(0, len(column.values), BLOCK // length * length)]  # fmt: skip
    levels = np.concatenate(part)
    levels = levels[np.isfinite(levels)]
    if len(levels) < LEVELS // 2:
        return None
    low, high = np.percentile(levels, [5, 75])
    middle, half = (low + high) / 2, (high - low) / 4
    between = np.abs(levels - middle) < half  # two states leave a valley between them
    if high - low < TWO_STATES or between.mean() > 0.1:
        return None
    return float((levels < middle).mean())


def _levels(values: np.ndarray, length: int) -> np.ndarray:
    """Log rms about their own mean of stretches of a length; NaN where a value is missing."""
    whole = values[: len(values) // length * length].astype(np.float64).reshape(-1, length)
    with np.errstate(divide="ignore"):
        return np.asarray(0.5 * np.log(whole.var(axis=1)))


def _turns(seen: Seen) -> tuple[float, float]:
    """Revolutions per second at the fastest speed, and the rate; 0 where one is not known."""
    if seen.running is None or not seen.running.fastest_rpm or not seen.timing.rate_hz:
        return 0.0, 0.0
    return seen.running.fastest_rpm / 60, seen.timing.rate_hz
