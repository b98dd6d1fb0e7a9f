"""The fault lab: sessions with known faults, from labels or by injection.

The one place where the detector imports from the simulator: its fault library works on arrays of
recorded and simulated sessions alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from detector.errors import TrainingError
from detector.records import Flags, Samples
from detector.sessions.bursts import joined
from detector.sessions.files import (
    NO_HINTS,
    RUNNING_COLUMNS,
    Hints,
    Recording,
    find_files,
    read_recordings,
)
from detector.sessions.operating import running_flags
from detector.sessions.segments import median_period
from detector.settings.devices import RunningSignal
from detector.training.lab.cases import Case, FaultEvent, labelled_case
from simulator.errors import SimulatorError
from simulator.faults.inject import FAULTS, Healthy, fault_on
from simulator.recordings import truth

SEVERITIES = (0.25, 0.5, 0.75, 1.0)
LASTS_S = (20.0, 40.0)
APART_S = (40.0, 80.0)
RAMPS_S = (0.0, 5.0)
MARGIN_S = 5.0
FAMILIES = tuple(name for name in FAULTS if name != "clock")  # a clock fault changes no value


@dataclass(frozen=True, slots=True)
class Injection:
    """What the fault lab puts into normal sessions.

    Attributes:
        families: Names of sensor faults.
        severities: 0..1 each.
        seeds: Each goes once through all families and severities.
        features: Columns that may become faulty; empty: all but the running signal.
        running: Faults come only where it is in its range; None: a column ``rpm`` or ``running``
            at its usual level, or everywhere.
        lasts_s: Shortest and longest fault.
        apart_s: Shortest and longest pause between two; half of it passes before the first.
        before_s: For so long the machine has run without a stop when a fault comes.
    """

    families: tuple[str, ...] = FAMILIES
    severities: tuple[float, ...] = SEVERITIES
    seeds: tuple[int, ...] = (7,)
    features: tuple[str, ...] = ()
    running: RunningSignal | None = None
    lasts_s: tuple[float, float] = LASTS_S
    apart_s: tuple[float, float] = APART_S
    before_s: float = MARGIN_S

    @property
    def faults(self) -> int:
        """How many are put in."""
        return len(self.families) * len(self.severities) * len(self.seeds)

    @property
    def room_s(self) -> float:
        """Seconds of running without a stop in which any fault finds room."""
        return self.lasts_s[1] + self.before_s + MARGIN_S


def families_named(text: str) -> tuple[str, ...]:
    """Read ``all``, ``none`` or a comma-separated list of sensor faults.

    Raises:
        TrainingError: If a family is unknown.
    """
    if text in {"all", "none"}:
        return FAMILIES if text == "all" else ()
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if unknown := [name for name in names if name not in FAMILIES]:
        raise TrainingError(
            f"--faults {', '.join(unknown)}; allowed: all, none, {', '.join(FAMILIES)}"
        )
    return names


def summary_of(family: str) -> str:
    """What a sensor fault does at its full severity, in a few words."""
    return FAULTS[family].summary


def read_cases(
    paths: Sequence[Path], injection: Injection | None, hints: Hints = NO_HINTS
) -> Iterator[Case]:
    """Read sessions; faults are injected into those that are normal throughout.

    Bursts of one machine are one session.

    Args:
        paths: Session files or folders.
        injection: What to inject; None leaves normal sessions normal.
        hints: What the files do not say themselves.

    Raises:
        SessionFileError: If a file cannot be read.
        TrainingError: If its ground truth cannot be read, or no fault finds room.
    """
    normal: list[Recording] = []
    for path in find_files(paths):
        for recording in joined(read_recordings([path], hints=hints)):
            told = _told(path, recording)
            is_faulty = told or (recording.label is not None and recording.label.any())
            if injection is None or is_faulty:
                yield labelled_case(recording, told)
            else:
                normal.append(recording)
    if injection is not None and normal:
        yield from inject_faults(normal, injection)


def inject_faults(recordings: Sequence[Recording], injection: Injection) -> Iterator[Case]:
    """Put every family at every severity into normal sessions, once per seed.

    The sessions take turns until every combination has had its place, so some may be used twice
    and others not at all.

    Raises:
        TrainingError: If no session has room for a fault.
    """
    for seed in injection.seeds:
        rng = np.random.default_rng(seed)
        todo = [(f, s) for f in injection.families for s in injection.severities]
        order = rng.permutation(len(todo)).tolist()
        queue = [todo[i] for i in order]
        turn = 0
        while queue:
            if turn >= len(recordings) and len(queue) == len(todo):
                raise TrainingError(
                    f"fault lab: no session runs for {injection.room_s:g} s without a stop, so no "
                    "fault finds room; allowed: longer sessions, or --faults none where faults "
                    "are labelled"
                )
            recording = recordings[turn % len(recordings)]
            case, used = _injected(recording, queue, rng, seed, injection)
            queue = queue[used:]
            turn += 1
            if used:
                yield case


def _injected(
    recording: Recording,
    queue: Sequence[tuple[str, float]],
    rng: np.random.Generator,
    seed: int,
    injection: Injection,
) -> tuple[Case, int]:
    """One session with as many of the queue's faults as find room, one after the other."""
    samples = recording.samples
    period_s = median_period(samples.ts) or 1.0
    running = _running(samples, injection.running)
    columns = _columns(recording, injection)
    values = samples.values.astype(np.float64)
    label, events = np.zeros(len(samples), np.bool_), []
    places = _places(running, rng, period_s, injection)
    for (family, severity), (first, last) in zip(queue, places, strict=False):
        axis = int(rng.choice(columns))
        values = _with_fault(
            values, samples, (family, severity), (first, last), axis, running, rng, period_s
        )
        label[first:last] = True
        ts = samples.ts
        events.append(FaultEvent(family, severity, float(ts[first]), float(ts[last - 1])))
    changed = Samples(samples.features, samples.ts, values.astype(np.float32), samples.session)
    made = replace(recording, samples=changed, label=label)
    return Case(f"{recording.name} (seed {seed})", made, label, tuple(events)), len(events)


