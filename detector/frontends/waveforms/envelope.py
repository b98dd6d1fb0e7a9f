"""The squared envelope of a band, and lines of its spectrum over what is beside them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import fft

Array = npt.NDArray[np.float64]
Complex = npt.NDArray[np.complex128]
Indices = npt.NDArray[np.intp]

OVERSAMPLED = 2  # a square has twice the bandwidth
AROUND = 16  # lines on either side that a line is compared with
GAP = 2  # lines between them
SHAFT_LINES = 1.5  # about each multiple of the shaft's own order: no part of the neighbourhood
SLIP = 0.005  # of an order; rolling elements slip
TINY = 1e-30


def squared_envelope(transform: Complex, length: int, band: tuple[int, int]) -> Array:
    """Squared envelope of the lines of a band, shape (B, F, m) with m twice their number.

    The inverse transform of these lines alone is the analytic signal, sampled as slowly as its
    bandwidth allows (what Hilbert's transform of the band-passed block would give, decimated).

    Args:
        transform: Shape (B, F, lines), of real blocks.
        length: Samples in a block.
        band: First line, and the line after the last.
    """
    lines = transform[..., band[0] : band[1]]
    count = OVERSAMPLED * (band[1] - band[0])
    analytic = fft.ifft(lines, n=count, axis=-1) * (2 * count / length)
    return np.asarray(analytic.real**2 + analytic.imag**2)


def impulsiveness(envelope: Array) -> Array:
    """Spectral kurtosis: mean fourth power over the squared mean square; 2 for noise.

    Args:
        envelope: Shape (..., m), squared.

    Returns:
        Shape (...); 2 for a band that holds nothing.
    """
    mean = envelope.mean(axis=-1)
    return np.asarray(((envelope**2).mean(axis=-1) + 2 * TINY**2) / (mean + TINY) ** 2)


def over_turns(envelope: Array, turns: Array) -> Array:
    """The envelope at equal angles of the shaft instead of equal times.

    Args:
        envelope: Shape (B, m), spread over the block.
        turns: Shape (B, n), turns made at each sample since the block began, rising.
    """
    count, n = envelope.shape[1], turns.shape[1]
    at = np.arange(count) * (n / count)
    found = np.empty_like(envelope)
    for row, (values, made) in enumerate(zip(envelope, turns, strict=True)):
        moments = np.interp(np.arange(count) * (made[-1] / count), made, np.arange(n))
        found[row] = np.interp(moments, at, values)
    return found


def envelope_lines(envelope: Array) -> Array:
    """Power of the envelope behind a Hann window, shape (B, m // 2 + 1)."""
    centred = envelope - envelope.mean(axis=-1, keepdims=True)
    taper = np.hanning(envelope.shape[-1] + 2)[1:-1]
    lines = fft.rfft(centred * taper, axis=-1)
    return np.asarray(lines.real**2 + lines.imag**2)


@dataclass(frozen=True, slots=True)
class Comb:
    """An order and its harmonics, looked for in a spectrum over turns.

    Attributes:
        order: Of the first, in multiples of the shaft's speed.
        harmonics: How many.
        slip: Share of the order by which it may lie beside.
    """

    order: float
    harmonics: int
    slip: float = SLIP

    def over_neighbourhood(self, power: Array, turns: Array) -> Array:
        """Power at the lines over that beside them, mean over the harmonics.

        The neighbourhood is a geometric mean, which other lines hardly raise, and leaves out the
        harmonics of the shaft.

        Args:
            power: Shape (B, lines), over turns.
            turns: Shape (B,), made in each block.

        Returns:
            Shape (B,), about 1 where there is nothing; NaN where the first harmonic has no
            place in the spectrum.
        """
        ratios = np.stack(
            [self._ratio(power, turns, h * self.order) for h in range(1, self.harmonics + 1)]
        )
        first = np.isnan(ratios[0])
        shown = ~np.isnan(ratios)
        mean = np.where(shown, ratios, 0.0).sum(axis=0) / np.maximum(shown.sum(axis=0), 1)
        return np.asarray(np.where(first, np.nan, mean))

    def _ratio(self, power: Array, turns: Array, order: float) -> Array:
        """Of one harmonic, shape (B,); rows have as many lines as their own speed gives."""
        known = np.isfinite(turns)
        at = np.rint(order * np.where(known, turns, 0.0)).astype(np.intp)
        half = np.maximum(np.ceil(self.slip * at), 1).astype(np.intp)
        reach = int(half.max(initial=1)) + GAP + AROUND
        offsets = np.arange(-reach, reach + 1)
        index = at[:, None] + offsets
        seen = np.take_along_axis(power, np.clip(index, 0, power.shape[1] - 1), axis=1) + TINY
        away = np.abs(offsets) - half[:, None]
        core = away <= 0
        beside = (away > GAP) & (away <= GAP + AROUND) & _between(index, turns)
        line = (seen * core).sum(axis=1) / core.sum(axis=1)
        level = np.exp((np.log(seen) * beside).sum(axis=1) / np.maximum(beside.sum(axis=1), 1))
        end = at + half + GAP + AROUND
        shown = known & (at > half) & (end < power.shape[1]) & beside.any(axis=1)
        return np.where(shown, line / (level * EXPONENTIAL), np.nan)


EXPONENTIAL = float(np.exp(np.euler_gamma))  # mean over geometric mean of the power of noise


def _between(index: Indices, turns: Array) -> npt.NDArray[np.bool_]:
    """Lines (B, k) that lie above 0 and between the harmonics of the shaft."""
    per_turn = np.where(turns > 0, turns, np.nan)[:, None]
    with np.errstate(invalid="ignore"):
        off = np.abs(index / per_turn - np.rint(index / per_turn)) * per_turn
        return np.asarray((index > 1) & (off > SHAFT_LINES))
