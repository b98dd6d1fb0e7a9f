"""Damaged machines: what each fault adds to a healthy one's vibration.

Levels are those commonly published for small machines (ISO 10816-3 zones and the condition-
monitoring literature); severity 1 is the severe end, and everything grows in proportion to it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from simulator.errors import SimulatorError
from simulator.machines.designs import MotorDesign
from simulator.machines.impacts import Impacts, damages
from simulator.machines.shaft import Turn
from simulator.machines.signature import Noise

Array = NDArray[np.float64]

UNBALANCE_GROWTH = 7.0  # 1x grows to eight times
MISALIGNMENT_MM_S = 4.5  # axial 2x
BROADBAND_GROWTH = 2.0  # 50-1000 Hz grows to three times
BENT_MM_S = 1.0  # axial 1x
LOOSENESS_MM_S = 3.0
RUB_MM_S = 2.0
GEAR_G = 0.1
CAVITATION_G = 0.2
STEADY = 0.35  # spread of cavitation bursts, natural log
BURST_S = 0.05


class Damaged(Protocol):
    """One fault on one machine, at the internal rate."""

    def shake(self, turn: Turn, severity: Array) -> Array:
        """Return what is added during ``turn``, shape (n, 3), g; ``severity`` (n,), 0..1."""
        ...


@dataclass(frozen=True)
class Tones:
    """A fault that is a set of orders of the shaft: (order, mm/s rms on x, y, z, phase)."""

    design: MotorDesign
    lines: tuple[tuple[float, tuple[float, float, float], float], ...]

    def shake(self, turn: Turn, severity: Array) -> Array:
        """See ``Damaged``."""
        total = np.zeros((len(turn), 3))
        for order, velocity, phase in self.lines:
            peak = [self.design.peak_g(v, order) for v in velocity]
            turned = order * turn.angle[:, None] + phase + np.asarray(self.design.leads)
            total += np.cos(turned) * peak
        return np.asarray((severity * turn.force)[:, None] * total)


def unbalance(design: MotorDesign, rate_hz: float, rng: np.random.Generator) -> Damaged:
    """1x grows with the square of speed, turning from x to y."""
    del rate_hz, rng
    grown = UNBALANCE_GROWTH * design.velocity_mm_s
    x, y, z = (grown * gain for gain in design.gains)
    return Tones(design, ((1.0, (x, y, z), design.phases[0]),))


def misalignment(design: MotorDesign, rate_hz: float, rng: np.random.Generator) -> Damaged:
    """Axial 2x with 1x and 3x, a trace of it radial (the textbook's picture)."""
    del rate_hz, rng
    v = MISALIGNMENT_MM_S
    return Tones(
        design,
        (
            (1.0, (0.0, 0.0, 0.5 * v), np.pi),
            (2.0, (0.15 * v, 0.1 * v, v), np.pi),
            (3.0, (0.0, 0.0, 0.375 * v), np.pi),
        ),
    )


def bent_shaft(design: MotorDesign, rate_hz: float, rng: np.random.Generator) -> Damaged:
    """Axial 1x and some 2x; small at low speed."""
    del rate_hz, rng
    v = BENT_MM_S
    lines = ((1.0, (0.2 * v, 0.1 * v, v), 0.0), (2.0, (0.0, 0.0, 0.4 * v), 0.8))
    return Tones(design, lines)


class BroadbandMisalignment:
    """Noise from 50 to 1000 Hz grows, as on a recorded rig, and no tone with it."""

    # Of the floor's power in that band (0.405), over that of the noise itself (0.907).
    FLOOR_SHARE = 0.446

    def __init__(self, design: MotorDesign, rate_hz: float, rng: np.random.Generator) -> None:
        self._noise = Noise((50.0, 1000.0), rate_hz, rng)
        self._floor_g = 1e-3 * np.asarray(design.floor_mg) * np.sqrt(self.FLOOR_SHARE)

    def shake(self, turn: Turn, severity: Array) -> Array:
        """See ``Damaged``."""
        grown = np.sqrt((1.0 + BROADBAND_GROWTH * severity) ** 2 - 1.0)
        noise = self._noise.take(len(turn)) * self._floor_g
        return np.asarray((grown * turn.force)[:, None] * noise)


class Looseness:
    """1x..10x falling as h^-0.7 with halves between, mostly vertical, clipped by the stop."""

    ORDERS = (*(float(h) for h in range(1, 11)), 0.5, 1.5, 2.5)
    DIRECTIONS = np.array([0.4, 1.0, 0.2])
    STOP = 0.6  # of the unclipped peak

    def __init__(self, design: MotorDesign, rate_hz: float, rng: np.random.Generator) -> None:
        del rate_hz
        shares = np.array([h**-0.7 for h in self.ORDERS])
        shares[-3:] *= 0.5
        velocity = LOOSENESS_MM_S * shares / np.sqrt((shares**2).sum())
        self._lines = [
            (order, design.peak_g(v, order), rng.uniform(0, 2 * np.pi))
            for order, v in zip(self.ORDERS, velocity.tolist(), strict=True)
        ]
        self._stop_g = self.STOP * np.sqrt(sum(peak**2 for _, peak, _ in self._lines))

    def shake(self, turn: Turn, severity: Array) -> Array:
        """See ``Damaged``."""
        rattle = np.zeros(len(turn))
        for order, peak, phase in self._lines:
            rattle += peak * turn.tone(order, phase)
        clipped = np.clip(rattle, -self._stop_g, self._stop_g)
        return np.outer(severity * turn.force * clipped, self.DIRECTIONS)


class Gear:
    """Mesh of a damaged gear; its sidebands grow from 0.2 to 0.8 of the mesh."""

    DIRECTIONS = np.array([1.0, 0.8, 0.5])
    PHASE_SWING = 0.5  # rad

    def __init__(self, design: MotorDesign, rate_hz: float, rng: np.random.Generator) -> None:
        del rate_hz, rng
        self._teeth = design.teeth

    def shake(self, turn: Turn, severity: Array) -> Array:
        """See ``Damaged``."""
        cosine, _ = turn.carriers
        mesh = np.cos(self._teeth * turn.angle + self.PHASE_SWING * cosine)
        modulation = 1.0 + (0.2 + 0.6 * severity) * cosine
        return np.outer(GEAR_G * severity * turn.force * modulation * mesh, self.DIRECTIONS)


class Cavitation:
    """Noise from 0.5 to 5 kHz that swells with each vane and comes in bursts."""

    DIRECTIONS = np.array([1.0, 0.8, 0.5])
    DEPTH = 0.8

    def __init__(self, design: MotorDesign, rate_hz: float, rng: np.random.Generator) -> None:
        self._noise, self._rng = Noise((500.0, 5000.0), rate_hz, rng), rng
        self._vanes = design.vanes
        self._burst = max(1, round(BURST_S * rate_hz))
        self._strengths = self._draw(2)
        self._at = 0.0  # samples since the first of them

    def shake(self, turn: Turn, severity: Array) -> Array:
        """See ``Damaged``."""
        swell = (1.0 + self.DEPTH * turn.tone(self._vanes)) / np.sqrt(1.0 + self.DEPTH**2 / 2)
        strength = CAVITATION_G * severity * turn.force * swell * self._bursts(len(turn))
        return np.asarray(strength[:, None] * self._noise.take(len(turn)) * self.DIRECTIONS)

    def _bursts(self, n: int) -> Array:
        """Strength of the bursts, shape (n,); it glides from one to the next."""
        position = (self._at + np.arange(1, n + 1)) / self._burst
        missing = int(position[-1]) + 2 - len(self._strengths)
        self._strengths = np.concatenate([self._strengths, self._draw(max(missing, 0))])
        strength = np.interp(position, np.arange(len(self._strengths)), self._strengths)
        done = int(position[-1])
        self._strengths = self._strengths[done:]
        self._at += n - done * self._burst
        return np.asarray(strength)

    def _draw(self, count: int) -> Array:
        return np.asarray(np.exp(STEADY * self._rng.standard_normal(count) - STEADY**2))


class Rub:
    """The shaft touches: the crests of 1x are cut off, with a half and a third of 1x."""

    DIRECTIONS = np.array([1.0, 0.8, 0.1])
    CONTACT = 0.5  # cosine of the angle at which it touches
    MEAN = -0.218  # of the cut; a housing that stays where it is has no mean acceleration

    def __init__(self, design: MotorDesign, rate_hz: float, rng: np.random.Generator) -> None:
        del rate_hz, rng
        self._peak_g = design.peak_g(RUB_MM_S)

    def shake(self, turn: Turn, severity: Array) -> Array:
        """See ``Damaged``."""
        cosine, _ = turn.carriers
        cut = -np.maximum(cosine - self.CONTACT, 0.0) / (1.0 - self.CONTACT) - self.MEAN
        rubbed = cut + 0.4 * turn.tone(0.5) + 0.3 * turn.tone(1.0 / 3.0)
        return np.outer(self._peak_g * severity * turn.force * rubbed, self.DIRECTIONS)


@dataclass(frozen=True)
class MachineFault:
    """A family: one sentence, and how it is built on a machine."""

    summary: str
    build: Callable[[MotorDesign, float, np.random.Generator], Damaged]
    axis: str = "all"


def _bearing(name: str) -> Callable[[MotorDesign, float, np.random.Generator], Damaged]:
    def build(design: MotorDesign, rate_hz: float, rng: np.random.Generator) -> Damaged:
        damage = damages(design)[name]
        return Impacts(design, damage, peak_g=design.bearing_g, rate_hz=rate_hz, rng=rng)

    return build


MACHINE_FAULTS: dict[str, MachineFault] = {
    "unbalance": MachineFault("1x grows up to eight times", unbalance),
    "misalignment": MachineFault("axial 2x up to 4.5 mm/s, with 1x and 3x", misalignment),
    "misalignment_broadband": MachineFault(
        "50-1000 Hz grows up to three times, no tone", BroadbandMisalignment
    ),
    "bent_shaft": MachineFault("axial 1x up to 1 mm/s, and 2x", bent_shaft),
    "looseness": MachineFault("1x to 10x and halves, vertical, up to 3 mm/s, clipped", Looseness),
    "bearing_outer": MachineFault("impacts up to 0.2 g at BPFO", _bearing("bearing_outer")),
    "bearing_inner": MachineFault("impacts up to 0.2 g at BPFI", _bearing("bearing_inner")),
    "bearing_ball": MachineFault("impacts up to 0.2 g at 2 BSF", _bearing("bearing_ball")),
    "bearing_cage": MachineFault("impacts up to 0.2 g at FTF", _bearing("bearing_cage")),
    "gear": MachineFault("mesh up to 0.1 g with sidebands of 0.2 to 0.8", Gear),
    "cavitation": MachineFault("0.5-5 kHz noise up to 0.2 g rms, by vane pass", Cavitation),
    "rub": MachineFault("crests cut off, with 1/2 and 1/3 of 1x", Rub),
}


def machine_fault_named(family: str) -> MachineFault:
    """Look a family up.

    Raises:
        SimulatorError: If there is none of that name.
    """
    if family not in MACHINE_FAULTS:
        allowed = ", ".join(MACHINE_FAULTS)
        raise SimulatorError(f"unknown machine fault {family!r}; allowed: {allowed}")
    return MACHINE_FAULTS[family]