def _with_fault(
    values: np.ndarray,
    samples: Samples,
    fault: tuple[str, float],
    rows: tuple[int, int],
    axis: int,
    running: Flags,
    rng: np.random.Generator,
    period_s: float,
) -> np.ndarray:
    healthy = Healthy.of(samples.values[running, axis].astype(np.float64))
    live = fault_on(
        samples.features,
        axis,
        fault[0],
        severity=fault[1],
        rows=rows,
        healthy=healthy,
        seed=rng,
        rate_hz=1.0 / period_s,
        ramp_s=float(rng.choice(RAMPS_S)),
    )
    return live.apply(values, 0)


def _places(
    running: Flags, rng: np.random.Generator, period_s: float, chosen: Injection
) -> Iterator[tuple[int, int]]:
    """Ranges of rows with the machine running around them, in order."""
    margin, before = round(MARGIN_S / period_s), round(chosen.before_s / period_s)
    first = int(np.argmax(running)) + round(rng.uniform(*chosen.apart_s) / 2 / period_s)
    while True:
        last = first + max(round(rng.uniform(*chosen.lasts_s) / period_s), 10)
        if last + margin > len(running):
            return
        if first >= before and running[first - before : last + margin].all():
            yield first, last
            first = last + round(rng.uniform(*chosen.apart_s) / period_s)
        else:
            first += max(margin, 1)


def _columns(recording: Recording, injection: Injection) -> list[int]:
    """Columns that may become faulty."""
    names = recording.samples.features
    signal = None if injection.running is None else injection.running.feature
    found = [
        number
        for number, name in enumerate(names)
        if name in injection.features
        or (not injection.features and name.lower() not in RUNNING_COLUMNS and name != signal)
    ]
    if not found:
        wanted = ", ".join(injection.features) or "one beside the running signal"
        raise TrainingError(
            f"{recording.name}: no feature to put a fault in; found {', '.join(names)}; "
            f"allowed: {wanted}"
        )
    return found


def _running(samples: Samples, signal: RunningSignal | None) -> Flags:
    """Where the machine runs at its usual speed; everywhere without a running signal."""
    if signal is not None and signal.feature in samples.features:
        return running_flags(samples.values, samples.features, signal)
    lowered = [name.lower() for name in samples.features]
    for name, share in (("running", 0.5), ("rpm", 0.9)):
        if name in lowered:
            level = np.nan_to_num(samples.values[:, lowered.index(name)])
            limit = share * float(np.quantile(level, 0.95))
            return np.asarray((level >= limit) & (level > 0))
    return np.ones(len(samples), np.bool_)


def _told(path: Path, recording: Recording) -> list[FaultEvent]:
    """Ground truth beside a file, of the faults that lie within the recording."""
    try:
        found = truth.find(path)
    except SimulatorError as error:
        raise TrainingError(str(error)) from None
    if found is None:
        return []
    ts = recording.samples.ts
    label = np.ones(len(ts)) if recording.label is None else recording.label.astype(float)
    return [
        FaultEvent(
            placed.episode.family,
            placed.episode.severity,
            float(ts[placed.first]),
            float(ts[placed.last - 1]),
        )
        for placed in truth.place(found.episodes, ts, label)
    ]
