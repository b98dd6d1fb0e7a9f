"""What may be asked for as a fault, whether of a file or of a running replay."""

import numpy as np
from numpy.typing import NDArray

from simulator.errors import SimulatorError
from simulator.faults.inject import LiveFault, check_severity, fault_named
from simulator.recordings import truth
from simulator.recordings.files import RUNNING_COLUMNS, Recording

Bools = NDArray[np.bool_]


def check_request(family: str, severity: float, seconds: float, ramp_s: float) -> None:
    """Refuse a fault that cannot be, whatever it is put into.

    Raises:
        SimulatorError: If the family is unknown or a number is out of its range.
    """
    fault_named(family)
    check_severity(severity)
    if not 0.0 < seconds < np.inf:
        raise SimulatorError(f"fault of {seconds:g} s; allowed: a length above 0")
    if not 0.0 <= ramp_s <= seconds:
        raise SimulatorError(f"ramp of {ramp_s:g} s; allowed: 0 to the fault's {seconds:g} s")


def choose_feature(
    names: list[str], family: str, feature: str | None, rng: np.random.Generator, where: object
) -> int:
    """Return the column of the feature, drawn if none is named.

    Raises:
        SimulatorError: If there is no such feature, or one is named for a fault of the clock.
    """
    drawn = int(rng.integers(len(names)))
    if feature is None:
        return drawn
    if family == "clock":
        raise SimulatorError(f"{where}: feature {feature!r} for fault 'clock'; allowed: none")
    if feature not in names:
        raise SimulatorError(f"{where}: no feature {feature!r}; allowed: {', '.join(names)}")
    return names.index(feature)


def axis_name(fault: LiveFault, names: list[str]) -> str:
    """Return how ground truth names what a fault changes."""
    return names[fault.axes[0]] if len(fault.axes) == 1 else truth.ALL


def healthy_rows(recording: Recording) -> Bools:
    """Return which rows are unlabelled and running, shape (n,)."""
    label = recording.label()
    healthy = np.ones(len(recording.ts), dtype=bool) if label is None else ~(label > 0)
    return np.asarray(healthy & _running(recording))


def _running(recording: Recording) -> Bools:
    signal = recording.column(RUNNING_COLUMNS)
    if signal is None:
        return np.ones(len(recording.ts), dtype=bool)
    speed = np.nan_to_num(recording.numbers(signal))
    return np.asarray(speed >= 0.9 * np.quantile(speed, 0.95), dtype=bool)
