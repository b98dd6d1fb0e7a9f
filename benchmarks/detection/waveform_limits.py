"""How small a fault may be that is heard in a waveform, by rate and sensor.

Machines that set the threshold and machines that are judged are others; each machine's own first
minute is its normal (its mean column is subtracted, as commissioning does). A decision is the mean
of all blocks within 5 s; its score is the largest column by |z|, the threshold the largest of
normal decisions times 1.25, most of them of other days than the minute. No network takes part:
this is what the front end is worth by itself.
s50 and s90 are the smallest severities found in half and in 90 % of the cases, with 95 % intervals.
The last row is of the cases of 0.25 and above that ``simulator sees`` calls visible behind this
sensor at this rate, with the families of which fewer than 95 % are found.

    python -m benchmarks.detection.waveform_limits --quick
    python -m benchmarks.detection.waveform_limits --sensors adxl355,adxl345 --severities 0.25,0.5
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from math import inf

import numpy as np
import numpy.typing as npt

from benchmarks.detection.waveform_machines import Unit, View, columns, planned, reported, shaken
from detector.cli.options import severities, some_of
from detector.frontends.waveform import WaveformFrontEnd
from detector.frontends.waveform_plan import BLOCK_S
from detector.sessions.windows import windows
from detector.training.lab.limits import Curve, Limit, Trial, curve_of
from simulator.machines.motor import Samples
from simulator.machines.sensor import SENSORS
from simulator.machines.visibility import View as Seen
from simulator.machines.visibility import look

Array = npt.NDArray[np.float64]

FAMILIES = (
    "bearing_outer",
    "bearing_inner",
    "bearing_ball",
    "bearing_cage",
    "gear",
    "cavitation",
    "misalignment_broadband",
)
SEVERITIES = (0.005, 0.01, 0.015, 0.02, 0.03, 0.05, 0.1, 0.25, 0.5)
QUICK_SEVERITIES = (0.01, 0.015, 0.02, 0.03, 0.25)
RATES_HZ = (400.0, 1600.0, 3200.0, 12_800.0)
SPEEDS = (600.0, 1200.0)
COMMISSIONED_S, NORMAL_S, DECISION_S = 60.0, 30.0, 5.0
DAYS = (0, 2, 3, 4)  # numbers of normal sessions; the minute is of the first, faults come in 1
MARGIN = 1.25
SEED = 7  # of the intervals
LOUD = 0.25  # at and above it a fault that is visible must be found
MUST = 0.95  # of these


@dataclass(frozen=True)
class Known:
    """A unit behind one sensor: its own normal, and decisions while it is normal."""

    unit: Unit
    own: Array  # (K,)
    normal: Array  # (decisions, K)


@dataclass(frozen=True)
class Judge:
    """What other units make of a decision."""

    scale: Array
    threshold: float

    @classmethod
    def learnt(cls, units: Sequence[Known], least: Array) -> Judge:
        """From normal decisions of other units; ``least`` as the front end's ``resolution``."""
        normal = np.concatenate([one.normal - one.own for one in units])
        scale = np.maximum(normal.std(axis=0), least)
        return cls(scale, MARGIN * float(np.nanmax(np.abs(normal / scale))))

    def alarms(self, away: Array) -> npt.NDArray[np.bool_]:
        """Which decisions (n, K), own normal subtracted, are abnormal."""
        return np.asarray(np.nanmax(np.abs(away / self.scale), axis=1) > self.threshold)


