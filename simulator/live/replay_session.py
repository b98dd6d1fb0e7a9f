"""A session file, ready to be sent."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from simulator.errors import SimulatorError
from simulator.faults.inject import Healthy
from simulator.recordings import truth
from simulator.recordings.files import RUNNING_COLUMNS
from simulator.recordings.truth import Placed

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Session:
    """One file, ready to be sent.

    Attributes:
        name: Stem of the file.
        ts: Shape (n,), seconds.
        columns: What is sent beside the time, each shape (n,); labels never are.
        faults: The recorded faults and their rows.
        healthy: Which rows show the healthy machine, shape (n,); all if None.
        due: Shape (n,), seconds from the first sample to each, by a clock without faults.
    """

    name: str
    ts: Array
    columns: dict[str, Array]
    faults: tuple[Placed, ...] = ()
    healthy: Bools | None = None
    due: Array = field(init=False)

    def __post_init__(self) -> None:
        """Work out ``due``."""
        object.__setattr__(self, "due", _due(self.ts, self.faults))

    @property
    def rate_hz(self) -> float:
        """Usual samples a second."""
        return round(1.0 / truth.period_s(self.due), 3)

    @property
    def features(self) -> list[str]:
        """What a fault may change: all that is sent but the running signal."""
        return [name for name in self.columns if name.lower() not in RUNNING_COLUMNS]

    def healthy_level(self, feature: str) -> Healthy:
        """Measure a feature where it is healthy.

        Raises:
            SimulatorError: If it never is.
        """
        column = self.columns[feature]
        values = column if self.healthy is None else column[self.healthy]
        if not np.isfinite(values).any():
            raise SimulatorError(f"{self.name}: no healthy sample of {feature}")
        return Healthy.of(values)


def _due(ts: Array, faults: tuple[Placed, ...]) -> Array:
    clock = [placed for placed in faults if placed.episode.family == "clock"]
    if not clock:
        return np.asarray(ts - ts[0])
    steps = np.diff(ts, prepend=ts[0])
    for placed in clock:  # the step back to the right time is one of them
        steps[max(placed.first, 1) : placed.last + 1] = truth.period_s(ts)
    return np.asarray(np.cumsum(steps))
