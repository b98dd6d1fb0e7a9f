"""What stands in the demo's hall: motors of four kinds, on the wire."""

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from simulator.faults.inject import LiveFault
from simulator.live.publisher import Publisher
from simulator.machines.designs import FEATURES, MOTORS, MotorDesign, design_for
from simulator.machines.geometry import bearing_named
from simulator.machines.motor import RATE_HZ, Motor
from simulator.machines.profile import Habits
from simulator.machines.sensor import Probe
from simulator.recordings.bursts import Bursts

Array = NDArray[np.float64]

TICK_S = 0.25  # of samples in a message
SHOWN = ("noise", "unbalance", "stuck", "looseness", "spike", "bias", "misalignment", "gain")
HEARD = ("bearing_outer", "bearing_inner", "bearing_ball")
SIGMA_SAMPLES = 2000
SLOWEST_RPM, FASTEST_RPM = 400.0, 1500.0
HF_HZ = 12_800.0


@dataclass(frozen=True)
class Kind:
    """What several of the demo's motors have in common.

    Attributes:
        name: Of the devices, before their number.
        design: Type of motor.
        rate_hz: Samples a second; a whole number of them in ``TICK_S``.
        habits: How it is run.
        channels: Sent beside acceleration and speed, of ``Samples``.
        bursts: When it is heard; None: always.
        families: Faults that it has, in turn.
        commission_s: Seconds of running that its own normal is learnt from.
    """

    name: str
    design: MotorDesign
    rate_hz: float = RATE_HZ
    habits: Habits = field(default_factory=Habits)
    channels: tuple[str, ...] = ()
    bursts: Bursts | None = None
    families: tuple[str, ...] = SHOWN
    commission_s: float = 40.0

    def motor(self, seed: int, session: int = 0) -> Motor:
        """One unit, running from the start."""
        probe = Probe(rate_hz=self.rate_hz)
        return Motor(
            self.design,
            seed=seed,
            session=session,
            probe=probe,
            habits=self.habits,
            begin_running=True,
        )


INVERTER = Habits(speeds=(SLOWEST_RPM / FASTEST_RPM, 1.0))
M600 = Kind("motor-600", MOTORS["motor-600"])
M1200 = Kind("motor-1200", MOTORS["motor-1200"])
VS = Kind("motor-vs", design_for(FASTEST_RPM), habits=INVERTER, channels=("load", "temp_c"))
HF = Kind(
    "motor-hf",
    replace(MOTORS["motor-1200"], bearing=bearing_named("6205")),
    rate_hz=HF_HZ,
    bursts=Bursts(2.0, 5.0),
    families=HEARD,
    commission_s=110.0,  # it is heard for 2 s of 5
)
HALL = (M600, HF, VS, M1200)  # then fixed speeds by turns
FIXED = (M600, M1200)


class Machine:
    """One motor on the wire: its samples so far and the fault on it now.

    Args:
        name: Device name.
        kind: What motor it is.
        seed: The unit and all its chance.
    """

    def __init__(self, name: str, kind: Kind, seed: int) -> None:
        self.name, self.kind = name, kind
        self.motor = kind.motor(seed)
        self.sent = 0
        self.fault: LiveFault | None = None
        self._seed = seed

    @cached_property
    def sigma(self) -> Array:
        """Shape (3,), healthy deviation of each axis."""
        twin = self.kind.motor(self._seed, session=1)
        return np.asarray(twin.block(SIGMA_SAMPLES).acc.std(axis=0))

    def batch(self, begin: float) -> dict[str, Array]:
        """Return the next columns, shape (TICK_S * rate,), with ``begin`` as time zero."""
        n = round(TICK_S * self.kind.rate_hz)
        samples = self.motor.block(n)
        acc = samples.acc
        if self.fault is not None:
            acc = self.fault.apply(acc, self.sent).round(7)
        self.sent += n
        columns = dict(zip(FEATURES, acc.T, strict=True)) | {"rpm": samples.rpm}
        columns |= {name: getattr(samples, name) for name in self.kind.channels}
        return {"ts": (begin + samples.ts).round(6), **columns}

    def publish(self, publisher: Publisher, begin: float) -> None:
        """Send the next batch; of bursts only what is within one, each a session of its own."""
        since_s = self.sent / self.kind.rate_hz
        batch = self.batch(begin)
        if self.kind.bursts is None:
            publisher.publish(self.name, batch)
            return
        numbers = self.kind.bursts.number(since_s + np.arange(len(batch["ts"])) / self.kind.rate_hz)
        for number in np.unique(numbers[np.isfinite(numbers)]):
            part = {name: column[numbers == number] for name, column in batch.items()}
            publisher.publish(
                self.name, part, session=f"{begin:.0f}-{number:.0f}", rate_hz=self.kind.rate_hz
            )


def build(count: int, seed: int) -> list[Machine]:
    """Return ``count`` motors: one of each kind of ``HALL``, then fixed speeds by turns."""
    kinds = [HALL[i] if i < len(HALL) else FIXED[i % len(FIXED)] for i in range(count)]
    return [
        Machine(f"{kind.name}-{kinds[: i + 1].count(kind)}", kind, seed + i)
        for i, kind in enumerate(kinds)
    ]
