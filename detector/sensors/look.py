"""What is measured of some consecutive samples of one device, in one pass, for all rules."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from detector.records import Times
from detector.sensors.channels import Channels
from detector.short_arrays import middle, middles

Array = npt.NDArray[np.float64]
Complex = npt.NDArray[np.complex128]

LEAST_LOG = -40.0  # of a spread of nothing
WIDEST = 4096  # samples that a spectrum is made of; of a waveform the first of the block
LAGS = 12  # samples that the next one is told from
BEFORE = 4 * LAGS  # samples of the look before that are seen with a look
BREAK = 3.0  # usual steps: a longer one breaks the waveform


@dataclass(frozen=True, slots=True)
class Look:
    """Measures of n samples; all shapes (F,) but ``values``.

    Attributes:
        start: Time of the first sample.
        end: Time of the last.
        values: Shape (n, F).
        missing: Samples without a value.
        mean: In the unit of the channel.
        level: Log of the standard deviation.
        floor: Log of the median power of the lines of the spectrum: what is heard between tones.
        run: Longest run of the same value, samples.
        tail: Length of the run at the end, samples.
        distinct: Different values.
        step: Smallest distance of two different values; infinite with one.
        railed: Share of samples at the largest or smallest value, those two themselves aside.
        farthest: How far the farthest sample is from what those around it tell, in deviations;
            NaN until the past tells.
        again: Looks before that ended at the same value; see ``ends``, NaN until it tells.
        lags: Shape (1 + ``LAGS``, F), how each sample goes with those before: autocovariance.
        cross: Shape (pairs,), covariance of two axes over their deviations: in phase as the real,
            a quarter turn apart as the imaginary part.
    """

    start: float
    end: float
    values: Array
    missing: Array
    mean: Array
    level: Array
    floor: Array
    run: Array
    tail: Array
    distinct: Array
    step: Array
    railed: Array
    farthest: Array
    again: Array
    lags: Array
    cross: Complex

    def __len__(self) -> int:
        return len(self.values)


def look_at(ts: Times, values: npt.NDArray[np.floating], channels: Channels) -> Look:
    """Measure consecutive samples; a channel with a hole has no shape there, only a mean.

    Args:
        ts: Shape (n,), n >= 3, device clock.
        values: Shape (n, F), NaN where missing.
        channels: The F channels.
    """
    x = np.asarray(values, np.float64)
    gone = np.isnan(x)
    missing = gone.sum(axis=0).astype(np.float64)
    holes = missing > 0
    if holes.any():
        x = np.where(gone, _means(x, gone), x)
    steps = np.diff(ts)
    is_broken = len(steps) > 0 and float(steps.max()) > BREAK * middle(steps)
    shapeless = holes | is_broken
    mean = _level(x)
    ordered = np.sort(x, axis=0)
    apart = np.diff(ordered, axis=0)
    differs = apart > 0
    run, tail = _runs(x)
    floor, lags, cross = _spectra(x[:WIDEST] - mean, channels)
    sums = (x == ordered[0]).sum(axis=0) + (x == ordered[-1]).sum(axis=0)
    with np.errstate(divide="ignore"):
        level = np.maximum(np.log(x.std(axis=0)), LEAST_LOG)
    return Look(
        start=float(ts[0]),
        end=float(ts[-1]),
        values=x,
        missing=missing,
        mean=np.where(missing < len(x), mean, np.nan),
        level=_unless(shapeless, level),
        floor=_unless(shapeless, floor),
        run=_unless(holes, run),
        tail=_unless(holes, tail),
        distinct=_unless(holes, differs.sum(axis=0) + 1.0),
        step=_unless(holes, np.where(differs, apart, np.inf).min(axis=0)),
        railed=_unless(holes, (sums - 2.0) / len(x)),
        farthest=np.full(x.shape[1], np.nan),
        again=np.full(x.shape[1], np.nan),
        lags=_unless(shapeless, lags),
        cross=np.where(is_broken, np.nan, cross),
    )


def _means(x: Array, gone: npt.NDArray[np.bool_]) -> Array:
    counts = np.maximum((~gone).sum(axis=0), 1)
    return np.asarray(np.where(gone, 0.0, x).sum(axis=0) / counts)


def _level(x: Array) -> Array:
    """Mean weighted by a window, in which a tone leaves no trace however it is cut."""
    window = _window(len(x))
    found: Array = (x * window).sum(axis=0) / window.sum()
    return found


def _unless(unknown: npt.NDArray[np.bool_], measure: npt.NDArray[np.floating]) -> Array:
    return np.where(unknown, np.nan, measure)


def _runs(x: Array) -> tuple[Array, Array]:
    """Longest run of the same value, and the one at the end, of each column."""
    n, width = x.shape
    same = x[1:] == x[:-1]
    longest, tail = np.ones(width), np.ones(width)
    for column in np.flatnonzero(same.any(axis=0)):
        edges = np.flatnonzero(~same[:, column]) + 1
        bounds = np.concatenate([[0], edges, [n]])
        lengths = np.diff(bounds)
        longest[column], tail[column] = lengths.max(), lengths[-1]
    return longest, tail


@lru_cache(maxsize=16)
def _window(n: int) -> Array:
    return np.hanning(n)[:, None]


def _spectra(x: Array, channels: Channels) -> tuple[Array, Array, Complex]:
    """Floor and autocovariance of each column, and how each two axes move together."""
    window = _window(len(x))
    every = np.fft.rfft(x * window, axis=0)
    lines, spectrum = every[1:], np.abs(every) ** 2
    power = spectrum[1:]
    lags = np.fft.irfft(spectrum, len(x), axis=0)[: LAGS + 1] / (window**2).sum()
    with np.errstate(divide="ignore"):
        floor = np.maximum(np.log(middles(power) / len(x)), 2 * LEAST_LOG)
    total = power.sum(axis=0)
    if not channels.pairs:
        return floor, lags, np.empty(0, np.complex128)
    a, b = np.array(channels.pairs).T
    both = np.sqrt(total[a] * total[b])
    shared = (lines[:, a] * lines[:, b].conj()).sum(axis=0)
    return floor, lags, np.where(both > 0, shared / np.maximum(both, 1e-300), 0.0)
