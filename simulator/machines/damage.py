"""When a machine fault comes, grows and goes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulator.errors import SimulatorError

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Damage:
    """A machine fault over time, in seconds since the motor's first sample.

    Severity grows from 0 at ``start_s`` to its full value at ``full_s`` and is gone at ``end_s``.
    """

    family: str
    severity: float
    start_s: float
    full_s: float
    end_s: float

    def severity_at(self, ts: Array) -> Array:
        """Severity at each time, shape (n,)."""
        ramp = max(self.full_s - self.start_s, 1e-9)
        grown = np.clip((ts - self.start_s) / ramp, 0.0, 1.0)
        return np.where((ts >= self.start_s) & (ts < self.end_s), self.severity * grown, 0.0)


def check_damage(damage: Damage, known: Sequence[Damage]) -> None:
    """Refuse a fault that cannot be.

    Raises:
        SimulatorError: If severity or times are impossible, or it overlaps one of ``known``.
    """
    what = f"{damage.family} from {damage.start_s:g} s to {damage.end_s:g} s"
    if not 0.0 <= damage.severity <= 1.0:
        raise SimulatorError(f"{what}: severity {damage.severity:g}; allowed: 0 to 1")
    if not 0 <= damage.start_s <= damage.full_s <= damage.end_s:
        raise SimulatorError(
            f"{what}, full at {damage.full_s:g} s; allowed: start, full, end in this order"
        )
    for other in known:
        if damage.start_s < other.end_s and other.start_s < damage.end_s:
            raise SimulatorError(
                f"{what} overlaps {other.family} from {other.start_s:g} s to {other.end_s:g} s; "
                "allowed: one fault at a time"
            )
