"""Simulated machines with the levels of the recorded rig's healthy ones.

Only healthy recordings are used; faults are the simulator's, at one severity each.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from benchmarks.simulation import rig
from benchmarks.simulation.rig import FILTERED, FLOOR, UNFILTERED, Condition, Figures
from simulator.machines.damage import Damage
from simulator.machines.designs import MOTORS, STANDARD_GRAVITY_MM_S2, MotorDesign
from simulator.machines.motor import INTERNAL_HZ, Motor
from simulator.machines.profile import CALM, STEADY
from simulator.machines.sensor import SENSORS, Probe

Array = NDArray[np.float64]

SEVERITIES = {"unbalance": 1.0, "bearing_outer": 0.25}
UNITS = 4  # simulated of each machine
CUTS = 10  # of 2 s each


def louder(healthy: Mapping[Condition, Figures]) -> float:
    """The rig's broadband over that of the presets, the geometric mean of its healthy recordings.

    A structure that answers its healthy machine so strongly answers an impact so, too.
    """
    shares = [
        np.log(1e3 * rig.vector(figures[FLOOR]) / np.linalg.norm(_preset(condition.rpm).floor_mg))
        for condition, figures in healthy.items()
    ]
    return float(np.exp(np.mean(shares)))


def rig_design(rpm: int, healthy: Figures, times: float) -> MotorDesign:
    """Give the preset 1x and broadband of a healthy recording, and impacts ``times`` as large."""
    preset = _preset(rpm)
    first_g = healthy["1x"]
    velocity = STANDARD_GRAVITY_MM_S2 * first_g[0] / (2 * np.pi * preset.rated_hz)
    return replace(
        preset,
        velocity_mm_s=float(velocity),
        gains=_three(first_g / first_g[0]),
        floor_mg=_three(1e3 * healthy[FLOOR]),
        bearing_g=times * preset.bearing_g,
    )


def simulate(design: MotorDesign, family: str | None) -> dict[str, Array]:
    """Figures of a simulated machine, healthy or with a fault; the mean in power of some units."""
    units = [_unit(design, family, seed) for seed in range(UNITS)]
    return {name: rig.rms_of([unit[name] for unit in units]) for name in units[0]}


def _unit(design: MotorDesign, family: str | None, seed: int) -> dict[str, Array]:
    acc = _acc(design, family, seed, Probe(SENSORS["ideal"], INTERNAL_HZ, filtered=False))
    cuts = [rig.bands(cut, INTERNAL_HZ, design.rated_hz) for cut in np.split(acc, CUTS)]
    sampled = {
        name: _acc(design, family, seed, Probe(rig.QUIET, rig.PROBE_HZ, filtered=filtered))
        for name, filtered in ((FILTERED, True), (UNFILTERED, False))
    }
    true = {name: rig.rms_of([cut[name] for cut in cuts]) for name in cuts[0]}
    return true | {name: reported[rig.SETTLE :].std(axis=0) for name, reported in sampled.items()}


def _acc(design: MotorDesign, family: str | None, seed: int, probe: Probe) -> Array:
    damages = [Damage(family, SEVERITIES[family], 0.0, 0.0, 1e9)] if family else []
    motor = Motor(
        design,
        seed=seed,
        probe=probe,
        habits=replace(CALM, durations=STEADY),
        begin_running=True,
        damages=damages,
    )
    return motor.block(round(CUTS * rig.SECONDS * probe.rate_hz)).acc


def _preset(rpm: int) -> MotorDesign:
    return MOTORS[f"motor-{rpm}"]


def _three(values: Array) -> tuple[float, float, float]:
    x, y, z = values.tolist()
    return x, y, z
