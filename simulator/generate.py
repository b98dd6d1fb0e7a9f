"""Recorded-looking sessions: a healthy motor, with labelled faults if asked for."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from simulator import session_files
from simulator.errors import SimulatorError
from simulator.faults import fault_named, inject
from simulator.motor import FEATURES, Motor, Samples, design_for, joined

Array = NDArray[np.float64]

EPOCH_S = 1_700_000_000.0  # when the first session begins; fixed, so that files are repeatable
PAUSE_S = 3600.0  # between two sessions
CHUNK_S = 30.0  # progress is told this often


@dataclass(frozen=True)
class Request:
    """What to generate: ``sessions`` of ``minutes`` each, faulty if ``fault`` names a family."""

    rpm: float
    sessions: int
    minutes: float
    seed: int
    fault: str | None = None
    severity: float = 1.0


@dataclass(frozen=True)
class Episode:
    """Ground truth of one fault: rows ``start``..``end - 1`` of one feature."""

    family: str
    axis: int
    start: int
    end: int
    severity: float


def write_sessions(request: Request, out: Path, advance: Callable[[float], None]) -> list[Path]:
    """Write one file per session into ``out`` and return their paths.

    Args:
        request: What to generate.
        out: Folder, made if it does not exist.
        advance: Called with the seconds of signal made since the last call.

    Raises:
        SimulatorError: If the request cannot be met or the folder cannot be written.
    """
    if request.fault is not None:
        fault_named(request.fault)
    motors = [
        Motor(design_for(request.rpm), seed=request.seed, session=number)
        for number in range(request.sessions)
    ]
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SimulatorError(f"{out}: cannot be made ({error.strerror})") from error
    return [_write_one(request, number, motor, out, advance) for number, motor in enumerate(motors)]


def _write_one(
    request: Request, number: int, motor: Motor, out: Path, advance: Callable[[float], None]
) -> Path:
    samples = _record(motor, request.minutes * 60.0, advance)
    episodes: list[Episode] = []
    if request.fault is not None:
        samples, episodes = add_faults(samples, request, number)
    label = np.zeros(len(samples.ts))
    for episode in episodes:
        label[episode.start : episode.end] = 1
    begin = EPOCH_S + number * (request.minutes * 60.0 + PAUSE_S)
    fault = f"_{request.fault}" if request.fault else ""
    path = out / f"motor-{request.rpm:g}_seed-{request.seed}{fault}_{number + 1:02d}.csv"
    session_files.write_samples(
        path,
        comments=_ground_truth(request, number, samples.ts, episodes),
        samples=replace(samples, ts=samples.ts + begin),
        label=label,
    )
    return path


def _record(motor: Motor, seconds: float, advance: Callable[[float], None]) -> Samples:
    left = round(seconds * motor.rate_hz)
    blocks = []
    while left > 0:
        blocks.append(motor.block(min(left, round(CHUNK_S * motor.rate_hz))))
        left -= len(blocks[-1].ts)
        advance(len(blocks[-1].ts) / motor.rate_hz)
    return joined(blocks)


def add_faults(samples: Samples, request: Request, number: int) -> tuple[Samples, list[Episode]]:
    """Put faults of one family into a session wherever it runs long enough.

    Raises:
        SimulatorError: If the session never runs long enough.
    """
    family = str(request.fault)
    rng = np.random.default_rng(np.random.SeedSequence(request.seed, spawn_key=(3, number)))
    running = samples.rpm > 0.9 * request.rpm
    sigma = samples.acc[running].std(axis=0) if running.any() else np.zeros(len(FEATURES))
    values, episodes = samples.acc, []
    for start, end in _places(running, rng, rate_hz=1.0 / float(samples.ts[1] - samples.ts[0])):
        axis = int(rng.integers(len(FEATURES)))
        values = inject(
            values,
            family=family,
            severity=request.severity,
            start=start,
            end=end,
            sigma=float(sigma[axis]),
            axis=axis,
            rng=rng,
        )
        episodes.append(Episode(family, axis, start, end, request.severity))
    if not episodes:
        raise SimulatorError(
            f"--minutes {request.minutes:g}: the motor never runs long enough for a fault; "
            "allowed with --fault: 2 or more"
        )
    return replace(samples, acc=values), episodes


def _places(
    running: NDArray[np.bool_], rng: np.random.Generator, *, rate_hz: float
) -> list[tuple[int, int]]:
    """Choose faulty ranges of 20-40 s, 60-120 s apart, with the motor running 5 s around them."""
    places, margin = [], round(5 * rate_hz)
    start = int(np.argmax(running)) + round(rng.uniform(10, 30) * rate_hz)
    length = round(rng.uniform(20, 40) * rate_hz)
    while start + length + margin <= len(running):
        if running[start - margin : start + length + margin].all():
            places.append((start, start + length))
            start += length + round(rng.uniform(60, 120) * rate_hz)
            length = round(rng.uniform(20, 40) * rate_hz)
        else:
            start += margin
    return places


def _ground_truth(request: Request, number: int, ts: Array, episodes: list[Episode]) -> list[str]:
    lines = [
        f"simulated motor, rpm {request.rpm:g}, seed {request.seed}, session {number + 1}",
        "units: ts s since 1970, acc g, rpm 1/min, label 1 = faulty",
    ]
    lines += [
        f"fault {episode.family} on {FEATURES[episode.axis]} severity {episode.severity:g} "
        f"from {ts[episode.start]:.2f} s to {ts[episode.end - 1]:.2f} s"
        for episode in episodes
    ]
    return lines
