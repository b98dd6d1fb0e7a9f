"""A machine and the accelerometer on it, sample by sample without end.

The machine is synthesised at an internal rate of 12.8 kHz or more, every vibration component as a
function of the shaft angle, so that a ramp smears it as a real one would; the sensor's front end
then makes samples of it. The same seed is the same machine whatever sensor looks at it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from math import ceil, isfinite

import numpy as np
from numpy.typing import NDArray

from simulator.errors import SimulatorError
from simulator.machines.damage import Damage, check_damage
from simulator.machines.designs import FEATURES, MOTORS, MotorDesign, Unit, design_for
from simulator.machines.faults import Damaged, machine_fault_named
from simulator.machines.profile import Event, Habits, OperatingProfile
from simulator.machines.sensor import FrontEnd, Probe
from simulator.machines.shaft import Shaft, Turn
from simulator.machines.signature import Signature
from simulator.machines.thermal import Thermometer

Array = NDArray[np.float64]

__all__ = ["FEATURES", "MOTORS", "Motor", "MotorDesign", "Samples", "check_speed", "design_for"]

RATE_HZ = 100.0
INTERNAL_HZ = 12_800.0  # at least; a whole multiple of the sensor's rate


@dataclass(frozen=True)
class Samples:
    """Consecutive samples.

    Attributes:
        ts: Shape (n,), seconds since the motor's first sample.
        acc: Shape (n, 3), ``FEATURES`` in g.
        rpm: Shape (n,), tachometer, 1/min.
        load: Shape (n,), 0 at rated load.
        supply: Shape (n,), 1 at rated voltage.
        temp_c: Shape (n,), of the housing.
    """

    ts: Array
    acc: Array
    rpm: Array
    load: Array
    supply: Array
    temp_c: Array


def joined(blocks: Sequence[Samples]) -> Samples:
    """Return consecutive blocks as one."""
    names = [field.name for field in fields(Samples)]
    return Samples(**{n: np.concatenate([getattr(block, n) for block in blocks]) for n in names})


class Motor:
    """Endless samples of one machine; memory does not grow.

    The same seed gives the same samples whatever the block sizes. ``seed`` names the unit,
    ``session`` one of its runs.

    Args:
        design: Type of machine.
        seed: The unit, and all its chance.
        session: Number of the run.
        probe: How it is looked at; by default an ADXL355 at 100 Hz.
        habits: What happens while it runs.
        begin_running: Begin at rated speed rather than idle.
        damages: Machine faults; more can be added with ``damage``.

    Raises:
        SimulatorError: If 1x does not lie below the Nyquist frequency, or a fault is unknown.
    """

    def __init__(
        self,
        design: MotorDesign,
        *,
        seed: int,
        session: int = 0,
        probe: Probe | None = None,
        habits: Habits | None = None,
        begin_running: bool = False,
        damages: Sequence[Damage] = (),
    ) -> None:
        probe, habits = probe or Probe(), habits or Habits()
        check_speed(design.rpm, probe.rate_hz)
        self.design, self.rate_hz = design, probe.rate_hz
        self.factor = internal_factor(probe.rate_hz)
        self._seed, self._session = seed, session
        self._chunk_rows = max(
            1, round(probe.rate_hz)
        )  # fixed, so that blocks cannot change the numbers
        self.profile = OperatingProfile(
            _rng(seed, 2, session), habits=habits, begin_running=begin_running
        )
        self._shaft = Shaft(
            self.profile,
            rated_hz=design.rated_hz,
            rate_hz=self.internal_hz,
            wander=habits.wander,
            rng=_rng(seed, 4, session),
        )
        unit = Unit.draw(_rng(seed, 0), len(design.harmonics))
        self._signature = Signature(design, unit, self.internal_hz, _rng(seed, 1, session))
        self._front = FrontEnd(
            probe, factor=self.factor, unit=_rng(seed, 5), rng=_rng(seed, 6, session)
        )
        self._thermometer = Thermometer(habits, _rng(seed, 7, session), warm=begin_running)
        self._tacho = _rng(seed, 8, session)
        self._damages: list[tuple[Damage, Damaged]] = []
        for damage in damages:
            self.damage(damage)
        self._made = 0
        self._sent = 0
        self._ready: list[Array] = []

    @property
    def internal_hz(self) -> float:
        """Rate of the synthesis."""
        return self.rate_hz * self.factor

    @property
    def run_left_s(self) -> float:
        """Seconds for which the motor certainly stays in run; 0 when it is in another state."""
        return max(self.profile.run_left_s - 1.0, 0.0)

    @property
    def now_s(self) -> float:
        """Seconds since the first sample."""
        return self._sent / self.rate_hz

    @property
    def ready_s(self) -> float:
        """Seconds since the first sample that are made already; a fault can come from then on."""
        return self._made / self.internal_hz

    def events(self) -> list[Event]:
        """What normal things have happened or begun until now."""
        return [event for event in self.profile.events if event.start_s < self.now_s]

    def damage(self, damage: Damage) -> None:
        """Let a machine fault come; it may begin now or later.

        Raises:
            SimulatorError: If the family is unknown, the severity is outside 0..1, the times are
                not in order, or a fault of the same time is there.
        """
        fault = machine_fault_named(damage.family)
        check_damage(damage, [known for known, _ in self._damages])
        rng = _rng(self._seed, 3, self._session, len(self._damages))
        self._damages.append((damage, fault.build(self.design, self.internal_hz, rng)))

    def block(self, n: int) -> Samples:
        """Return the next ``n`` samples."""
        ready = sum(len(rows) for rows in self._ready)
        while ready < n:
            self._ready.append(self._chunk())
            ready += len(self._ready[-1])
        rows = np.concatenate(self._ready) if self._ready else np.empty((0, 7))
        self._ready = [rows[n:]]
        rows = rows[:n]
        ts = (self._sent + np.arange(n)) / self.rate_hz
        self._sent += n
        return Samples(ts, rows[:, :3], rows[:, 3], rows[:, 4], rows[:, 5], rows[:, 6])

    def _chunk(self) -> Array:
        """Make the next second or so, shape (n, 7): x, y, z, rpm, load, supply, temperature."""
        n = self._chunk_rows
        turn, operation = self._shaft.take(n * self.factor)
        ts = (self._made + np.arange(n * self.factor)) / self.internal_hz
        self._made += n * self.factor
        true_g = self._signature.shake(turn) + self._damage_at(turn, ts)
        seen = slice(self.factor - 1, None, self.factor)
        at = np.linspace(0, len(operation) - 1, n)
        supply = np.interp(at, np.arange(len(operation)), operation.supply)
        temp_c = self._thermometer.take(turn.speed[seen], turn.load[seen], 1.0 / self.rate_hz)
        acc = self._front.report(true_g, temp_c)
        rpm = self._tachometer(60.0 * self.design.rated_hz * turn.speed[seen])
        return np.column_stack([acc, rpm, turn.load[seen], supply, temp_c])

    def _damage_at(self, turn: Turn, ts: Array) -> Array | float:
        total: Array | float = 0.0
        for damage, damaged in self._damages:
            if damage.start_s <= ts[-1] and ts[0] < damage.end_s:
                total = total + damaged.shake(turn, damage.severity_at(ts))
        return total

    def _tachometer(self, rpm: Array) -> Array:
        noise = 0.3 * self._tacho.standard_normal(len(rpm))
        return np.where(rpm > 0, np.maximum(rpm + noise, 0.0), 0.0).round(1)


def internal_factor(rate_hz: float) -> int:
    """Internal samples for each one of the sensor, so that there are ``INTERNAL_HZ`` or more."""
    return ceil(INTERNAL_HZ / rate_hz)


def check_speed(rpm: float, rate_hz: float = RATE_HZ) -> None:
    """Refuse a speed whose 1x the sampling rate cannot show.

    Raises:
        SimulatorError: If ``rpm`` is not between 0 and 30 * ``rate_hz``.
    """
    if not (isfinite(rate_hz) and rate_hz > 0):
        raise SimulatorError(f"rate {rate_hz:g} Hz; allowed: above 0")
    if not 0 < rpm < 30.0 * rate_hz:
        raise SimulatorError(
            f"rpm {rpm:g}: 1x is {rpm / 60:g} Hz; allowed: above 0 and below the Nyquist frequency "
            f"{rate_hz / 2:g} Hz ({30 * rate_hz:g} rpm) of {rate_hz:g} Hz samples"
        )


def _rng(seed: int, *key: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))
