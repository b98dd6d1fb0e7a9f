"""One fault on a stream of samples: the same block by block as in one piece."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from simulator.errors import SimulatorError
from simulator.faults import families
from simulator.faults.catalogue import FAULTS, check_severity, fault_named
from simulator.faults.families import Change, Scene

Array = NDArray[np.float64]

RATE_HZ = 100.0


@dataclass(frozen=True)
class Healthy:
    """A feature without a fault, in its unit.

    Attributes:
        sigma: Standard deviation.
        centre: Mean.
        peak: Peak of the alternating part: what 99.9 % of the values keep to around the mean.
    """

    sigma: float
    centre: float
    peak: float

    @classmethod
    def of(cls, values: Array) -> Self:
        """Measure it; missing values do not count, and nothing at all is 0."""
        known = values[np.isfinite(values)]
        if not len(known):
            return cls(0.0, 0.0, 0.0)
        centre = float(known.mean())
        peak = float(np.quantile(np.abs(known - centre), 0.999))
        return cls(float(known.std()), centre, peak)


@dataclass(frozen=True)
class Signal:
    """Consecutive samples: ``ts`` shape (n,) in s, ``values`` shape (n, F)."""

    ts: Array
    values: Array


class LiveFault:
    """One fault on a stream: the same change block after block as in one piece.

    Args:
        family: A key of ``FAULTS``.
        severity: 0..1.
        start: First faulty sample of the stream.
        end: Sample after the last faulty one.
        sigma: Healthy standard deviation of the feature, in its unit.
        axis: Column of the feature.
        seed: Decides all chance.
        rate_hz: Samples per second.
        ramp_s: Seconds from the onset to full severity.
        healthy: Mean and peak of the feature (default: those of the block of the onset).
        partners: Columns of the same sensor, which ``axis_swap`` may exchange it with; without
            any, the feature is mirrored about its healthy mean.

    Attributes:
        axes: Columns that change; none for ``clock``.

    Raises:
        SimulatorError: If the family is unknown or the severity outside 0..1.
    """

    def __init__(  # noqa: PLR0913 - each argument is a word of the fault's definition
        self,
        family: str,
        *,
        severity: float = 1.0,
        start: int,
        end: int,
        sigma: float,
        axis: int,
        seed: int | np.random.Generator,
        rate_hz: float = RATE_HZ,
        ramp_s: float = 0.0,
        healthy: Healthy | None = None,
        partners: Sequence[int] = (),
    ) -> None:
        self._fault = fault_named(family)
        check_severity(severity)
        self.family, self.severity, self.start, self.end = family, severity, start, end
        self.sigma, self.axis = sigma, axis
        self._rate_hz, self._ramp, self._healthy = rate_hz, round(ramp_s * rate_hz), healthy
        self._rng = np.random.default_rng(seed)
        self._reversed_about_zero = bool(partners)
        self.axes = self._draw_axes(partners)
        self._change: Change | None = None
        self._before = (math.nan, math.nan)  # last healthy time and value

    def apply(self, values: Array, first: int) -> Array:
        """Return the block whose first row is sample ``first`` of the stream, shape (n, F).

        Raises:
            SimulatorError: If the fault is one of the clock, which has no values.
        """
        if self.family == "clock":
            allowed = ", ".join(name for name in FAULTS if name != "clock")
            raise SimulatorError(f"fault 'clock' changes times, not values; allowed: {allowed}")
        return self.change(Signal(np.zeros(len(values)), values), first).values

    def change(self, signal: Signal, first: int) -> Signal:
        """Return the block whose first row is sample ``first`` of the stream, times and values."""
        changed = Signal(np.array(signal.ts, dtype=float), np.array(signal.values, dtype=float))
        low = max(self.start - first, 0)
        high = min(self.end - first, len(signal.ts))
        if low < high and self.severity > 0.0:
            self._remember(signal, low)
            shift = first - self.start
            self._put(changed, slice(low, high), slice(low + shift, high + shift))
        self._remember(signal, len(signal.ts))
        return changed

    def _put(self, block: Signal, here: slice, rows: slice) -> None:
        """Change rows ``here`` of our own copy, which are ``rows`` of the fault."""
        if len(self.axes) == 2:
            pair = block.values[here][:, self.axes]
            block.values[here, self.axes] = families.swap(pair, self._severities()[rows])
            return
        if self._change is None:
            self._change = self._begin(block.values[:, self.axis])
        clock = self.family == "clock"
        x = block.ts[here] if clock else block.values[here, self.axis]
        before = self._before[0 if clock else 1]
        x[:] = self._change(x, rows, float(x[0]) if math.isnan(before) else before)

    def _begin(self, column: Array) -> Change:
        level = self._healthy or Healthy.of(column)
        scene = Scene(
            severity=self._severities(),
            rate_hz=self._rate_hz,
            sigma=self.sigma,
            centre=level.centre,
            peak=level.peak,
            rng=self._rng,
        )
        if self._fault.begin is None:
            return families.mirror(scene, 0.0 if self._reversed_about_zero else level.centre)
        return self._fault.begin(scene)

    def _severities(self) -> Array:
        """Severity of each sample, shape (n,): full after the ramp, above 0 from the first on."""
        share = np.arange(1, self.end - self.start + 1) / (self._ramp + 1)
        return np.asarray(self.severity * np.minimum(share, 1.0))

    def _draw_axes(self, partners: Sequence[int]) -> list[int]:
        if self.family == "clock":
            return []
        if self.family != "axis_swap" or not partners or self._rng.random() < 0.5:
            return [self.axis]
        return [self.axis, int(self._rng.choice(list(partners)))]

    def _remember(self, signal: Signal, rows: int) -> None:
        """Keep the last time and number of the first rows, for what holds or repeats them."""
        if rows:
            column = signal.values[:rows, self.axis]
            known = column[np.isfinite(column)]
            value = float(known[-1]) if len(known) else self._before[1]
            self._before = (float(signal.ts[rows - 1]), value)
