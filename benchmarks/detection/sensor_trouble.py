"""Broken sensors told from broken machines: every family of faults, on motors nobody has learnt.

Each seed is a new motor. Faults of its sensor are put into what it recorded, faults of the machine
into the machine, one after the other at each severity, and healthy sessions show each benign event.
A fault is *classed* when an alarm of kind `sensor` is there while it lasts, *called machine* when
one of kind `score` begins in that time and stays one. Families of the clock are told apart: a skew
of 200 ppm moves a time by less than a sample in half a minute.

    python -m benchmarks.detection.sensor_trouble --quick
    python -m benchmarks.detection.sensor_trouble --seeds 20
    python -m benchmarks.detection.sensor_trouble --seeds 5 --scored
    python -m benchmarks.detection.sensor_trouble --seeds 0 --done-when
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from tqdm import tqdm

from benchmarks.detection.sensor_line import Sent, alarms_of
from detector.records import Alarm, Samples
from detector.scoring.bundle import load_bundle
from detector.sensors.normal import SensorNormal
from simulator.faults.inject import FAULTS, Healthy, Signal, fault_on
from simulator.machines.damage import Damage
from simulator.machines.designs import FEATURES
from simulator.machines.faults import MACHINE_FAULTS
from simulator.machines.motor import Samples as Recorded
from simulator.machines.profile import BENIGN, CONTROL_HZ
from simulator.recordings.session_request import Request

MODELS = Path(__file__).resolve().parents[2] / "models"
FIRST_SEED = 400_000  # far from the motors that anything was trained on or chosen by
EPOCH_S = 1_700_000_000.0
SEVERITIES = (0.5, 1.0, 0.25)
RAMPS_S = (0.0, 5.0, 30.0)
LASTS_S, APART_S, FIRST_S, MARGIN_S = (20.0, 40.0), (60.0, 120.0), (10.0, 30.0), 5.0
CHUNK = 3000
AFTER_S = 3.0  # after its end, that an alarm may still come of a fault
BURST_S, BURST = 2.0, 2.0  # +6 dB


@dataclass(frozen=True, slots=True)
class Case:
    """A session with faults of one family.

    Attributes:
        family: Of its faults; a benign event where there are none.
        sent: What the device sends.
        episodes: Name and severity, first and last second of each fault.
    """

    family: str
    sent: Sent
    episodes: Sequence[tuple[str, float, float, float]]


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
            for case in _cases(args, rpm, args.first + number):
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


def _cases(args: argparse.Namespace, rpm: float, seed: int) -> Iterator[Case]:
    request = Request(rpm, 1, args.minutes, seed)
    wanted = args.families or [*FAULTS, *MACHINE_FAULTS, *BENIGN]
    rng = np.random.default_rng(seed)
    operation = request.motor(0).profile.take(round(60.0 * args.minutes * CONTROL_HZ))
    damages = _places(operation.speed > 0.9, rng, seed)
    recorded = _record(request)
    if not args.families:
        yield Case("healthy", _sent(recorded), [])
    for family in wanted:
        if family in FAULTS:
            yield _with_sensor_fault(family, recorded, damages, rpm, rng)
        elif family in MACHINE_FAULTS:
            mine = [replace(damage, family=family) for damage in damages]
            told = [(family, d.severity, EPOCH_S + d.start_s, EPOCH_S + d.end_s) for d in mine]
            yield Case(family, _sent(_record(request, mine)), told)
        else:
            yield Case(family, _sent(_record(replace(request, benign=family))), [])


def _record(request: Request, damages: Sequence[Damage] = ()) -> Recorded:
    motor, left = request.motor(0, damages), round(60.0 * request.minutes * request.rate_hz)
    blocks = [motor.block(min(CHUNK, left - at)) for at in range(0, left, CHUNK)]
    joined = {
        name: np.concatenate([getattr(block, name) for block in blocks])
        for name in Recorded.__dataclass_fields__
    }
    return Recorded(**joined)


def _places(running: np.ndarray, rng: np.random.Generator, seed: int) -> list[Damage]:
    """Faults of each severity in turn, another first on each motor; the machine runs around it."""
    places: list[Damage] = []
    start_s = float(np.argmax(running)) / CONTROL_HZ + rng.uniform(*FIRST_S)
    while (start_s + MARGIN_S) * CONTROL_HZ < len(running):
        full_s = start_s + float(rng.choice(RAMPS_S))
        end_s = full_s + rng.uniform(*LASTS_S)
        first, last = (round(s * CONTROL_HZ) for s in (start_s - MARGIN_S, end_s + MARGIN_S))
        if last <= len(running) and running[max(first, 0) : last].all():
            severity = SEVERITIES[(seed + len(places)) % len(SEVERITIES)]
            places.append(Damage("", severity, start_s, full_s, end_s))
            start_s = end_s + rng.uniform(*APART_S)
        else:
            start_s += MARGIN_S
    return places


def _with_sensor_fault(
    family: str, recorded: Recorded, damages: Sequence[Damage], rpm: float, rng: np.random.Generator
) -> Case:
    signal, told = Signal(recorded.ts, recorded.acc), []
    running = recorded.rpm > 0.9 * rpm
    for damage in damages:
        axis = int(rng.integers(len(FEATURES)))
        first, last = np.searchsorted(recorded.ts, [damage.start_s, damage.end_s])
        before = signal.ts
        fault = fault_on(
            FEATURES, axis, family, severity=damage.severity, rows=(int(first), int(last)),
            healthy=Healthy.of(recorded.acc[running, axis]), seed=rng, rate_hz=100.0,
            ramp_s=damage.full_s - damage.start_s,
        )  # fmt: skip
        signal = fault.change(signal, 0)
        name = family if family != "clock" else _clock(before[first:last], signal.ts[first:last])
        told.append((name, damage.severity, EPOCH_S + damage.start_s, EPOCH_S + damage.end_s))
    changed = replace(recorded, ts=signal.ts, acc=signal.values)
    return Case(family, _sent(changed, recorded.ts), told)


def _clock(before: np.ndarray, after: np.ndarray) -> str:
    """Which of its four ways a clock is wrong in."""
    steps = np.diff(after)
    if (after - before).max() > 0.1:
        return "clock, offset"
    if (steps == 0).any():
        return "clock, repeated"
    return "clock, disordered" if (steps < 0).any() else "clock, skew"


def _sent(recorded: Recorded, arrival: np.ndarray | None = None) -> Sent:
    values = np.column_stack([recorded.acc, recorded.rpm]).astype(np.float32)
    samples = Samples((*FEATURES, "rpm"), EPOCH_S + recorded.ts, values)
    return Sent(samples, EPOCH_S + (recorded.ts if arrival is None else arrival))


def _bursts(args: argparse.Namespace) -> str:
    """Two seconds of twice the vibration, or of as much noise of one axis, every half minute."""
    lines = []
    for rpm in args.rpm:
        request = Request(rpm, 1, args.minutes, args.first, benign="wander")
        recorded, rng = _record(request), np.random.default_rng(args.first)
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
            found = alarms_of(
                _sent(replace(recorded, acc=acc)), model=_model(rpm), normal=_normal(args, rpm)
            )
            kinds = ", ".join(one.kind for one in found) or "none"
            lines.append(f"{rpm:g} rpm: alarms of {count} bursts of 2 s at +6 dB, {name}: {kinds}")
    return "\n".join(lines)


def _runs(args: argparse.Namespace) -> str:
    """Ten healthy sessions of starts, runs and stops at each speed, with the shipped model."""
    lines = []
    for rpm in args.rpm:
        found: list[Alarm] = []
        for number in range(10):
            request = Request(rpm, 1, 2.0, args.first + number, benign="start_stop")
            sent = _sent(_record(request))
            found += alarms_of(sent, model=_model(rpm), normal=_normal(args, rpm))
        lines.append(f"{rpm:g} rpm: {len(found)} alarms of ten healthy start-run-stop sessions")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
