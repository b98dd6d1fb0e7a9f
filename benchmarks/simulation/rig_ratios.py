"""Fault over healthy, simulated beside recorded on a real rig: the table of docs/simulator.md.

The simulated machine has 1x and broadband of the rig's own healthy recordings; each fault is the
simulator's, at one severity for all rows. Ratios are of the rms of three axes together. The
levels of the healthy machines come with them, as a ratio is only as good as what it divides by.

    python -m benchmarks.simulation.rig_ratios --data DIR
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.simulation import rig
from benchmarks.simulation.rig import COLUMNS, Condition, Figures
from benchmarks.simulation.rig_machines import SEVERITIES, louder, rig_design, simulate
from simulator.errors import SimulatorError
from simulator.machines.designs import MotorDesign

SPEEDS, LOADS_LB = (600, 1200), (11, 0)
FOLDER = "motor-rig"  # of the recorded data
FAR = 1.5  # a simulated ratio so many times the recorded one, or its share, is no match


@dataclass(frozen=True)
class Row:
    """One fault at one speed and load: what it does to each figure, on each axis."""

    family: str
    condition: Condition
    design: MotorDesign
    simulated: tuple[Figures, Figures]
    recorded: tuple[Figures, Figures]

    @property
    def title(self) -> str:
        """First cell."""
        return f"{self.family}, {self.machine}"

    @property
    def machine(self) -> str:
        """Speed and load."""
        load = f"{self.condition.load_lb} lb" if self.condition.load_lb else "no load"
        return f"{self.condition.rpm} rpm, {load}"

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
    known = os.environ.get("FAULTLINE_DATA")
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=known, required=not known, metavar="DIR",
        help=f"folder that holds {FOLDER}/ (default: FAULTLINE_DATA)")  # fmt: skip
    try:
        print(tables(parser.parse_args(arguments).data / FOLDER))
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
            rows.append(Row(family, condition, design, simulated, (normal, found)))
    return "\n\n".join(
        [
            _caption(times),
            _table(rows),
            _axis_table(rows),
            _levels(rows),
            _between(healthy),
            _at_preset(rows),
        ]
    )


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


def _levels(rows: list[Row]) -> str:
    """The healthy machines that the ratios divide by."""
    cells = [
        [
            row.machine,
            *(
                _cell(*(1e3 * rig.vector(one[0][column]) for one in (row.simulated, row.recorded)))
                for column in COLUMNS
            ),
        ]
        for row in rows
        if row.family == "unbalance"
    ]
    return _markdown(["healthy, mg rms", *COLUMNS], cells)


def _at_preset(rows: list[Row]) -> str:
    """What the presets' own impacts would do on this rig, at full severity."""
    impacts_g = MotorDesign.bearing_g
    full = impacts_g / SEVERITIES["bearing_outer"]
    grown = []
    for row in (row for row in rows if row.family == "bearing_outer"):
        fault = simulate(replace(row.design, bearing_g=full), row.family)
        healthy, _ = row.simulated
        grown.append([rig.vector(fault[name]) / rig.vector(healthy[name]) for name in COLUMNS])
    most = zip(COLUMNS, np.max(grown, axis=0).tolist(), strict=True)
    told = ", ".join(f"{name} {ratio:.2f}" for name, ratio in most)
    return f"With impacts of the presets' {impacts_g:g} g the largest simulated ratios are: {told}."


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
