"""The shipped waveform model on simulated motors it has not seen: faults in bursts, and health.

Every family at every severity is heard in three bursts of 2 s by each machine, as it is: nothing
was learnt of this machine before. A fault is found if the usual alarm rule raises an alarm in them;
an alarm while a machine is healthy, with all that is normal, is false.

    python -m benchmarks.detection.waveform_model
    python -m benchmarks.detection.waveform_model --model NAME --units 2 --minutes 10
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from benchmarks.detection.waveform_limits import FAMILIES
from benchmarks.detection.waveform_machines import Unit, View, reported, shaken
from detector.alarms.lifecycle import AlarmState, advance, rule_of
from detector.records import Frame, Samples
from detector.scoring.bundle import Bundle, load_bundle
from detector.scoring.front_stream import ScoringStream, stream_for
from detector.scoring.stream import score_samples
from detector.settings.sessions import SessionSettings
from detector.thresholds.methods import false_alarms_per_day_bound
from detector.training.lab.judging import AT_ONCE
from simulator.machines.designs import FEATURES
from simulator.machines.motor import Motor
from simulator.machines.sensor import SENSORS, Probe
from simulator.recordings.bursts import Bursts

MODEL = Path(__file__).resolve().parents[2] / "models" / "motor-waveform"
SPEEDS = (600.0, 1200.0)
FIRST_SEED = 400_000  # far from the motors trained on
SEVERITIES = (0.02, 0.05, 0.1, 0.25, 0.5)
SHAPES = ("unbalance", "looseness")  # beside what only a waveform shows
BURSTS, BURST_S = 3, 2.0
HEARD = Bursts(BURST_S, 10.0)
HF = View("adxl355", 12_800.0)


def main(arguments: list[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--model", type=Path, default=MODEL, help="(default: the shipped one)")
    parser.add_argument("--units", type=int, default=4, help="machines of each speed")
    parser.add_argument("--minutes", type=float, default=30.0, help="of health of each machine")
    given = parser.parse_args(arguments)
    bundle = load_bundle(given.model)
    units = [Unit(rpm, FIRST_SEED + number) for rpm in SPEEDS for number in range(given.units)]
    print(
        f"{bundle.name}: faults found in {BURSTS} bursts of {BURST_S:g} s, {len(units)} machines\n"
    )
    print(_table(bundle, units))
    print(f"\n{_health(bundle, units, given.minutes)}")
    return 0


def alarms(bundle: Bundle, sessions: Iterable[Samples]) -> tuple[int, int]:
    """Alarms raised, and windows judged, in bursts one after the other."""
    rules, settings = SessionSettings(), AT_ONCE
    rule, state = rule_of(settings, bundle.card()), AlarmState()
    stream: ScoringStream = stream_for("m", (*FEATURES, "rpm"), bundle, rules, in_a_row=settings.n)
    raised = judged = 0
    for samples in sessions:
        for frame in score_samples(stream, samples, chunk=256, arrival=0.0):
            windows = list(_windows(frame))
            state, transitions = advance(rule, state, windows)
            raised += sum(one.kind == "raised" for one in transitions)
            judged += len(windows)
    return raised, judged


def _windows(frame: Frame) -> Iterator[tuple[float, int]]:
    for ts, score, is_judged in zip(frame.ts, frame.score, frame.judged, strict=True):
        if is_judged and np.isfinite(score):
            yield float(ts), int(score > frame.threshold)


def _table(bundle: Bundle, units: Sequence[Unit]) -> str:
    head = ["", *(f"{severity:g}" for severity in SEVERITIES)]
    rows = [
        [family, *(_found(bundle, units, family, severity) for severity in SEVERITIES)]
        for family in (*FAMILIES, *SHAPES)
    ]
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _found(bundle: Bundle, units: Sequence[Unit], family: str, severity: float) -> str:
    raised = [alarms(bundle, _faulty(unit, family, severity))[0] > 0 for unit in units]
    return f"{sum(raised)} of {len(raised)}"


def _faulty(unit: Unit, family: str, severity: float) -> Iterator[Samples]:
    seen = shaken(unit, 1, BURSTS * BURST_S, family, severity)
    acc, rpm = reported(seen, unit, 1, HF)
    values = np.column_stack([acc, rpm]).astype(np.float32)
    n = round(BURST_S * HF.rate_hz)
    for number in range(BURSTS):
        part = values[number * n : (number + 1) * n]
        yield _burst(number, np.arange(len(part)) / HF.rate_hz, part)


def _burst(number: int, since_s: np.ndarray, values: np.ndarray) -> Samples:
    at = number * HEARD.every_s + since_s
    return Samples((*FEATURES, "rpm"), at, values, str(number))


def _health(bundle: Bundle, units: Sequence[Unit], minutes: float) -> str:
    counts = [alarms(bundle, _healthy(unit, minutes)) for unit in units]
    raised, judged = (sum(column) for column in zip(*counts, strict=True))
    hours = judged * bundle.document.sampling_period_s / 3600
    watched = len(units) * minutes / 60
    bound = false_alarms_per_day_bound(raised, watched)
    return (
        f"Health: {raised} alarms in {watched:.1f} h of {len(units)} machines, {hours:.2f} h heard "
        f"and judged; at most {bound:.2g} a day with 95 % confidence."
    )


def _healthy(unit: Unit, minutes: float) -> Iterator[Samples]:
    motor = Motor(
        unit.design, seed=unit.seed, session=2, probe=Probe(SENSORS["adxl355"], HF.rate_hz)
    )
    n = round(HEARD.every_s * HF.rate_hz)
    for number in range(round(60 * minutes / HEARD.every_s)):
        seen = motor.block(n)
        values = np.column_stack([seen.acc, seen.rpm]).astype(np.float32)
        kept = round(HEARD.length_s * HF.rate_hz)
        yield _burst(number, np.arange(kept) / HF.rate_hz, values[:kept])


if __name__ == "__main__":
    sys.exit(main())
