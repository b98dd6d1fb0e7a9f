"""How the energy of a feature lies over frequency, from segments spread over the recording."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detector.inspecting.measures.speed import Running, in_state
from detector.records import Flags, Samples, Times, Values

SHORTEST, LONGEST = 64, 1024  # samples of a segment
AT_REST = 256  # at most, for machines do not stand long
LOST = 0.1  # share of the samples of a segment that may be lost or too many; it smears lines only
MOST = 200  # segments looked at
FEWEST = 4  # segments of a spectrum
LEAK = 3  # lines beside the mean that hold what leaks of it

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Spectrum:
    """Mean power density of one feature.

    Attributes:
        frequency_hz: Shape (lines,), without those next to 0.
        density: Shape (lines,), unit squared per hertz.
    """

    frequency_hz: Array
    density: Array

    @property
    def nyquist_hz(self) -> float:
        """Highest frequency that the rate can tell."""
        return float(self.frequency_hz[-1])

    def band(self, low: float, high: float) -> Array:
        """Density between two shares of the Nyquist frequency."""
        share = self.frequency_hz / self.nyquist_hz
        return self.density[(share >= low) & (share <= high)]


@dataclass(frozen=True, slots=True)
class Segments:
    """Where segments without a gap begin.

    Attributes:
        length: Samples.
        rest_length: Samples of those in which the machine stands.
        runs: First samples of those in which the machine runs, or all without a running signal.
        stands: First samples of those in which it stands.
    """

    length: int
    rest_length: int
    runs: list[int]
    stands: list[int]


def segments_of(samples: Samples, period_s: float, running: Running | None) -> Segments:
    """Find segments, spread evenly over a recording."""
    length = int(2 ** np.floor(np.log2(max(len(samples) // FEWEST, 1))))
    length = min(length, LONGEST)
    rest_length = min(length, AT_REST)
    if length < SHORTEST:
        return Segments(length, rest_length, [], [])
    whole = _whole(samples.ts, length, period_s)
    if running is None:
        return Segments(length, rest_length, whole, [])
    signal = samples.values[:, samples.features.index(running.feature)]
    short = _whole(samples.ts, rest_length, period_s)
    return Segments(
        length,
        rest_length,
        [s for s in whole if in_state(signal[s : s + length], running, runs=True).all()],
        [s for s in short if in_state(signal[s : s + rest_length], running, runs=False).all()],
    )


def spectrum_of(values: Values, starts: list[int], length: int, period_s: float) -> Spectrum | None:
    """Average the spectra of segments.

    Args:
        values: Shape (n,).
        starts: First sample of each segment; those with missing values are passed over.
        length: Samples of a segment.
        period_s: Seconds between samples.

    Returns:
        None with fewer than ``FEWEST`` segments.
    """
    parts = np.asarray([values[s : s + length] for s in starts], np.float64).reshape(-1, length)
    parts = parts[_finite(parts)]
    if len(parts) < FEWEST:
        return None
    taper = np.hanning(length)
    centred = (parts - parts.mean(axis=1, keepdims=True)) * taper
    power = np.square(np.abs(np.fft.rfft(centred, axis=1))).mean(axis=0)
    density = 2 * power * period_s / np.square(taper).sum()
    frequency_hz = np.fft.rfftfreq(length, period_s)
    return Spectrum(frequency_hz[LEAK:].astype(np.float64), density[LEAK:])


def _whole(ts: Times, length: int, period_s: float) -> list[int]:
    """First samples of segments that are spread evenly and last as long as they should."""
    starts = np.unique(np.linspace(0, len(ts) - length, MOST).astype(np.int64))
    missing = (ts[starts + length - 1] - ts[starts]) / period_s - (length - 1)
    found: list[int] = starts[np.abs(missing) < 1 + LOST * length].tolist()
    return found


def _finite(parts: Array) -> Flags:
    return np.asarray(np.isfinite(parts).all(axis=1))
