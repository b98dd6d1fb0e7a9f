"""Which faults of a recorded motor rig can be told from health behind a sensor of some rate.

Each 20 kHz recording of 2 s goes through an anti-alias filter and sampling at several rates, and
then through the front end ``waveform``, which knows the nominal speed and the size of the bearing.
Blocks of half a second are described; each machine (speed and load) is centred on the first half of
its own healthy recording, and all deviations are divided by the spread of these halves, of all
machines together. The second halves and the faulty recordings are ranked by the largest column.
AUC 1: every faulty block of both speeds and loads is farther from health than every healthy one of
any; 0.5: no difference. The rows *by* look at the columns alone that physics names for the fault.
Blocks of one recording overlap, and two recordings differ in more than the fault, as the last row
shows, which compares healthy recordings of one speed and two loads: this says "can" or "cannot" and
no rate.

    python -m benchmarks.detection.motor_rig --data DIR
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import signal
from sklearn.metrics import roc_auc_score

from benchmarks.simulation import rig
from benchmarks.simulation.rig import Condition
from detector.frontends.waveform import WaveformFrontEnd
from detector.frontends.waveform_plan import Machine, plan_waveform
from detector.sessions.windows import windows
from simulator.errors import SimulatorError
from simulator.machines.sensor import low_pass

Array = npt.NDArray[np.float64]

RATES_HZ = (100, 400, 2000, 5000, 10_000, 20_000)
SEPARATES = 0.99


@dataclass(frozen=True)
class Question:
    """What is compared with healthy recordings.

    Attributes:
        title: First cell.
        change: Of a machine's condition, so that it is the other recording.
        kinds: Columns looked at begin so, behind the name of the input; all if empty.
        visible_hz: From which rate on the fault is to be seen; None where only some columns are
            asked, which tells how it is seen.
    """

    title: str
    change: Mapping[str, Any]
    kinds: tuple[str, ...] = ()
    visible_hz: int | None = None


# 1x is visible through a filtered sensor of 100 Hz, the impacts of a bearing from 1.6 kHz on.
IMBALANCE: Mapping[str, Any] = {"balance": "VHIL"}
RACE: Mapping[str, Any] = {"bearing": "LOR"}
QUESTIONS = (
    Question("heavy imbalance", IMBALANCE, visible_hz=100),
    Question("heavy imbalance, by orders", IMBALANCE, ("order",)),
    Question("light outer race", RACE, visible_hz=1600),
    Question("light outer race, by its lines in the envelope", RACE, ("outer",)),
)
MACHINES = tuple(Condition(rpm, load_lb) for rpm in (600, 1200) for load_lb in (0, 11))
FOLDER = "motor-rig"  # of the recorded data
BEARING = "6204"  # its size
AXES = ("x", "y", "z")
BLOCK_S, HOP_S = 0.5, 0.05
SETTLING_S = 0.15  # of the filter, left out at the start
LOW_PASS = 0.4  # corner, share of the output rate


@dataclass(frozen=True)
class Healthy:
    """A machine while healthy, in columns."""

    front: WaveformFrontEnd
    learnt: Array
    rest: Array


def main(arguments: list[str] | None = None) -> int:
    """Print the table; returns the exit code."""
    known = os.environ.get("FAULTLINE_DATA")
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=known, required=not known, metavar="DIR",
        help=f"folder that holds {FOLDER}/ (default: FAULTLINE_DATA)")  # fmt: skip
    try:
        print(table(parser.parse_args(arguments).data / FOLDER))
    except SimulatorError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def table(folder: Path) -> str:
    """Return the Markdown; every recording of the rig takes part.

    Raises:
        SimulatorError: If one is missing or cannot be read.
    """
    recordings = {
        condition: rig.read(folder, condition)
        for machine in MACHINES
        for condition in (machine, replace(machine, **IMBALANCE), replace(machine, **RACE))
    }
    head = ["all speeds and loads", *(f"{rate} Hz" for rate in RATES_HZ)]
    rows = [[question.title] for question in QUESTIONS]
    loads = ["no fault: the other load"]
    for rate_hz in RATES_HZ:
        rig_at = RigAt.heard(recordings, rate_hz)
        for question, row in zip(QUESTIONS, rows, strict=True):
            row.append(_cell(question, rig_at.auc(question), rate_hz))
        loads.append(f"{rig_at.auc_of_loads():.3f}")
    lines = [head, ["---"] * len(head), *rows, loads]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


@dataclass(frozen=True)
class RigAt:
    """All machines of the rig at one rate."""

    recordings: Mapping[Condition, Array]
    healthy: Mapping[Condition, Healthy]
    spread: Mapping[str, float]

    @classmethod
    def heard(cls, recordings: Mapping[Condition, Array], rate_hz: int) -> RigAt:
        """Learn the healthy halves."""
        healthy = {machine: _healthy(recordings[machine], machine, rate_hz) for machine in MACHINES}
        return cls(recordings, healthy, _spread(list(healthy.values())))

    def auc(self, question: Question) -> float:
        """Both speeds and loads pooled; NaN where no such column is there at this rate."""
        others = {
            machine: _columns(one.front, self.recordings[replace(machine, **question.change)])
            for machine, one in self.healthy.items()
        }
        return self._pooled(others, question.kinds)

    def auc_of_loads(self) -> float:
        """Healthy recordings of the other load, as if they were a fault."""
        others = {
            machine: _columns(one.front, self.recordings[replace(machine, load_lb=load_lb)])
            for machine, one in self.healthy.items()
            for load_lb in {other.load_lb for other in MACHINES} - {machine.load_lb}
        }
        return self._pooled(others, ())

    def _pooled(self, others: Mapping[Condition, Array], kinds: tuple[str, ...]) -> float:
        near = [self._far(one, one.rest, kinds) for one in self.healthy.values()]
        far = [self._far(one, others[machine], kinds) for machine, one in self.healthy.items()]
        rest, odd = np.concatenate(near), np.concatenate(far)
        if np.isnan(rest).any() or np.isnan(odd).any():
            return float("nan")
        label = np.repeat([0, 1], [len(rest), len(odd)])
        return float(roc_auc_score(label, np.concatenate([rest, odd])))

    def _far(self, machine: Healthy, columns: Array, kinds: tuple[str, ...]) -> Array:
        """Largest column of each block; NaN if there is none of these kinds."""
        names = machine.front.columns
        scale = np.array([self.spread[name] for name in names])
        away = np.abs(columns - machine.learnt.mean(axis=0)) / scale
        of_kind = [name.partition(".")[2].startswith(kinds or ("",)) for name in names]
        return np.asarray(np.fmax.reduce(away[:, of_kind], axis=1, initial=np.nan))


def _healthy(acc: Array, machine: Condition, rate_hz: int) -> Healthy:
    seen = _sampled(acc, rate_hz)
    known = Machine(rpm=float(machine.rpm), bearing=BEARING)
    plan = plan_waveform(
        dict.fromkeys(AXES, "g"), rate_hz, seen, known, block_s=BLOCK_S, hop_s=HOP_S
    )
    front = WaveformFrontEnd(plan)
    half = len(seen) // 2
    return Healthy(front, *(_described(front, part) for part in (seen[:half], seen[half:])))


def _spread(machines: Sequence[Healthy]) -> dict[str, float]:
    """Deviation of each column about each machine's own mean, in its unit.

    A machine that cannot show a column at its speed says nothing of it.
    """
    away: dict[str, list[Array]] = {}
    least: dict[str, float] = {}
    for one in machines:
        columns = (one.learnt - one.learnt.mean(axis=0)).T
        for name, column, floor in zip(one.front.columns, columns, one.front.resolution,
                                       strict=True):  # fmt: skip
            away.setdefault(name, []).append(column)
            least[name] = max(floor, least.get(name, 0.0))
    return {
        name: max(float(np.concatenate(parts).std()), least[name]) for name, parts in away.items()
    }


def _columns(front: WaveformFrontEnd, acc: Array) -> Array:
    return _described(front, _sampled(acc, round(1 / front.sampling_period_s)))


def _described(front: WaveformFrontEnd, samples: npt.NDArray[np.float32]) -> Array:
    blocks = windows(samples, front.block)[:: front.hop]
    none = np.empty((len(blocks), front.block, 0), np.float32)
    return np.asarray(front.describe(blocks, none), np.float64)


def _sampled(acc: Array, rate_hz: int) -> npt.NDArray[np.float32]:
    """What a filtered sensor of this rate reports, shape (n, 3)."""
    factor = round(rig.RATE_HZ / rate_hz)
    if factor > 1:
        acc = signal.sosfilt(low_pass(LOW_PASS * rate_hz, rig.RATE_HZ), acc, axis=0)
    settled = acc[round(SETTLING_S * rig.RATE_HZ) :]
    return np.ascontiguousarray(settled[::factor], np.float32)


def _cell(question: Question, auc: float, rate_hz: int) -> str:
    if np.isnan(auc):
        return "-"
    if auc >= SEPARATES or question.visible_hz is None:
        return f"{auc:.3f}"
    return f"{auc:.3f} {'MISSED' if rate_hz >= question.visible_hz else 'cannot'}"


if __name__ == "__main__":
    sys.exit(main())
