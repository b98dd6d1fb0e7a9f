"""Detection limits measured: faults of many severities put in, and what a model raises with none.

Cases are made, judged by every row and forgotten, as many at once as there are processes, so that
the number of severities and seeds costs time and no memory. What they say of a fault counts, and
nothing else: the same normal hours stand around many faults. False alarms are counted in the
sessions as they were recorded, each once, and their hours with them.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from itertools import islice

import numpy as np

from detector.errors import CommissionError, TrainingError
from detector.scoring.bundle import Bundle
from detector.sessions.files import Recording
from detector.tasks.contract import Executor, Task
from detector.tasks.in_process import HERE
from detector.thresholds.methods import false_alarms_per_day_bound
from detector.training.lab.cases import Case
from detector.training.lab.evaluate import Injection, inject_faults
from detector.training.lab.judging import judge
from detector.training.lab.lab import RECOVERY_S, Bar, blind
from detector.training.lab.limits import Curve, Trial, curve_of
from detector.training.lab.metrics import LabelledScores, evaluate, recovers
from detector.training.lab.panel import Heard, Panel, hear, panel_of

Progress = Callable[[int, str], AbstractContextManager[Bar]]
Tell = Callable[[CommissionError], None]


@dataclass(frozen=True, slots=True)
class Health:
    """False alarms of a row in normal running, and how many hours of it were judged."""

    false_alarms: int = 0
    hours: float = 0.0

    def __add__(self, other: Health) -> Health:
        return Health(self.false_alarms + other.false_alarms, self.hours + other.hours)

    @property
    def per_day_bound(self) -> float | None:
        """95 % bound on false alarms a day; None without an hour judged."""
        return false_alarms_per_day_bound(self.false_alarms, self.hours) if self.hours else None


@dataclass(frozen=True, slots=True)
class LimitRow:
    """One line of the table.

    Attributes:
        model: Name of the bundle.
        row: The bundle's name, a floor row or a part left out.
        family: Of faults.
        curve: Share found against severity, and the limits.
        health: What the same row raises with no fault.
    """

    model: str
    row: str
    family: str
    curve: Curve
    health: Health


@dataclass(frozen=True, slots=True)
class LimitLab:
    """What was measured.

    Attributes:
        rows: In order: for each model its own, then floor rows and ablations, each per family.
        sessions: Judged as they were recorded.
        level_per_day: False alarms a day that a limit may cost.
        seed: Of the random row and of the intervals.
    """

    rows: tuple[LimitRow, ...]
    sessions: int
    level_per_day: float
    seed: int

    def is_comparable(self, row: LimitRow) -> bool:
        """Whether the normal hours show that a row keeps to the level."""
        bound = row.health.per_day_bound
        return bound is not None and bound <= self.level_per_day


@dataclass(slots=True)
class Tally:
    """What one row has found so far."""

    row: str
    trials: list[Trial] = field(default_factory=list)
    health: Health = field(default_factory=Health)


class Judges:
    """A model and what is beside it, each with its tally.

    Attributes:
        panel: Who judges.
        tallies: By row.

    Args:
        bundle: The model.
        ablate: Whether each part is left out in turn.
        seed: Of the random row.
        commission_min: See ``measure``.
    """

    def __init__(
        self, bundle: Bundle, *, ablate: bool, seed: int, commission_min: float | None = None
    ) -> None:
        self.panel = panel_of(bundle, ablate=ablate, commission_min=commission_min)
        self.tallies: list[Tally] = []
        self._rng = np.random.default_rng(seed)

    def count(self, case: Case, heard: Heard, *, counts_health: bool) -> None:
        """Count what every row says of a case; cases come in their order.

        Args:
            case: One session.
            heard: What the panel says of it.
            counts_health: Whether its normal hours count; they do once.
        """
        blank = blind(heard.own, self._rng)
        of_blind = ((row, judge(case, one, self.panel.rule)) for row, one in blank.items())
        verdicts = [*heard.verdicts, *of_blind]
        if not self.tallies:
            self.tallies = [Tally(row) for row, _ in verdicts]
        for tally, (_, judged) in zip(self.tallies, verdicts, strict=True):
            tally.trials += trials_of(case, judged)
            if counts_health:
                tally.health += health_of(judged)

    def rows(self, seed: int) -> Iterator[LimitRow]:
        """The lines of the table."""
        for tally in self.tallies:
            by_family: dict[str, list[Trial]] = defaultdict(list)
            for trial in tally.trials:
                by_family[trial.family].append(trial)
            for family in sorted(by_family):
                curve = curve_of(by_family[family], seed)
                yield LimitRow(self.panel.name, tally.row, family, curve, tally.health)


def measure_limits(
    cases: Sequence[Case],
    injection: Injection | None,
    judges: Sequence[Judges],
    *,
    level_per_day: float,
    seed: int,
    progress: Progress,
    executor: Executor = HERE,
) -> LimitLab:
    """Judge sessions as they are, then the normal ones with faults put in.

    Args:
        cases: Sessions as they were recorded; faults whose severity is told count as well.
        injection: What to put into those that are normal throughout; None: nothing.
        judges: At least one.
        level_per_day: False alarms a day that a limit may cost, > 0.
        seed: Of the intervals.
        progress: Makes a bar for a number of sessions, then of faults.
        executor: Who judges, a case by a model and what is beside it at a time.

    Raises:
        CommissionError: If a session is too short to be commissioned in, or a model cannot be.
        SessionFileError: If a session does not fit a model.
        TaskError: If a process that judges ends again and again.
        TrainingError: If no fault of a known severity is among them, or none finds room.
    """
    cases = named_apart(cases)
    normal = [case.recording for case in cases if not case.events and not case.label.any()]
    _refuse_nothing(cases, normal, injection)
    hearing = Hearing(judges, executor)
    with progress(len(cases), "session") as bar:
        for _ in hearing.of(cases, counts_health=True):
            bar.update(1)
    if injection is not None and normal:
        with progress(injection.faults, "fault") as bar:
            for case in hearing.of(inject_faults(normal, injection), counts_health=False):
                bar.update(len(case.events))
    rows = tuple(row for one in judges for row in one.rows(seed))
    return LimitLab(rows, len(cases), level_per_day, seed)


def trials_of(case: Case, judged: LabelledScores) -> list[Trial]:
    """The faults of a case whose severity is known, and whether each raised an alarm.

    An alarm that was up already when a fault began was not raised by it, and does not count.
    """
    raised = np.array([alarm.start for alarm in judged.alarms])
    return [
        Trial(
            event.family,
            event.severity,
            case.recording.name,
            bool(((raised >= event.start) & (raised <= event.end)).any()),
        )
        for event in case.events
        if event.severity is not None
    ]


def health_of(judged: LabelledScores) -> Health:
    """Alarms with no fault, and the judged normal hours, of one session.

    The minute after a fault counts as neither: a machine, and the filter before it, recover then.
    """
    raised = np.array([alarm.start for alarm in judged.alarms])
    kept = ~recovers(raised, judged.events, RECOVERY_S)
    calm = replace(
        judged,
        judged=judged.judged & ~recovers(judged.ts, judged.events, RECOVERY_S),
        alarms=[alarm for alarm, is_kept in zip(judged.alarms, kept, strict=True) if is_kept],
    )
    found = evaluate([calm])
    return Health(found.false_alarms, found.normal_hours)


def named_apart(cases: Sequence[Case]) -> list[Case]:
    """The same cases, files of one name in several folders told apart by a number."""
    seen: Counter[str] = Counter()
    apart = []
    for case in cases:
        name = case.recording.name
        seen[name] += 1
        named = name if seen[name] == 1 else f"{name} #{seen[name]}"
        apart.append(replace(case, recording=replace(case.recording, name=named)))
    return apart


def _refuse_nothing(
    cases: Sequence[Case], normal: Sequence[Recording], injection: Injection | None
) -> None:
    """Before hours of judging rather than after them."""
    if injection is not None and normal:
        next(inject_faults(normal, injection))
    elif not any(event.severity is not None for case in cases for event in case.events):
        raise TrainingError(
            "detection limits: no fault of a known severity in the sessions; allowed: normal "
            "sessions to put faults in, or labelled ones with a .truth.json beside them"
        )


def _end(error: CommissionError) -> None:
    raise error


class Hearing:
    """All judges, at an executor.

    Args:
        judges: At least one.
        executor: Who judges, a case by a model and what is beside it at a time.
        left_out: Told why a case cannot be commissioned in, which then counts for nobody; that
            ends it all where nobody is told.
    """

    def __init__(self, judges: Sequence[Judges], executor: Executor, left_out: Tell = _end) -> None:
        self._judges, self._executor, self._left_out = judges, executor, left_out
        self._panels = [(one.panel.name, executor.keep(one.panel)) for one in judges]

    def of(self, cases: Iterable[Case], *, counts_health: bool) -> Iterator[Case]:
        """Have cases judged; each comes back once it is counted. Raises what ``left_out`` does."""
        under_way: deque[Case] = deque()
        results = self._executor.results(self._tasks(cases, under_way))
        for first in results:
            case = under_way.popleft()
            found = [first, *islice(results, len(self._judges) - 1)]
            refused = next((one for one in found if isinstance(one, CommissionError)), None)
            if refused is not None:
                self._left_out(refused)
                continue
            for one, heard in zip(self._judges, found, strict=True):
                one.count(case, heard, counts_health=counts_health)
            yield case

    def _tasks(self, cases: Iterable[Case], under_way: deque[Case]) -> Iterator[Task]:
        for case in cases:
            under_way.append(case)
            kept = self._executor.keep(case)
            for name, panel in self._panels:
                yield Task(f"{name} on {case.name}", _heard, (panel, kept))


def _heard(panel: Panel, case: Case) -> Heard | CommissionError:
    try:
        return hear(panel, case)
    except CommissionError as error:
        return error
