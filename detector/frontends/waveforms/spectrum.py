"""The spectrum an analyst looks at: over frequency or the shaft's orders, raw or of an envelope."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import fft

from detector.errors import SpectrumError
from detector.frontends.waveforms.envelope import squared_envelope
from detector.frontends.waveforms.lines import hann_lines

Array = npt.NDArray[np.float64]
Quantity = Literal["acceleration", "velocity", "envelope"]

LINES = 16_384  # at most, of a block; what is longer is averaged over blocks
LEAST = 64  # samples of a waveform that has a spectrum
TURNS = 4.0  # of the shaft that are needed for orders
TINY = 1e-24  # of power, so that silence has a level
HIGHEST_LINE = 1.5  # times the power of a tone's highest line behind a Hann window is all of it
FASTEST = 0.5  # turns a sample, above which orders say nothing


@dataclass(frozen=True, slots=True)
class Spectrum:
    """Power line by line, one-sided, averaged over Hann windows that overlap by half.

    Attributes:
        axis: Shape (lines,), Hz or orders, from the first line above 0.
        power: Shape (F, lines), unit²: the highest line of a tone is its mean square.
        unit: Of a level's root: the input's own, ``mm/s``, or its square of an envelope.
        axis_unit: ``Hz`` or ``x``, multiples of the speed.
        resolution: From one line to the next, in ``axis_unit``.
    """

    axis: Array
    power: Array
    unit: str
    axis_unit: str
    resolution: float

    @property
    def rms(self) -> Array:
        """Shape (F, lines), root mean square of each line."""
        return np.asarray(np.sqrt(self.power))

    @property
    def db(self) -> Array:
        """Shape (F, lines), level re 1 unit rms."""
        return np.asarray(10 * np.log10(self.power + TINY))


def spectrum(
    values: npt.NDArray[np.floating],
    rate_hz: float,
    *,
    quantity: Quantity = "acceleration",
    unit: str = "",
    to_mm_s2: float | None = None,
    rpm: npt.NDArray[np.floating] | float | None = None,
    band_hz: tuple[float, float] | None = None,
) -> Spectrum:
    """The spectrum of a waveform without a gap.

    With a speed at each sample the waveform is put at equal angles of the shaft first, so that a
    ramp does not smear the orders.

    Args:
        values: Shape (n, F).
        rate_hz: Samples a second, > 0.
        quantity: As it came, integrated to a velocity, or the squared envelope of a band.
        unit: Of the values.
        to_mm_s2: What one unit is in mm/s²; needed for a velocity.
        rpm: Speed, 1/min, one or shape (n,): the axis is in orders; None: in Hz.
        band_hz: Of the envelope.

    Raises:
        SpectrumError: If it is too short, has no speed where one is asked for, no unit of
            acceleration for a velocity or no band for an envelope.
    """
    exact = np.asarray(values, np.float64).T  # (F, n)
    _refuse(exact, quantity, to_mm_s2, rpm, band_hz, rate_hz)
    exact = exact - exact.mean(axis=1, keepdims=True)
    turns = None if rpm is None else _turns(rpm, exact.shape[1], rate_hz)
    if quantity == "envelope" and band_hz is not None:
        exact = _envelope(exact, rate_hz, band_hz)
        unit = f"({unit})²" if unit else ""
    per_axis = rate_hz * exact.shape[1] / len(values)  # samples a second, of an envelope fewer
    if turns is not None:
        exact = _over_turns(exact, turns)
        per_axis = exact.shape[1] / turns[-1]
    found = _welch(exact, per_axis, unit, "Hz" if turns is None else "x")
    if quantity == "velocity" and to_mm_s2 is not None:
        hz = found.axis if turns is None else found.axis * turns[-1] * rate_hz / len(values)
        power = found.power * (to_mm_s2 / (2 * np.pi * hz)) ** 2
        return replace(found, power=power, unit="mm/s")
    return found


def _refuse(
    values: Array,
    quantity: Quantity,
    to_mm_s2: float | None,
    rpm: npt.NDArray[np.floating] | float | None,
    band_hz: tuple[float, float] | None,
    rate_hz: float,
) -> None:
    n = values.shape[1]
    if n < LEAST:
        raise SpectrumError(f"spectrum: {n} samples, allowed: {LEAST} or more")
    if not np.isfinite(values).all():
        raise SpectrumError("spectrum: values are missing, allowed: a waveform without a gap")
    if quantity == "velocity" and to_mm_s2 is None:
        raise SpectrumError("spectrum: no unit of acceleration, allowed for a velocity: g or m/s²")
    if quantity == "envelope" and (band_hz is None or not 0 < band_hz[0] < band_hz[1] < rate_hz):
        raise SpectrumError(f"spectrum: envelope of {band_hz}, allowed: a band that rises, in Hz")
    if rpm is None:
        return
    speed = np.asarray(rpm, np.float64)
    if not (speed > 0).all() or (speed / 60 / rate_hz > FASTEST).any():
        raise SpectrumError("spectrum: a speed of 0, missing or too fast, allowed: over Hz alone")


def _turns(rpm: npt.NDArray[np.floating] | float, n: int, rate_hz: float) -> Array:
    """Turns made at each sample, shape (n,)."""
    made = np.cumsum(np.broadcast_to(np.asarray(rpm, np.float64), n)) / (60 * rate_hz)
    if made[-1] < TURNS:
        raise SpectrumError(
            f"spectrum: {made[-1]:.2g} turns of the shaft, allowed: {TURNS:g} or more for orders"
        )
    return np.asarray(made)


def _envelope(exact: Array, rate_hz: float, band_hz: tuple[float, float]) -> Array:
    """Squared envelope, shape (F, m), as slow as its band allows."""
    n = exact.shape[1]
    last = n // 2 + 1
    low, high = (min(round(edge * n / rate_hz), last) for edge in band_hz)
    if high - low < LEAST // 2:
        raise SpectrumError(f"spectrum: {n} samples are too few for an envelope of {band_hz} Hz")
    found = squared_envelope(fft.rfft(exact, axis=-1)[None], n, (low, high))[0]
    return np.asarray(found - found.mean(axis=1, keepdims=True))


def _over_turns(exact: Array, turns: Array) -> Array:
    """At as many equal angles as there are samples; turns may be of a finer grid."""
    m, n = exact.shape[1], len(turns)
    moments = np.interp(np.arange(m) * (turns[-1] / m), turns, np.arange(n)) * (m / n)
    return np.stack([np.interp(moments, np.arange(m), row) for row in exact])


def _welch(exact: Array, rate: float, unit: str, axis_unit: str) -> Spectrum:
    """Mean over blocks, each with its own mean taken off (Welch, IEEE Trans. AU-15, 1967)."""
    length = min(exact.shape[1], 2 * LINES)
    starts = range(0, exact.shape[1] - length + 1, length // 2)
    total = np.zeros((len(exact), length // 2 + 1))
    for first in starts:
        block = exact[:, first : first + length]
        transform = fft.rfft(block - block.mean(axis=1, keepdims=True), axis=-1)
        total += hann_lines(transform, length, rate).power
    power = np.asarray(total * (HIGHEST_LINE / len(starts)))
    axis = np.arange(power.shape[1]) * (rate / length)
    return Spectrum(axis[1:], power[:, 1:], unit, axis_unit, rate / length)
