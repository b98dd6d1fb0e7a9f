"""What of a kept waveform is looked at: its newest burst, its speed, its spectrum, its cursors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from detector.errors import SpectrumError
from detector.frontends.waveforms.spectrum import (
    HIGHEST_LINE,
    LEAST,
    Quantity,
    Spectrum,
    spectrum,
)
from detector.frontends.waveforms.units import MM_S2

Array = npt.NDArray[np.float64]

GAP = 1.5  # periods between two samples, from which on a new burst begins


class About(Protocol):
    """What is known of a waveform; see ``WaveformNote``."""

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the F columns."""

    @property
    def inputs(self) -> tuple[str, ...]:
        """Those that are heard, the first of them."""

    @property
    def units(self) -> tuple[str, ...]:
        """One per feature."""

    @property
    def rate_hz(self) -> float:
        """Samples a second."""

    @property
    def speed(self) -> str | None:
        """The feature that is the speed."""

    @property
    def rpm(self) -> float | None:
        """Nominal speed."""

    @property
    def orders(self) -> Mapping[str, float]:
        """Of its parts by name."""

    @property
    def envelope_hz(self) -> tuple[tuple[float, float], ...]:
        """Bands whose envelope is looked at."""

    @property
    def velocity_hz(self) -> tuple[float, float]:
        """Band of the velocity."""


@dataclass(frozen=True, slots=True)
class Viewed:
    """A spectrum with what stands beside it.

    Attributes:
        inputs: Names of its rows.
        spectrum: Over orders or Hz.
        quantity: What of the waveform.
        cursors: Where its parts would show, by name, on the axis.
        rpm: Mean speed; None: not known.
        seconds: Of waveform.
        velocity_mm_s: Shape (F,), rms in the band of the velocity; None without a unit for it.
    """

    inputs: tuple[str, ...]
    spectrum: Spectrum
    quantity: Quantity
    cursors: dict[str, float]
    rpm: float | None
    seconds: float
    velocity_mm_s: Array | None


def newest_burst(
    ts: Array, values: npt.NDArray[np.floating], rate_hz: float
) -> npt.NDArray[np.floating]:
    """Shape (m, F), the newest samples without a gap between them; at least ``LEAST`` if any has.

    Args:
        ts: Shape (n,), rising.
        values: Shape (n, F).
        rate_hz: Samples a second.
    """
    edges = [0, *(np.flatnonzero(np.diff(ts) > GAP / rate_hz) + 1).tolist(), len(ts)]
    for first, end in zip(edges[-2::-1], edges[:0:-1], strict=True):
        if end - first >= LEAST:
            return np.asarray(values[first:end])
    return np.asarray(values[edges[-2] :])


def viewed(
    values: npt.NDArray[np.floating], about: About, quantity: Quantity, *, over_orders: bool
) -> Viewed:
    """The spectrum of a burst, and cursors on its axis.

    Args:
        values: Shape (n, F), without a gap.
        about: What is known of it.
        quantity: What of it to show.
        over_orders: The axis is in multiples of the speed, where it is known; else in Hz.

    Raises:
        SpectrumError: If there is no such spectrum.
    """
    inputs = values[:, [about.features.index(name) for name in about.inputs]]
    rpm = _speed(values, about)
    mean = None if rpm is None else float(np.mean(rpm))
    if over_orders and rpm is None:
        raise SpectrumError("spectrum: the speed is not known, allowed: over Hz")
    unit = about.units[0]
    found = spectrum(
        inputs, about.rate_hz, quantity=quantity, unit=unit, to_mm_s2=MM_S2.get(unit),
        rpm=rpm if over_orders else None,
        band_hz=about.envelope_hz[0] if about.envelope_hz else None,
    )  # fmt: skip
    if quantity == "velocity":
        found = _from(found, about.velocity_hz[0] * (1 if not over_orders else 60 / (mean or 1.0)))
    per_order = 1.0 if over_orders else (mean or np.nan) / 60
    cursors = {name: order * per_order for name, order in about.orders.items()}
    shown = {k: at for k, at in cursors.items() if np.isfinite(at) and at <= found.axis[-1]}
    return Viewed(about.inputs, found, quantity, shown, mean, len(values) / about.rate_hz,
                  _velocity(inputs, about, unit))  # fmt: skip


def _from(found: Spectrum, low: float) -> Spectrum:
    """Without the lines below the band of a velocity, where dividing by f leaves only noise."""
    kept = found.axis >= low
    return replace(found, axis=found.axis[kept], power=found.power[:, kept])


def _speed(values: npt.NDArray[np.floating], about: About) -> Array | None:
    """Shape (n,), 1/min; None where it is not known, or the shaft stood for a sample."""
    if about.speed is None:
        return None if about.rpm is None else np.full(len(values), about.rpm)
    speed = values[:, about.features.index(about.speed)].astype(np.float64)
    return speed if (speed > 0).all() else None


def _velocity(inputs: npt.NDArray[np.floating], about: About, unit: str) -> Array | None:
    factor = MM_S2.get(unit)
    if factor is None:
        return None
    found = spectrum(inputs, about.rate_hz, quantity="velocity", unit=unit, to_mm_s2=factor)
    low, high = about.velocity_hz
    inside = (found.axis >= low) & (found.axis < high)
    return np.asarray(np.sqrt(found.power[:, inside].sum(axis=1) / HIGHEST_LINE))
