"""What models say of one catalogue or of one motor in health: a task for a process of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import TypeAlias

import numpy as np

from benchmarks.detection.faults.sessions import Motors, commissioned
from detector.alarms.lifecycle import AlarmRule, rule_of
from detector.records import Samples
from detector.scoring.bundle import Bundle, load_bundle
from detector.sensors.watch import SensorWatch
from detector.settings.alarms import AlarmSettings
from detector.training.fitting.beside import beside
from detector.training.lab.cases import Case, FaultEvent, labelled_case
from detector.training.lab.commissioned import NOT_COMMISSIONED, Commissioned, scored
from detector.training.lab.judging import judge
from detector.training.lab.metrics import Interval, LabelledScores

AT_ONCE, WITH_SENSORS = "on-delay 0", "and its sensors' rules"
HEARD_S = 1.0  # of sound that sensors are heard in at a time

Judged: TypeAlias = tuple[tuple[FaultEvent, ...], LabelledScores]
Rows: TypeAlias = dict[str, list[Judged]]


@dataclass(frozen=True)
class Asked:
    """What is to be judged, by whom and how.

    Attributes:
        motors: What is simulated.
        severities: Of the faults.
        model: Bundle that is judged under each rule of alarms, commissioned and not.
        beside: Bundles to judge on the same faults, under the rule as shipped.
        ablate: Leave out each part of the model's score in turn.
        commission_min: Minutes each motor is commissioned in; None: it is not.
        alarms: The rule of alarms.
    """

    motors: Motors
    severities: tuple[float, ...]
    model: Path
    beside: tuple[Path, ...]
    ablate: bool
    commission_min: float | None
    alarms: AlarmSettings

    @property
    def at_once(self) -> AlarmSettings:
        """The rule of alarms without its on-delay."""
        return self.alarms.model_copy(update={"on_delay_s": 0.0})

    @property
    def rules(self) -> dict[str, AlarmSettings]:
        """By row, the rules of alarms that the model is judged under."""
        name = self.model.name
        late = self.at_once != self.alarms
        return {name: self.alarms} | ({f"{name}, {AT_ONCE}": self.at_once} if late else {})

    @property
    def with_sensors(self) -> str:
        """The row of the model with what the rules of the sensors say beside it."""
        return f"{self.model.name} {WITH_SENSORS}"

    @property
    def of_model(self) -> tuple[str, ...]:
        """The model's own rows, in order."""
        fleet = () if self.commission_min is None else (NOT_COMMISSIONED,)
        return (*self.rules, self.with_sensors, *fleet)


def of_catalogue(asked: Asked, number: int) -> Rows:
    """By row, what is said of each session of a catalogue."""
    made = asked.motors.catalogue(number, asked.severities)
    bundle, others = load_bundle(asked.model), list(map(load_bundle, asked.beside))
    cases, (by, *own) = commissioned([bundle, *others], made, asked.commission_min)
    rows = _of_model(asked, bundle, cases, by)
    fleet = [one.without for one in by]
    for name, variant in beside(bundle, ablate=asked.ablate):
        rows[name] = _judged(asked, variant, cases, fleet)
    for other, its_own in zip(others, own, strict=True):
        rows[other.name] = _judged(asked, other, cases, its_own)
    return rows


def of_health(asked: Asked, number: int) -> Rows:
    """By row, what is said of one motor in health; nothing where it ran for too short a time."""
    bundle = load_bundle(asked.model)
    case = labelled_case(asked.motors.health(number))
    cases, (by,) = commissioned([bundle], [case], asked.commission_min)
    return _of_model(asked, bundle, cases, by)


def _of_model(
    asked: Asked, bundle: Bundle, cases: Sequence[Case], by: Sequence[Commissioned]
) -> Rows:
    """As asked, at once, with what the rules of the sensors say beside it; not commissioned."""
    rows: Rows = {row: [] for row in asked.of_model}
    for case, one in zip(cases, by, strict=True):
        scores = scored(bundle, case, one)
        for row, alarms in asked.rules.items():
            judged = judge(case, scores, rule_of(alarms, bundle.card()))
            rows[row].append((case.events, judged))
        told = _with_sensors(rows[asked.model.name][-1][1], case.recording.samples, bundle)
        rows[asked.with_sensors].append((case.events, told))
    if NOT_COMMISSIONED in rows:
        rows[NOT_COMMISSIONED] = _judged(asked, bundle, cases, [one.without for one in by])
    return rows


def _judged(
    asked: Asked, bundle: Bundle, cases: Sequence[Case], by: Sequence[Commissioned]
) -> list[Judged]:
    rule: AlarmRule = rule_of(asked.alarms, bundle.card())
    return [
        (case.events, judge(case, scored(bundle, case, one), rule))
        for case, one in zip(cases, by, strict=True)
    ]


def _with_sensors(judged: LabelledScores, samples: Samples, bundle: Bundle) -> LabelledScores:
    """The same with what is said of its sensors, which needs no window and no running machine."""
    troubles = list(_troubles(samples, bundle))
    told = np.zeros(len(judged.ts), np.bool_)
    for one in troubles:
        told |= (judged.ts >= one.start) & (judged.ts < one.end)
    return replace(
        judged,
        score=np.where(told & np.isnan(judged.score), 0.0, judged.score),
        judged=judged.judged | told,
        anomaly=judged.anomaly | told,
        alarms=_joined([*judged.alarms, *troubles]),
    )


def _troubles(samples: Samples, bundle: Bundle) -> Iterator[Interval]:
    """From when it is told that a sensor is in trouble until it is told that none is."""
    watch, since = SensorWatch(samples.features, bundle.document.sensors), None
    edges = np.searchsorted(samples.ts, np.arange(samples.ts[0], samples.ts[-1], HEARD_S))
    for first, last in pairwise([*edges.tolist(), len(samples)]):
        rows = slice(first, last)
        watch.push(Samples(samples.features, samples.ts[rows], samples.values[rows]))
        now = float(samples.ts[last - 1])
        if watch.trouble is not None and since is None:
            since = now
        elif watch.trouble is None and since is not None:
            yield Interval(since, now)
            since = None
    if since is not None:
        yield Interval(since, np.inf)


def _joined(alarms: Sequence[Interval]) -> list[Interval]:
    """Alarms that overlap are one."""
    joined: list[Interval] = []
    for one in sorted(alarms):
        if joined and one.start <= joined[-1].end:
            joined[-1] = Interval(joined[-1].start, max(joined[-1].end, one.end))
        else:
            joined.append(one)
    return joined