def main(arguments: list[str] | None = None) -> int:
    """Print a table for each sensor."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    names = parser.add_argument(
        "--sensors", default="adxl355", metavar="A,B", help=f"of {', '.join(SENSORS)}"
    )
    parser.add_argument("--units", type=int, default=8, help="machines of each speed, 4 or more")
    parser.add_argument("--rates", default=",".join(f"{rate:g}" for rate in RATES_HZ))
    parser.add_argument("--families", type=some_of(FAMILIES), default=FAMILIES, metavar="A,B")
    parser.add_argument("--severities", type=severities, default=SEVERITIES, metavar="A,B")
    parser.add_argument("--block", type=float, default=BLOCK_S, metavar="S",
        help=f"up to {DECISION_S:g} s, the time in which a decision is made")  # fmt: skip
    parser.add_argument("--quick", action="store_true", help="few units and severities")
    given = parser.parse_args(arguments)
    if unknown := set(given.sensors.split(",")) - set(SENSORS):
        parser.error(f"{names.dest}: {unknown.pop()!r}, allowed: {', '.join(SENSORS)}")
    if not 0 < given.block <= DECISION_S:
        parser.error(f"block: {given.block:g} s, allowed: above 0 and up to {DECISION_S:g} s")
    chosen = QUICK_SEVERITIES if given.quick else sorted(given.severities)
    units = 4 if given.quick else max(given.units, 4)
    views = [View(name, float(rate), given.block) for name in given.sensors.split(",")
             for rate in given.rates.split(",")]  # fmt: skip
    print(tables(views, units, given.families, chosen))
    return 0


def tables(
    views: Sequence[View], units: int, families: Sequence[str], severities: Sequence[float]
) -> str:
    """Markdown, one table for each sensor."""
    trials: dict[View, list[Trial]] = defaultdict(list)
    visible: dict[View, list[Trial]] = defaultdict(list)
    false: dict[View, list[float]] = defaultdict(list)
    for rpm in SPEEDS:
        machines = [Unit(rpm, seed) for seed in range(units)]
        fronts, known = _commissioned(machines, views)
        judges = {view: _judges(fronts[view], known[view]) for view in views}
        for number, unit in enumerate(machines):
            for view in views:
                one, judge = known[view][number], judges[view][number % 2]
                false[view].append(float(judge.alarms(one.normal - one.own).mean()))
            for family, severity, acc in _faults(unit, families, severities):
                for view in views:
                    one, judge = known[view][number], judges[view][number % 2]
                    decision = _decisions(fronts[view], acc, unit, 1, view)[:1]
                    found = bool(judge.alarms(decision - one.own).all())
                    trials[view].append(Trial(family, severity, unit.name, found))
                    if severity >= LOUD and family in _visible(rpm, view, severity):
                        visible[view].append(trials[view][-1])
    sensors = dict.fromkeys(view.sensor for view in views)
    return "\n\n".join(_table(name, views, trials, visible, false) for name in sensors)


@cache
def _visible(rpm: float, view: View, severity: float) -> frozenset[str]:
    """Families that leave a trace behind the sensor."""
    sights = look(Seen(Unit(rpm, 0).design, view.probe), severity, FAMILIES)
    return frozenset(sight.family for sight in sights if sight.verdict == "visible")


def _faults(
    unit: Unit, families: Sequence[str], severities: Sequence[float]
) -> Iterator[tuple[str, float, Samples]]:
    for family in families:
        for severity in severities:
            yield family, severity, shaken(unit, 1, DECISION_S, family, severity)


def _commissioned(
    machines: Sequence[Unit], views: Sequence[View]
) -> tuple[dict[View, WaveformFrontEnd], dict[View, list[Known]]]:
    fronts: dict[View, WaveformFrontEnd] = {}
    known: dict[View, list[Known]] = defaultdict(list)
    for unit in machines:
        days = [shaken(unit, day, NORMAL_S + (0.0 if day else COMMISSIONED_S)) for day in DAYS]
        for view in views:
            if view not in fronts:
                normal = reported(days[0], unit, DAYS[0], view)[0]
                fronts[view] = WaveformFrontEnd(planned(normal, unit.rpm, view))
            known[view].append(_known(fronts[view], days, unit, view))
    return fronts, known


def _known(front: WaveformFrontEnd, days: Sequence[Samples], unit: Unit, view: View) -> Known:
    acc, rpm = reported(days[0], unit, DAYS[0], view)
    first = round(COMMISSIONED_S * view.rate_hz)
    own = columns(front, acc[:first], rpm[:first]).mean(axis=0)
    parts = [_means(front, columns(front, acc[first:], rpm[first:]))]
    parts += [
        _decisions(front, seen, unit, day, view)
        for day, seen in zip(DAYS[1:], days[1:], strict=True)
    ]
    return Known(unit, own, np.concatenate(parts))


def _judges(front: WaveformFrontEnd, known: Sequence[Known]) -> tuple[Judge, Judge]:
    """Who judges the units of even and of odd numbers: each half learns from the other."""
    least = np.asarray(front.resolution)
    return Judge.learnt(known[1::2], least), Judge.learnt(known[0::2], least)


def _decisions(
    front: WaveformFrontEnd, seen: Samples, unit: Unit, session: int, view: View
) -> Array:
    return _means(front, columns(front, *reported(seen, unit, session, view)))


def _means(front: WaveformFrontEnd, blocks: Array) -> Array:
    """Mean over all blocks that lie within a decision's time, shape (decisions, K)."""
    period_s = front.sampling_period_s
    count = int((DECISION_S - front.block * period_s) / (front.hop * period_s) + 1e-9) + 1
    return np.asarray(windows(blocks, count).mean(axis=1))  # type: ignore[arg-type]  # of any float


