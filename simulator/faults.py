"""Sensor faults as pure functions on arrays.

``inject`` changes one feature over one range of samples and leaves everything else as it is. A
range that began before the array (``start`` < 0) or ends after it is allowed, so a stream can be
changed block by block (``LiveFault``). Severity 0 changes nothing, 1 is the strongest form.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.errors import SimulatorError

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Scene:
    """What a fault needs to know besides the values it changes.

    Attributes:
        severity: 0..1.
        sigma: Healthy standard deviation of the feature, in its unit.
        before: Last value before the onset, in the feature's unit.
        rng: Source of all chance.
    """

    severity: float
    sigma: float
    before: float
    rng: np.random.Generator


@dataclass(frozen=True)
class Fault:
    """A family of faults: one sentence, and the change of the values in its range, shape (m,)."""

    summary: str
    change: Callable[[Array, Scene], Array]


def _spike(x: Array, scene: Scene) -> Array:
    y = x.copy()
    for onset in np.flatnonzero(scene.rng.random(len(x)) < 0.005):
        height = scene.rng.choice([-1.0, 1.0]) * scene.rng.uniform(5.0, 15.0) * scene.sigma
        width = scene.rng.integers(1, 4)
        y[onset : onset + width] = x[onset : onset + width] + scene.severity * height
    return y


def _bias(x: Array, scene: Scene) -> Array:
    return x + 5.0 * scene.severity * scene.sigma


def _noise(x: Array, scene: Scene) -> Array:
    return x + scene.rng.normal(0.0, 5.0 * scene.severity * scene.sigma, len(x))


def _stuck(x: Array, scene: Scene) -> Array:
    return np.full_like(x, scene.before) if scene.severity > 0 else x.copy()


def _gain(x: Array, scene: Scene) -> Array:
    return x * (1.0 - 0.7 * scene.severity)


FAULTS: dict[str, Fault] = {
    "spike": Fault("0.5 % of the samples jump by 5-15 sigma for 1-3 samples", _spike),
    "bias": Fault("the level shifts by 5 sigma", _bias),
    "noise": Fault("white noise of 5 sigma is added", _noise),
    "stuck": Fault("the last value before the onset is repeated (has no degrees)", _stuck),
    "gain": Fault("the reading is multiplied by 0.3, gravity included", _gain),
}


def fault_named(family: str) -> Fault:
    """Look a family up.

    Raises:
        SimulatorError: If there is none of that name.
    """
    if family not in FAULTS:
        raise SimulatorError(f"unknown fault {family!r}; allowed: {', '.join(FAULTS)}")
    return FAULTS[family]


def inject(  # noqa: PLR0913 - each argument is a word of the fault's definition
    values: Array,
    *,
    family: str,
    severity: float = 1.0,
    start: int,
    end: int,
    sigma: float,
    axis: int,
    rng: np.random.Generator,
    before: float | None = None,
) -> Array:
    """Return a copy of ``values`` with a fault on one feature in samples ``start``..``end - 1``.

    Args:
        values: Shape (n, F).
        family: A key of ``FAULTS``.
        severity: 0 (no change) to 1 (strongest).
        start: First faulty row; negative when the fault began in an earlier block.
        end: Row after the last faulty one; may lie beyond the array.
        sigma: Healthy standard deviation of the feature, in its unit.
        axis: Column of the feature.
        rng: Source of all chance; pass the same one on with each block of a stream.
        before: Value just before the onset; needed only if the array does not contain it
            (default: the row before ``start``, or the first row).

    Raises:
        SimulatorError: If the family is unknown or the severity is outside 0..1.
    """
    fault = fault_named(family)
    if not 0.0 <= severity <= 1.0:
        raise SimulatorError(f"severity {severity:g}; allowed: 0 to 1")
    changed = np.array(values, dtype=np.float64)
    first, last = max(start, 0), min(end, len(changed))
    if first >= last:
        return changed
    if before is None:
        before = float(changed[max(first - 1, 0), axis])
    scene = Scene(severity=severity, sigma=sigma, before=before, rng=rng)
    changed[first:last, axis] = fault.change(changed[first:last, axis], scene)
    return changed


class LiveFault:
    """One fault on a stream: the same change, block after block.

    Args:
        family: A key of ``FAULTS``.
        severity: 0..1.
        start: First faulty sample of the stream.
        end: Sample after the last faulty one.
        sigma: Healthy standard deviation of the feature, in its unit.
        axis: Column of the feature.
        seed: Decides all chance.
    """

    def __init__(
        self,
        family: str,
        *,
        severity: float = 1.0,
        start: int,
        end: int,
        sigma: float,
        axis: int,
        seed: int,
    ) -> None:
        fault_named(family)
        self.family, self.severity, self.start, self.end = family, severity, start, end
        self.sigma, self.axis = sigma, axis
        self._rng = np.random.default_rng(seed)
        self._before: float | None = None

    def apply(self, values: Array, first: int) -> Array:
        """Return the block whose first row is sample ``first`` of the stream, shape (n, F)."""
        onset = self.start - first
        if onset > 0 or self._before is None:
            self._before = float(values[max(min(onset, len(values)) - 1, 0), self.axis])
        return inject(
            values,
            family=self.family,
            severity=self.severity,
            start=onset,
            end=self.end - first,
            sigma=self.sigma,
            axis=self.axis,
            rng=self._rng,
            before=self._before,
        )
