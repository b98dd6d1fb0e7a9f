"""The power of blocks of a waveform, line by line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Complex = npt.NDArray[np.complex128]

HANN_POWER = 3 / 8  # mean square of the window


@dataclass(frozen=True, slots=True)
class Lines:
    """One-sided power behind a Hann window.

    Attributes:
        power: Shape (B, F, lines), unit²; its sum over lines is the mean square there.
        step_hz: From one line to the next.
    """

    power: Array
    step_hz: float

    def mean_square(self, low_hz: float, high_hz: float) -> Array:
        """Of a band, its lower edge included, shape (B, F)."""
        return np.asarray(self.power[..., self._slice(low_hz, high_hz)].sum(axis=-1))

    def mean_squares(self, bands: Sequence[tuple[float, float]]) -> Array:
        """Of each band, shape (B, F, bands)."""
        return np.stack([self.mean_square(*band) for band in bands], axis=-1)

    def integrated(self, low_hz: float, high_hz: float) -> Array:
        """Mean square of the integral over time of a band above 0 Hz, shape (B, F), (unit·s)²."""
        inside = self._slice(low_hz, high_hz)
        omega = 2 * np.pi * self.step_hz * np.arange(inside.start, inside.stop)
        return np.asarray((self.power[..., inside] / omega**2).sum(axis=-1))

    def _slice(self, low_hz: float, high_hz: float) -> slice:
        last = self.power.shape[-1]
        first = max(int(np.ceil(low_hz / self.step_hz - 1e-9)), 1)
        return slice(min(first, last), min(int(np.ceil(high_hz / self.step_hz - 1e-9)), last))


def hann_lines(transform: Complex, length: int, rate_hz: float) -> Lines:
    """Power behind a Hann window, from the transform of the blocks without one.

    The window of a block is three lines in frequency, so a second transform is saved.

    Args:
        transform: Shape (B, F, length // 2 + 1), of real blocks without their mean.
        length: Samples in a block.
        rate_hz: Samples a second.
    """
    beside = np.zeros_like(transform)
    beside[..., 1:] += transform[..., :-1]
    beside[..., :-1] += transform[..., 1:]
    beside[..., 0] += np.conj(transform[..., 1])
    windowed = 0.5 * transform - 0.25 * beside
    power = (windowed.real**2 + windowed.imag**2) * (2 / (HANN_POWER * length**2))
    return Lines(power, rate_hz / length)


def octaves(low_hz: float, high_hz: float, per_octave: float = 1.0) -> tuple[float, ...]:
    """Edges of bands counted down from ``high_hz``; what is left above ``low_hz`` goes below."""
    count = max(int(np.floor(np.log2(high_hz / low_hz) * per_octave)), 1)
    return (low_hz, *(high_hz * 2.0 ** (-k / per_octave) for k in range(count - 1, -1, -1)))
