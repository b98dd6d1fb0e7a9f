"""Recorded-looking sessions of a simulated machine, with labelled faults if asked for."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from simulator.errors import SimulatorError
from simulator.faults.inject import Healthy, Signal, fault_on
from simulator.machines.damage import Damage
from simulator.machines.designs import FEATURES
from simulator.machines.faults import MACHINE_FAULTS
from simulator.machines.motor import Motor, Samples, joined
from simulator.machines.profile import CONTROL_HZ
from simulator.machines.pump import COLUMNS, slow_channels
from simulator.recordings import files, truth
from simulator.recordings.fault_request import axis_name
from simulator.recordings.session_request import Request
from simulator.recordings.truth import ALL, Benign, Episode, Truth

Array = NDArray[np.float64]

EPOCH_S = 1_700_000_000.0  # when the first session begins; fixed, so that files are repeatable
PAUSE_S = 3600.0  # between two sessions
CHUNK_S = 30.0  # progress is told this often
RAMPS_S = (0.0, 5.0, 30.0)  # how long a fault may take to grow
LASTS_S = (20.0, 40.0)  # at full severity
APART_S = (60.0, 120.0)
FIRST_S = (10.0, 30.0)  # after the machine is up to speed
UNITS = {"load": "0 at rated load", "temp_c": "°C"}
RUNS = 0.9  # of the lowest speed it runs at; below it starts or stops
MARGIN_S = 5.0  # of running before and after a fault


def write_sessions(request: Request, out: Path, advance: Callable[[float], None]) -> list[Path]:
    """Write one file per session into ``out``, its ground truth beside it, and return their paths.

    Args:
        request: What to generate.
        out: Folder, made if it does not exist.
        advance: Called with the seconds of signal made since the last call.

    Raises:
        SimulatorError: If the request cannot be met or the folder cannot be written.
    """
    request.check()
    plans = [_plan(request, number) for number in range(request.sessions)]
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SimulatorError(f"{out}: cannot be made ({error.strerror})") from error
    return [_write_one(request, number, plan, out, advance) for number, plan in enumerate(plans)]


def _plan(request: Request, number: int) -> list[Damage]:
    """When the faults of a session come, in seconds since its first sample."""
    if request.fault is None:
        return []
    rng = _rng(request, 3, number)
    operation = request.motor(number).profile.take(round(60.0 * request.minutes * CONTROL_HZ))
    places = _places(operation.speed > RUNS * request.habits.slowest, rng, request.ramp_s)
    if not places:
        raise SimulatorError(
            f"--minutes {request.minutes:g}: the machine never runs long enough for a fault; "
            "allowed with --fault: 3 or more"
        )
    severities = request.severities
    return [
        Damage(request.fault, severities[i % len(severities)], *place)
        for i, place in enumerate(places)
    ]


def _places(
    running: NDArray[np.bool_], rng: np.random.Generator, ramp_s: float | None
) -> list[tuple[float, float, float]]:
    """Choose start, full and end of faults, with the machine running around each of them."""
    places = []
    start_s = float(np.argmax(running)) / CONTROL_HZ + rng.uniform(*FIRST_S)
    while (start_s + MARGIN_S) * CONTROL_HZ < len(running):
        grows_s = float(rng.choice(RAMPS_S)) if ramp_s is None else ramp_s
        full_s = start_s + grows_s
        end_s = full_s + rng.uniform(*LASTS_S)
        first, last = (round(s * CONTROL_HZ) for s in (start_s - MARGIN_S, end_s + MARGIN_S))
        if last > len(running):
            break
        if running[max(first, 0) : last].all():
            places.append((round(start_s, 2), round(full_s, 2), round(end_s, 2)))
            start_s = end_s + rng.uniform(*APART_S)
        else:
            start_s += MARGIN_S
    return places


def _write_one(
    request: Request,
    number: int,
    plan: Sequence[Damage],
    out: Path,
    advance: Callable[[float], None],
) -> Path:
    of_machine = request.fault in MACHINE_FAULTS
    motor = request.motor(number, plan if of_machine else ())
    samples = _record(motor, request.minutes * 60.0, advance)
    begin = EPOCH_S + number * (request.minutes * 60.0 + PAUSE_S)
    samples = replace(samples, ts=samples.ts + begin)
    label = np.zeros(len(samples.ts))
    for damage in plan:
        label[_rows(samples, damage, begin)] = 1
    episodes = [_episode(request, damage, begin) for damage in plan]
    if plan and not of_machine:
        samples, episodes = _inject(request, number, samples, plan, begin)
    path = out / f"{_stem(request)}_{number + 1:02d}{request.suffix}"
    files.write_samples(
        path,
        comments=_comments(request, number, episodes),
        samples=samples,
        label=label,
        channels=request.channels,
        bursts=request.bursts,
    )
    if request.machine == "pump":
        _write_slow(request, number, path, samples, label, plan, begin)
    benign = [
        Benign(name=event.name, start=begin + event.start_s, end=begin + event.end_s)
        for event in motor.events()
    ]
    truth.write(
        path,
        Truth(
            file=path.name,
            seed=request.seed,
            rpm=request.rpm,
            sensor=request.sensor,
            episodes=tuple(episodes),
            benign=tuple(sorted(benign, key=lambda event: event.start)),
        ),
    )
    return path


def _stem(request: Request) -> str:
    what = request.fault or request.benign
    return f"{request.machine}-{request.speeds}_seed-{request.seed}" + (f"_{what}" if what else "")


def _record(motor: Motor, seconds: float, advance: Callable[[float], None]) -> Samples:
    left = round(seconds * motor.rate_hz)
    blocks = []
    while left > 0:
        blocks.append(motor.block(min(left, round(CHUNK_S * motor.rate_hz))))
        left -= len(blocks[-1].ts)
        advance(len(blocks[-1].ts) / motor.rate_hz)
    return joined(blocks)


def _inject(
    request: Request, number: int, samples: Samples, plan: Sequence[Damage], begin: float
) -> tuple[Samples, list[Episode]]:
    """Put faults of the sensor into a session; severity is scaled to the healthy signal."""
    rng = _rng(request, 10, number)
    running = samples.rpm > RUNS * request.rpm * request.habits.slowest
    signal, episodes = Signal(samples.ts, samples.acc), []
    for damage in plan:
        axis = int(rng.integers(len(FEATURES)))
        healthy = Healthy.of(samples.acc[running, axis])
        rows = _rows(samples, damage, begin)
        fault = fault_on(
            FEATURES,
            axis,
            damage.family,
            severity=damage.severity,
            rows=(rows.start, rows.stop),
            healthy=healthy,
            seed=rng,
            rate_hz=request.rate_hz,
            ramp_s=damage.full_s - damage.start_s,
        )
        signal = fault.change(signal, 0)
        episodes.append(_episode(request, damage, begin, axis_name(fault, list(FEATURES))))
    return replace(samples, ts=signal.ts, acc=signal.values), episodes


def _rows(samples: Samples, damage: Damage, begin: float) -> slice:
    first, last = np.searchsorted(samples.ts, [begin + damage.start_s, begin + damage.end_s])
    return slice(int(first), int(last))


def _episode(request: Request, damage: Damage, begin: float, axis: str = ALL) -> Episode:
    return Episode(
        family=damage.family,
        axis=axis,
        start=begin + damage.start_s,
        full=begin + damage.full_s,
        end=begin + damage.end_s,
        severity=damage.severity,
        seed=request.seed,
    )


def _comments(request: Request, number: int, episodes: Sequence[Episode]) -> list[str]:
    others = "".join(f"{name} {UNITS[name]}, " for name in request.channels)
    heard = "" if request.bursts is None else f", {request.bursts}"
    view = f"{request.sensor} at {request.rate_hz:g} Hz{heard}"
    return [
        f"simulated {request.machine}, rpm {request.speeds}, seed {request.seed}, "
        f"session {number + 1}, {view}{'' if request.filtered else ' without anti-alias filter'}",
        f"units: ts s since 1970, acc g, rpm 1/min, {others}label 1 = faulty",
        *(_told(episode) for episode in episodes),
    ]


def _told(episode: Episode) -> str:
    times = ", ".join(f"{name} {getattr(episode, name):.2f}" for name in ("start", "full", "end"))
    return f"fault {episode.family} on {episode.axis} severity {episode.severity:g}: {times}"


def _write_slow(
    request: Request,
    number: int,
    path: Path,
    samples: Samples,
    label: Array,
    plan: Sequence[Damage],
    begin: float,
) -> None:
    """Write the slow channels of a pump beside its fast file."""
    starved = np.zeros(len(samples.ts))
    for damage in plan:
        if damage.family == "cavitation":
            starved += damage.severity_at(samples.ts - begin)
    slow = slow_channels(
        samples,
        rated_rpm=request.rpm,
        rate_hz=request.rate_hz,
        cavitation=starved,
        seed=request.seed + number,
    )
    rows = np.searchsorted(samples.ts, slow.ts)
    columns = dict(zip(COLUMNS, slow.values.T, strict=True))
    files.write_columns(
        path.with_name(f"{path.stem}_slow.csv"),
        comments=[f"slow channels of {path.name}, one sample a second"],
        columns={"ts": slow.ts, **columns, "rpm": slow.rpm, "label": label[rows]},
    )


def _rng(request: Request, *key: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(request.seed, spawn_key=key))