def _table(
    sensor: str,
    views: Sequence[View],
    trials: dict[View, list[Trial]],
    visible: dict[View, list[Trial]],
    false: dict[View, list[float]],
) -> str:
    mine = [view for view in views if view.sensor == sensor]
    rows = [
        [family, *(_cell([t for t in trials[view] if t.family == family]) for view in mine)]
        for family in dict.fromkeys(trial.family for trial in trials[mine[0]])
    ]
    rows.append(["false", *(f"{np.mean(false[view]):.1%} of decisions" for view in mine)])
    rows.append([f"visible, >= {LOUD:g}", *(agreement(visible[view]) for view in mine)])
    head = [sensor, *(f"{view.rate_hz:g} Hz" for view in mine)]
    lines = [head, ["---"] * len(head), *rows]
    machines = len({trial.session for trial in trials[mine[0]]})
    caption = (
        f"{sensor}, {machines} machines, blocks of {mine[0].block_s:g} s; "
        f"s50 [95 %] / s90, and share found at {LOUD:g} and above"
    )
    return "\n".join([caption, "", *(f"| {' | '.join(line)} |" for line in lines)])


def agreement(visible: Sequence[Trial]) -> str:
    """How many visible faults are found, and the families of which too few are."""
    by_family: dict[str, list[bool]] = defaultdict(list)
    for trial in visible:
        by_family[trial.family].append(trial.found)
    missed = [
        f"{family} {sum(found)} of {len(found)}"
        for family, found in by_family.items()
        if sum(found) < MUST * len(found)
    ]
    told = f"{sum(trial.found for trial in visible)} of {len(visible)}"
    return f"{told} ({', '.join(missed)})" if missed else told


def _cell(trials: Sequence[Trial]) -> str:
    curve = curve_of(trials, SEED)
    loud = [trial.found for trial in trials if trial.severity >= LOUD]
    s50 = curve.s50
    interval = f"[{_told(s50.low, curve)}, {_told(s50.high, curve)}]"
    return f"{_told(s50.at, curve)} {interval} / {_limit(curve.s90, curve)}; {np.mean(loud):.0%}"


def _limit(limit: Limit, curve: Curve) -> str:
    return _told(limit.at, curve)


def _told(at: float, curve: Curve) -> str:
    least, most = curve.steps[0].severity, curve.steps[-1].severity
    if at == inf:
        return f"> {most:g}"
    return f"<= {least:g}" if at <= least else f"{at:.3f}"


if __name__ == "__main__":
    sys.exit(main())
