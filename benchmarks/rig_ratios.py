"""Fault over healthy, simulated beside recorded on a real rig: the table of docs/simulator.md.

The simulated machine has 1x and broadband of the rig's own healthy recordings; each fault is the
simulator's, at one severity for all rows. Ratios are of the rms of three axes together.

    python benchmarks/rig_ratios.py --data DIR/motor-rig
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import rig
from numpy.typing import NDArray
from rig import COLUMNS, FILTERED, FLOOR, UNFILTERED, Condition, Figures

from simulator.damage import Damage
from simulator.designs import MOTORS, STANDARD_GRAVITY_MM_S2, MotorDesign
from simulator.errors import SimulatorError
from simulator.motor import INTERNAL_HZ, Motor
from simulator.profile import CALM, STEADY
from simulator.sensor import SENSORS, Probe

Array = NDArray[np.float64]

SPEEDS, LOADS_LB = (600, 1200), (11, 0)
SEVERITIES = {"unbalance": 1.0, "bearing_outer": 0.25}
UNITS = 4  # simulated of each machine
CUTS = 10  # of 2 s each
FAR = 1.5  # a simulated ratio so many times the recorded one, or its share, is no match


@dataclass(frozen=True)
class Row:
    """One fault at one speed and load: what it does to each figure, on each axis."""

    family: str
    condition: Condition
    simulated: tuple[Figures, Figures]
    recorded: tuple[Figures, Figures]

    @property
    def title(self) -> str:
        """First cell."""
        load = f"{self.condition.load_lb} lb" if self.condition.load_lb else "no load"
        return f"{self.family}, {self.condition.rpm} rpm, {load}"

    def ratios(self, column: str) -> tuple[float, float]:
        """Simulated and recorded ratio of the vector sums."""
        return tuple(  # type: ignore[return-value]
            rig.vector(fault[column]) / rig.vector(healthy[column])
            for healthy, fault in (self.simulated, self.recorded)
        )

    def axis_ratios(self, column: str, axis: int) -> tuple[float, float]:
        """The same of one axis."""
        return tuple(  # type: ignore[return-value]
            float(fault[column][axis] / healthy[column][axis])
            for healthy, fault in (self.simulated, self.recorded)
        )


def main(arguments: list[str] | None = None) -> int:
    """Print the tables; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True, metavar="DIR",
        help="folder of the recordings")  # fmt: skip
    try:
        print(tables(parser.parse_args(arguments).data))
    except SimulatorError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def tables(folder: Path) -> str:
    """Return the Markdown."""
    healthy = {
        condition: rig.recorded(rig.read(folder, condition), condition.rpm)
        for condition in (Condition(rpm, load) for rpm in SPEEDS for load in LOADS_LB)
    }
    times = louder(healthy)
    rows = []
    for family, bearing, balance in (
        ("unbalance", "GoB", "VHIL"),
        ("bearing_outer", "LOR", "BaLo"),
    ):
        for condition in (Condition(r, lb, bearing, balance) for r in SPEEDS for lb in LOADS_LB):
            normal = healthy[condition.healthy]
            design = rig_design(condition.rpm, normal, times)
            simulated = (simulate(design, None), simulate(design, family))
            found = rig.recorded(rig.read(folder, condition), condition.rpm)
            rows.append(Row(family, condition, simulated, (normal, found)))
    return "\n\n".join([_caption(times), _table(rows), _axis_table(rows), _between(healthy)])


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


def _caption(times: float) -> str:
    impacts_g = SEVERITIES["bearing_outer"] * times * MotorDesign.bearing_g
    return (
        f"Fault over healthy, simulated / recorded; ⚠ where one is over {FAR:g} times the other. "
        f"The rig's broadband is {times:.0f} times that of the presets, so its impacts are too. "
        f"Severity in all rows: unbalance {SEVERITIES['unbalance']:g} (1x eight times), "
        f"bearing_outer {SEVERITIES['bearing_outer']:g} (impacts of {impacts_g:.1f} g)."
    )


def _table(rows: list[Row]) -> str:
    cells = [[row.title, *(_cell(*row.ratios(column)) for column in COLUMNS)] for row in rows]
    return _markdown(["fault over healthy", *COLUMNS], cells)


def _axis_table(rows: list[Row]) -> str:
    cells = [
        [row.title, *(_cell(*row.axis_ratios("1x", axis)) for axis in range(3))]
        for row in rows
        if row.family == "unbalance"
    ]
    return _markdown(["1x on each axis", "x", "y", "z"], cells)


def _between(healthy: Mapping[Condition, Figures]) -> str:
    """How far two recordings of a healthy machine lie apart."""
    parts = []
    for column in COLUMNS:
        ratios = [
            rig.vector(healthy[Condition(rpm, LOADS_LB[0])][column])
            / rig.vector(healthy[Condition(rpm, LOADS_LB[1])][column])
            for rpm in SPEEDS
        ]
        parts.append(f"{column} " + " and ".join(f"{ratio:.2f}" for ratio in ratios))
    speeds = " and ".join(str(rpm) for rpm in SPEEDS)
    return f"Healthy with load over healthy without, recorded, {speeds} rpm: {', '.join(parts)}."


def _cell(simulated: float, recorded: float) -> str:
    apart = max(simulated / recorded, recorded / simulated)
    return f"{simulated:.1f} / {recorded:.1f}" + (" ⚠" if apart > FAR else "")


def _markdown(head: list[str], rows: list[list[str]]) -> str:
    rule = ["---", *("---:" for _ in head[1:])]
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, rule, *rows])


if __name__ == "__main__":
    sys.exit(main())
