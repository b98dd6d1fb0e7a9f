"""How long a window should be, from the data."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from detector.errors import TrainingError
from detector.records import Values

REVOLUTIONS = 6  # in a window, where that is not too long
FEWEST_REVOLUTIONS = 4  # in any window: with fewer, broadband size hides the lines of the speed
SHORTEST, LONGEST = 20, 240  # samples
STEP = 5  # lengths are multiples of it
SIGNIFICANT = 0.2  # how far a peak of the autocorrelation rises above the valley before it
CHANCE = 8.0  # the same in deviations of the autocorrelation of noise, for short sessions
NEARLY = 0.8
DECAYED = 1 / math.e
WAVEFORM_HZ = 1000.0  # from here on samples are those of a sound
TURN_S = 0.2  # four revolutions at 1200 rpm
USED = 20_000  # samples of a session that are looked at


def default_window(
    sessions: Sequence[Values], sampling_period_s: float, rpm: float | None = None
) -> tuple[int, str]:
    """Choose L.

    Args:
        sessions: Normal running, each of shape (n, F), any units, finite; not looked at with
            ``rpm``.
        sampling_period_s: Seconds between samples, > 0.
        rpm: Nominal speed, where it is known.

    Returns:
        L, and one sentence that says why.

    Raises:
        TrainingError: If no session without ``rpm`` is long enough for the shortest window.
    """
    if rpm:
        return _by_speed(rpm, sampling_period_s)
    found = [lags for lags in _lags(sessions) if lags is not None]
    periods = [lag for lag, repeats in found if repeats]
    if periods:
        lag = float(np.median(periods))
        why = f"{FEWEST_REVOLUTIONS} periods of {lag:.0f} samples, by the autocorrelation"
    else:
        lag = float(np.median([lag for lag, _ in found])) if found else 0.0
        why = (
            f"{FEWEST_REVOLUTIONS} times the {lag:.0f} samples in which the autocorrelation decays"
        )
    wanted = FEWEST_REVOLUTIONS * lag
    length = _bounded(wanted)
    return length, f"{length} samples: {_if_bounded(wanted)}{why}"


def waveform(window: int, sampling_period_s: float) -> str | None:
    """What a window can't hold of a signal sampled as fast as a sound; None where it is slower.

    Args:
        window: L, samples.
        sampling_period_s: Seconds between samples, > 0.
    """
    if sampling_period_s > 1 / WAVEFORM_HZ or window * sampling_period_s >= TURN_S:
        return None
    return (
        f"{1 / sampling_period_s:,.6g} Hz is a waveform: a window of {window} samples lasts "
        f"{1000 * window * sampling_period_s:.3g} ms, so a model knows the shape of the signal "
        "within that and nothing of revolutions or bearing tones; train --front-end waveform tells "
        "both of longer blocks (velocity, bands, orders, envelope)"
    )


def _by_speed(rpm: float, period_s: float) -> tuple[int, str]:
    turn = 60 / rpm / period_s  # samples per revolution
    least = _rounded(FEWEST_REVOLUTIONS * turn)
    length = max(_bounded(REVOLUTIONS * turn), least)
    why = f"{length / turn:.3g} revolutions at {rpm:g} rpm and {1 / period_s:g} Hz"
    return length, f"{length} samples: {why}"


def _lags(sessions: Sequence[Values]) -> list[tuple[int, bool] | None]:
    """Per feature the lag at which it repeats, or has decayed; None for a constant."""
    long = [session[:USED].astype(np.float64) for session in sessions if len(session) > SHORTEST]
    if not long:
        longest = max((len(session) for session in sessions), default=0)
        raise TrainingError(
            f"window: the longest session has {longest} samples, allowed: above {SHORTEST}"
        )
    lengths = [len(session) for session in long]
    correlation = _autocorrelation(long, min(LONGEST, max(lengths) // FEWEST_REVOLUTIONS))
    significant = max(SIGNIFICANT, CHANCE / math.sqrt(sum(lengths)))
    return [_lag(correlation[:, feature], significant) for feature in range(correlation.shape[1])]


def _autocorrelation(
    sessions: Sequence[npt.NDArray[np.float64]], reach: int
) -> npt.NDArray[np.float64]:
    """Shape (reach + 1, F), 1 at lag 0; NaN for a constant feature."""
    width = sessions[0].shape[1]
    sums = np.zeros((reach + 1, width))
    for session in sessions:
        n = len(session)
        lags = np.arange(min(reach + 1, n))
        padded = np.fft.rfft(session - session.mean(axis=0), 2 * n, axis=0)
        sums[: len(lags)] += np.fft.irfft(np.abs(padded) ** 2, axis=0)[: len(lags)]
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(sums[0] > 1e-12, sums / sums[0], np.nan))


def _lag(correlation: npt.NDArray[np.float64], significant: float) -> tuple[int, bool] | None:
    if not np.isfinite(correlation).all():
        return None
    rises = np.diff(correlation) > 0
    peaks = np.flatnonzero(rises[:-1] & ~rises[1:]) + 1
    risen = correlation - np.minimum.accumulate(correlation)
    peaks = peaks[(risen[peaks] > significant) & (correlation[peaks] > 0)]
    if len(peaks):
        # Noise makes small peaks on the way up; the period is the first that is about as high
        # as any, for its multiples are peaks too.
        high = correlation[peaks] > NEARLY * correlation[peaks].max()
        return int(peaks[high][0]), True
    decayed = np.flatnonzero(correlation < DECAYED)
    return int(decayed[0]) if len(decayed) else len(correlation) - 1, False


def _rounded(samples: float) -> int:
    return math.ceil(round(samples / STEP, 6)) * STEP


def _bounded(samples: float) -> int:
    return min(max(_rounded(samples), SHORTEST), LONGEST)


def _if_bounded(samples: float) -> str:
    if _rounded(samples) < SHORTEST:
        return f"no less than {SHORTEST}; {samples:.0f} would be "
    is_long = _rounded(samples) > LONGEST
    return f"no more than {LONGEST}; {samples:.0f} would be " if is_long else ""
