"""Sensor faults as pure functions on arrays; on streams they are ``LiveFault``.

``inject`` changes one feature over one range of samples and leaves everything else as it is. All
families change values, but ``clock`` changes times and ``axis_swap`` may change two features.
Severity 0 changes nothing, 1 is the strongest form.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from simulator.faults.catalogue import FAULTS, Fault, check_severity, fault_named
from simulator.faults.live import RATE_HZ, Healthy, LiveFault, Signal

__all__ = [
    "FAULTS",
    "Fault",
    "Healthy",
    "LiveFault",
    "Signal",
    "check_severity",
    "fault_named",
    "fault_on",
    "inject",
    "siblings",
]

Array = NDArray[np.float64]


def siblings(names: Sequence[str], axis: int) -> list[int]:
    """Return the other axes of the sensor that column ``axis`` belongs to.

    Axes of one sensor have one name but for the last letter, x, y or z: acc_x, acc_y, acc_z.
    """
    own = names[axis]
    if own[-1:].lower() not in set("xyz"):
        return []
    return [
        i
        for i, name in enumerate(names)
        if i != axis and name[:-1] == own[:-1] and name[-1:].lower() in set("xyz")
    ]


def fault_on(  # noqa: PLR0913 - each argument is a word of the fault's definition
    names: Sequence[str],
    axis: int,
    family: str,
    *,
    severity: float,
    rows: tuple[int, int],
    healthy: Healthy,
    seed: int | np.random.Generator,
    rate_hz: float,
    ramp_s: float,
) -> LiveFault:
    """Return a fault of one feature of a session, scaled to that feature's healthy signal.

    Args:
        names: The F features.
        axis: Which of them.
        family: A key of ``FAULTS``.
        severity: 0..1.
        rows: First faulty row, and the row after the last.
        healthy: The feature without a fault.
        seed: Decides all chance.
        rate_hz: Samples per second.
        ramp_s: Seconds from the onset to full severity.

    Raises:
        SimulatorError: If the family is unknown or the severity outside 0..1.
    """
    return LiveFault(
        family,
        severity=severity,
        start=rows[0],
        end=rows[1],
        sigma=healthy.sigma,
        axis=axis,
        seed=seed,
        rate_hz=rate_hz,
        ramp_s=ramp_s,
        healthy=healthy,
        partners=siblings(names, axis),
    )


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
    rate_hz: float = RATE_HZ,
    ramp_s: float = 0.0,
    partners: Sequence[int] | None = None,
) -> Array:
    """Return a copy of ``values`` with a fault on one feature in samples ``start``..``end - 1``.

    Healthy mean and peak are measured on the range itself, before it is changed.

    Args:
        values: Shape (n, F).
        family: A key of ``FAULTS`` that changes values, so not ``clock``.
        severity: 0 (no change) to 1 (strongest).
        start: First faulty row, not negative.
        end: Row after the last faulty one; may lie beyond the array.
        sigma: Healthy standard deviation of the feature, in its unit.
        axis: Column of the feature.
        rng: Source of all chance.
        rate_hz: Samples per second.
        ramp_s: Seconds from the onset to full severity.
        partners: Columns ``axis_swap`` may exchange it with (default: all the others).

    Raises:
        SimulatorError: If the family is unknown or ``clock``, or the severity outside 0..1.
    """
    if partners is None:
        partners = [column for column in range(values.shape[1]) if column != axis]
    live = LiveFault(
        family,
        severity=severity,
        start=start,
        end=min(end, len(values)),
        sigma=sigma,
        axis=axis,
        seed=rng,
        rate_hz=rate_hz,
        ramp_s=ramp_s,
        healthy=Healthy.of(values[start:end, axis]),
        partners=partners,
    )
    return live.apply(values, 0)
