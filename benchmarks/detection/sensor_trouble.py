"""Broken sensors told from broken machines: every family of faults, on motors nobody has learnt.

Each seed is a new motor. Faults of its sensor are put into what it recorded, faults of the machine
into the machine, one after the other at each severity, and healthy sessions show each benign event.
A fault is *classed* when an alarm of kind `sensor` is there while it lasts, *called machine* when
one of kind `score` begins in that time and stays one. Families of the clock are told apart: a skew
of 200 ppm moves a time by less than a sample in half a minute.

    python -m benchmarks.detection.sensor_trouble --quick
    python -m benchmarks.detection.sensor_trouble --seeds 20 --keep /tmp/motors
    python -m benchmarks.detection.sensor_trouble --seeds 5 --scored
    python -m benchmarks.detection.sensor_trouble --seeds 0 --done-when
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from tqdm import tqdm

from benchmarks.detection.sensor_cases import cases, record, sent
from benchmarks.detection.sensor_line import SHIPPED, alarms_of
from detector.records import Alarm
from detector.scoring.bundle import load_bundle
from detector.sensors.normal import SensorNormal
from detector.training.lab.judging import AT_ONCE
from simulator.machines.faults import MACHINE_FAULTS
from simulator.recordings.session_request import Request

MODELS = Path(__file__).resolve().parents[2] / "models"
FIRST_SEED = 400_000  # far from the motors that anything was trained on or chosen by
AFTER_S = 3.0  # after its end, that an alarm may still come of a fault
BURST_S, BURST = 2.0, 2.0  # +6 dB


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rpm", type=float, nargs="+", default=[600.0, 1200.0])
    parser.add_argument("--seeds", type=int, default=20, help="motors at each speed (default: 20)")
    parser.add_argument("--first", type=int, default=FIRST_SEED, help="first seed")
    parser.add_argument("--minutes", type=float, default=8.0, help="of a session (default: 8)")
    parser.add_argument("--scored", action="store_true", help="with the shipped model: slower")
    parser.add_argument("--unlearnt", action="store_true", help="without what training has learnt")
    parser.add_argument("--families", nargs="+", help="only these")
    parser.add_argument("--keep", type=Path, help="folder that recordings are kept in")
    parser.add_argument("--done-when", action="store_true", help="bursts, and ten healthy runs")
    parser.add_argument("--quick", action="store_true", help="two motors at 600 rpm")
    args = parser.parse_args()
    logging.disable(logging.WARNING)  # every alarm is told there, too
    if args.quick:
        args.rpm, args.seeds = [600.0], 2
    if args.seeds:
        print(_table(args))
    if args.done_when:
        print(_bursts(args))
        print(_runs(args))
    return 0


def _table(args: argparse.Namespace) -> str:
    counts: dict[tuple[str, float], list[int]] = defaultdict(lambda: [0, 0, 0])
    healthy = [0, 0]
    for rpm in args.rpm:
        normal = _normal(args, rpm)
        model = _model(rpm) if args.scored else None
        for number in tqdm(range(args.seeds), unit="motor", leave=False):
            request = Request(rpm, 1, args.minutes, args.first + number)
            for case in cases(request, args.families, kept=args.keep):
                found = alarms_of(case.sent, model=model, normal=normal)
                for name, severity, start, end in case.episodes:
                    sensor = _has(found, "sensor", start, end)
                    machine = _has(found, "score", start, end)
                    row = counts[name, severity]
                    row[0] += 1
                    row[1] += sensor
                    row[2] += machine
                if not case.episodes:
                    healthy[0] += 1
                    healthy[1] += len(found)
    lines = ["| family | severity | faults | classed | called machine |", "|---|---|---|---|---|"]
    lines += [_row(*key, *counts[key]) for key in sorted(counts, key=_order)]
    lines.append(f"healthy and benign sessions: {healthy[1]} alarms in {healthy[0]}")
    return "\n".join(lines)


def _order(key: tuple[str, float]) -> tuple[bool, str, float]:
    return key[0] in MACHINE_FAULTS, *key


def _row(name: str, severity: float, faults: int, sensor: int, machine: int) -> str:
    shares = f"{sensor / faults:.0%} | {machine / faults:.0%}".replace("%", " %")
    return f"| {name} | {severity:g} | {faults} | {shares} |"


def _has(found: Sequence[Alarm], kind: str, start: float, end: float) -> bool:
    """Whether an alarm of a kind is there, or of the machine begins, in a time."""
    until = end + AFTER_S
    mine = [one for one in found if one.kind == kind and one.start < until]
    if kind == "score":
        return any(start <= one.start for one in mine)
    return any(one.end is None or one.end > start for one in mine)


def _normal(args: argparse.Namespace, rpm: float) -> SensorNormal | None:
    return None if args.unlearnt else load_bundle(_model(rpm)).document.sensors


def _model(rpm: float) -> Path:
    return MODELS / f"motor-{rpm:g}rpm"


def _bursts(args: argparse.Namespace) -> str:
    """Two seconds of twice the vibration, or of as much noise of one axis, every half minute."""
    lines = []
    for rpm in args.rpm:
        request = Request(rpm, 1, args.minutes, args.first, benign="wander")
        recorded, rng = record(request), np.random.default_rng(args.first)
        for name, axes, add in (("vibration", slice(None), 0.0), ("noise of one axis", 0, 1.0)):
            acc, count = recorded.acc.copy(), 0
            runs = recorded.rpm > 0.9 * rpm
            for start in range(6000, len(acc) - 3000, 3000):
                rows = slice(start, start + round(BURST_S * 100))
                if not runs[start - 500 : start + 700].all():
                    continue
                part = acc[rows, axes]
                moves = part - part.mean(axis=0)
                white = np.sqrt(BURST**2 - 1) * moves.std(axis=0) * rng.standard_normal(moves.shape)
                acc[rows, axes] += add * white if add else (BURST - 1) * moves
                count += 1
            session = sent(replace(recorded, acc=acc))
            for rule in (SHIPPED, AT_ONCE):
                found = alarms_of(session, model=_model(rpm), normal=_normal(args, rpm), rule=rule)
                kinds = Counter(one.kind for one in found)
                said = ", ".join(f"{n} {kind}" for kind, n in kinds.items()) or "none"
                lines.append(
                    f"{rpm:g} rpm: alarms of {count} bursts of 2 s at +6 dB, {name}, on-delay "
                    f"{rule.on_delay_s:g} s: {said}"
                )
    return "\n".join(lines)


def _runs(args: argparse.Namespace) -> str:
    """Ten healthy sessions of starts, runs and stops at each speed, with the shipped model."""
    lines = []
    for rpm in args.rpm:
        found: list[Alarm] = []
        for number in range(10):
            request = Request(rpm, 1, 2.0, args.first + number, benign="start_stop")
            session = sent(record(request))
            found += alarms_of(session, model=_model(rpm), normal=_normal(args, rpm))
        lines.append(f"{rpm:g} rpm: {len(found)} alarms of ten healthy start-run-stop sessions")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
