"""Sessions of motors nobody has learnt: faults of the sensor, of the machine, and benign events.

Each seed is a new motor. Faults of its sensor are put into what it recorded, faults of the machine
into the machine, one after the other at each severity. What a machine gives is made once and may be
kept in a folder, since making it takes as long as looking at it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np

from benchmarks.detection.sensor_line import Sent
from benchmarks.detection.twins import twins
from detector.records import Samples
from simulator.faults.inject import FAULTS, Healthy, Signal, fault_on
from simulator.machines.damage import Damage
from simulator.machines.designs import FEATURES
from simulator.machines.faults import MACHINE_FAULTS
from simulator.machines.motor import Motor
from simulator.machines.motor import Samples as Recorded
from simulator.machines.profile import BENIGN, CONTROL_HZ
from simulator.recordings.session_request import Request

EPOCH_S = 1_700_000_000.0
SEVERITIES = (0.5, 1.0, 0.25)
RAMPS_S = (0.0, 5.0, 30.0)
LASTS_S, APART_S, FIRST_S, MARGIN_S = (20.0, 40.0), (60.0, 120.0), (10.0, 30.0), 5.0
HEALTHY = ""


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


def cases(
    request: Request, families: Sequence[str] | None = None, *, kept: Path | None = None
) -> Iterator[Case]:
    """All sessions of one motor, the healthy one first.

    Args:
        request: Its speed, seed, and the minutes of each session.
        families: Only these; None: all faults and benign events, and health.
        kept: Folder of recordings; those that are not there are put there.
    """
    rng = np.random.default_rng(request.seed)
    operation = request.motor(0).profile.take(round(60.0 * request.minutes * CONTROL_HZ))
    damages = _places(operation.speed > 0.9, rng, request.seed)
    wanted = list(families or [*FAULTS, *MACHINE_FAULTS, *BENIGN])
    machine = [family for family in wanted if family in MACHINE_FAULTS]
    recorded = _recorded(request, damages, machine, kept)
    if not families:
        yield Case("healthy", sent(recorded[HEALTHY]), [])
    for family in wanted:
        if family in FAULTS:
            yield _with_sensor_fault(family, recorded[HEALTHY], damages, request.rpm, rng)
        elif family in MACHINE_FAULTS:
            told = [(family, d.severity, EPOCH_S + d.start_s, EPOCH_S + d.end_s) for d in damages]
            yield Case(family, sent(recorded[family]), told)
        else:
            benign = replace(request, benign=family)
            yield Case(family, sent(_recorded(benign, (), (), kept)[HEALTHY]), [])


def _recorded(
    request: Request, damages: Sequence[Damage], families: Sequence[str], kept: Path | None
) -> dict[str, Recorded]:
    """The healthy session of one motor, and the same with each family of damage."""
    wanted = {name: _path(kept, request, name) for name in (HEALTHY, *families)}
    missing = [name for name, path in wanted.items() if path is None or not path.exists()]
    made = _made(request, damages, missing) if missing else {}
    for name, recorded in made.items():
        if (path := wanted[name]) is not None:
            _keep(path, recorded)
    return made | {
        n: _read(path) for n, path in wanted.items() if path is not None and n not in made
    }


def record(request: Request) -> Recorded:
    """A healthy session of one motor."""
    return _made(request, (), [HEALTHY])[HEALTHY]


def _made(request: Request, damages: Sequence[Damage], names: Sequence[str]) -> dict[str, Recorded]:
    others = {name: _damaged(request, damages, name) for name in names}
    return twins(request.motor(0), others, round(60.0 * request.minutes))


def _damaged(request: Request, damages: Sequence[Damage], name: str) -> Motor:
    return request.motor(0, [replace(one, family=name) for one in damages] if name else ())


def _path(kept: Path | None, request: Request, name: str) -> Path | None:
    if kept is None:
        return None
    which = f"{request.rpm:g}-{request.seed}-{request.minutes:g}-{request.benign or 'plain'}"
    return kept / f"{which}-{name or 'healthy'}.npz"


def _keep(path: Path, recorded: Recorded) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part.npz")
    np.savez(unfinished, **{one.name: getattr(recorded, one.name) for one in fields(recorded)})
    unfinished.replace(path)


def _read(path: Path) -> Recorded:
    with np.load(path) as stored:
        return Recorded(**stored)


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
    return Case(family, sent(changed, recorded.ts), told)


def _clock(before: np.ndarray, after: np.ndarray) -> str:
    """Which of its four ways a clock is wrong in."""
    steps = np.diff(after)
    if (after - before).max() > 0.1:
        return "clock, offset"
    if (steps == 0).any():
        return "clock, repeated"
    return "clock, disordered" if (steps < 0).any() else "clock, skew"


def sent(recorded: Recorded, arrival: np.ndarray | None = None) -> Sent:
    """As the device sends it, each sample when it was measured unless told otherwise."""
    values = np.column_stack([recorded.acc, recorded.rpm]).astype(np.float32)
    samples = Samples((*FEATURES, "rpm"), EPOCH_S + recorded.ts, values)
    return Sent(samples, EPOCH_S + (recorded.ts if arrival is None else arrival))
