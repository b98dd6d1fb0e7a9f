"""Simulated machines heard at kilohertz: their columns while healthy, and with small faults."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from detector.frontends.plans import WaveformPlan
from detector.frontends.waveform import WaveformFrontEnd
from detector.frontends.waveform_plan import BLOCK_S, Machine, plan_waveform
from detector.sessions.windows import windows
from simulator.machines.damage import Damage
from simulator.machines.designs import FEATURES, MotorDesign, design_for
from simulator.machines.geometry import bearing_named
from simulator.machines.motor import INTERNAL_HZ, Motor, Samples
from simulator.machines.profile import STEADY, Habits
from simulator.machines.sensor import GRAVITY_G, SENSORS, FrontEnd, Probe, sensor_named

Array = npt.NDArray[np.float64]

BEARING = "6205"
SETTLING_S = 0.2  # of the filter and of what impacts ring
FOR_EVER = 1e9


@dataclass(frozen=True, slots=True)
class Unit:
    """One machine of a speed."""

    rpm: float
    seed: int

    @property
    def name(self) -> str:
        """For tables and resampling."""
        return f"{self.rpm:g}-{self.seed}"

    @property
    def design(self) -> MotorDesign:
        """What it is built of."""
        return replace(design_for(self.rpm), bearing=bearing_named(BEARING))


@dataclass(frozen=True, slots=True)
class View:
    """A type of sensor at a rate, and how long the blocks are that are described."""

    sensor: str
    rate_hz: float
    block_s: float = BLOCK_S

    @property
    def probe(self) -> Probe:
        """The same as the simulator has it."""
        return Probe(sensor_named(self.sensor), self.rate_hz)


def shaken(
    unit: Unit, session: int, seconds: float, family: str | None = None, severity: float = 0.0
) -> Samples:
    """What the housing does at the internal rate, whatever sensor is on it."""
    motor = Motor(
        unit.design,
        seed=unit.seed,
        session=session,
        probe=Probe(SENSORS["ideal"], INTERNAL_HZ, filtered=False),
        habits=Habits(durations=STEADY),
        begin_running=True,
        damages=[Damage(family, severity, 0.0, 0.0, FOR_EVER)] if family else [],
    )
    return motor.block(round((seconds + SETTLING_S) * INTERNAL_HZ))


def reported(shaken: Samples, unit: Unit, session: int, view: View) -> tuple[Array, Array]:
    """Samples (n, 3) and speed (n, 1) that a sensor reports of it, behind its settling."""
    factor = round(INTERNAL_HZ / view.rate_hz)
    front = FrontEnd(
        view.probe,
        factor=factor,
        unit=np.random.default_rng([unit.seed, 5]),
        rng=np.random.default_rng([unit.seed, session, 6]),
    )
    rows = len(shaken.acc) // factor
    seen = slice(factor - 1, rows * factor, factor)
    acc = front.report(shaken.acc[: rows * factor] - GRAVITY_G, shaken.temp_c[seen])
    settled = round(SETTLING_S * view.rate_hz)
    return acc[settled:], shaken.rpm[seen][settled:, None]


def planned(normal: Array, rpm: float, view: View) -> WaveformPlan:
    """A front end for the machines of a speed behind a sensor, bearing and gear known."""
    known = Machine(speed="rpm", rpm=rpm, bearing=BEARING, teeth=MotorDesign.teeth)
    channels = dict.fromkeys(FEATURES, "g")
    samples = normal.astype(np.float32)
    return plan_waveform(channels, view.rate_hz, samples, known, block_s=view.block_s)


def columns(front: WaveformFrontEnd, acc: Array, rpm: Array) -> Array:
    """Columns of all blocks, shape (blocks, K)."""
    blocks, speeds = (
        windows(part.astype(np.float32), front.block)[:: front.hop] for part in (acc, rpm)
    )
    return np.asarray(front.describe(blocks, speeds), np.float64)
