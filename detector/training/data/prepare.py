"""Sessions made ready to train on: baselines off, scaled, and which windows are judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from detector.errors import TrainingError
from detector.frontends.blocks import settling
from detector.normal.conditions import Array, Conditions, fit_conditions
from detector.normal.spread import Machines, fit_spread
from detector.records import Flags, Values
from detector.scoring.document import Scaling
from detector.sessions.operating import level_flags, log_rms, settled_flags
from detector.sessions.scaling import fit_known, fit_scaling, scale
from detector.sessions.windows import whole_windows
from detector.training.data.dataset import Dataset, TrainingSession, take_baseline

LEAST_MACHINES = 3  # sessions that tell how machines differ
LEARN_S = 60.0  # of running that a machine's level is learnt from
THINNED = 5  # of feature samples, whose blocks overlap, one in so many tells of variances
STANDSTILL = np.log(3.0)  # levels further apart than this are two states, not one


@dataclass(frozen=True, slots=True, kw_only=True)
class Preparation:
    """How sessions are made ready.

    Attributes:
        window: L, samples.
        scaling: ``standard``, ``minmax`` or ``robust``.
        baseline: Samples at the start of a session whose mean is taken off; 0: none.
        trim: Samples at the start of a session that are neither trained on nor judged.
        level_gate: Judge by the signal's own level where there is no running signal.
    """

    window: int = 60
    scaling: str = "standard"
    baseline: int = 0
    trim: int = 0
    level_gate: bool = False


@dataclass(frozen=True, slots=True)
class Prepared:
    """Scaled sessions and which of their windows are judged.

    Attributes:
        sessions: Shape (n, F) each, scaled; NaN where a column of a front end is missing.
        running: Shape (n,) each.
        judged: Shape (n,) each, for the window that ends at each sample.
        scaling: How values were scaled.
        lowest_log_rms: Level below which the machine stands still; None: not used.
        conditions: How centres follow conditions; None: they do not.
        machines: How far they may lie from them; None: that is in ``scaling`` alone.
        given: Shape (n, C) each, the conditions, where ``machines`` are known.
        whose: The machine of each session; bursts and runs of one file are one machine's.
    """

    sessions: list[Values]
    running: list[Flags]
    judged: list[Flags]
    scaling: Scaling
    lowest_log_rms: float | None
    conditions: Conditions | None = None
    machines: Machines | None = None
    given: tuple[Values, ...] = ()
    whose: tuple[str, ...] = ()

    def away(self, number: int, machines: Machines) -> Array:
        """One session's distance from where conditions put any machine, in scaled units."""
        return self.sessions[number] * machines.deviation(machines.unknown, self.given[number])


def prepare(dataset: Dataset, chosen: Preparation) -> Prepared:
    """Take baselines off, trim, scale, and find the judged windows.

    Columns of a front end are levels, which a standstill moves by many deviations: of these only
    the states that are judged count, all other samples are missing.

    Raises:
        TrainingError: If no session is long enough, or a feature is constant.
    """
    needed = max(chosen.baseline, chosen.trim) + chosen.window
    kept = [s for s in dataset.sessions if len(s.ts) >= needed]
    if not kept:
        longest = max((len(s.ts) for s in dataset.sessions), default=0)
        raise TrainingError(
            f"training: the longest session has {longest} samples, allowed: at least {needed} "
            "(baseline or trim, and one window)"
        )
    plain = take_baseline([session.values for session in kept], chosen.baseline)
    conditions = _conditions(dataset, kept, plain)
    if conditions is not None:
        plain = [
            values - conditions.centre(_of(session, conditions, dataset))
            for values, session in zip(plain, kept, strict=True)
        ]
    plain = [values[chosen.trim :] for values in plain]
    running = [session.running[chosen.trim :] for session in kept]
    if dataset.front is None:
        centre, spread = fit_scaling(plain, chosen.scaling, dataset.features)
    else:
        plain = [np.where(runs[:, None], v, np.nan) for v, runs in zip(plain, running, strict=True)]
        centre, spread = fit_known(plain, chosen.scaling, dataset.front.resolution)
    scaled = [scale(values, centre, spread) for values in plain]
    lowest = lowest_level(scaled, chosen.window) if chosen.level_gate else None
    judged = [
        _judged(values, session, chosen, dataset, lowest)
        for values, session in zip(scaled, kept, strict=True)
    ]
    scaling = Scaling(chosen.scaling, tuple(centre), tuple(spread))
    whose = tuple(session.machine or session.name for session in kept)
    ready = Prepared(scaled, running, judged, scaling, lowest, conditions, whose=whose)
    if dataset.front is None or conditions is None or len(kept) < LEAST_MACHINES:
        return ready
    given = [_of(session, conditions, dataset)[chosen.trim :] for session in kept]
    least = (np.asarray(dataset.front.resolution) / spread) ** 2
    return _by_machine(ready, conditions, given, least, dataset.sampling_period_s)


def _by_machine(
    ready: Prepared,
    conditions: Conditions,
    given: Sequence[Values],
    least: Array,
    period_s: float,
) -> Prepared:
    """The same in units of what any machine may be away under its conditions."""
    rows = [np.flatnonzero(flags)[::THINNED] for flags in ready.judged]
    known = [number for number, one in enumerate(rows) if len(one)]
    machines = fit_spread(
        conditions,
        [ready.sessions[number][rows[number]].astype(np.float64) for number in known],
        [given[number][rows[number]] for number in known],
        least,
        period_s=period_s * THINNED,
        learn_s=LEARN_S,
    )
    sessions = [
        (session / machines.deviation(machines.unknown, there)).astype(np.float32)
        for session, there in zip(ready.sessions, given, strict=True)
    ]
    return replace(ready, sessions=sessions, machines=machines, given=tuple(given))


def _conditions(
    dataset: Dataset, sessions: Sequence[TrainingSession], plain: Sequence[Array]
) -> Conditions | None:
    """Fitted where the machine runs."""
    pairs = [
        (values[one.running], _given(one)[one.running])
        for values, one in zip(plain, sessions, strict=True)
        if one.conditions is not None and one.running.any()
    ]
    if not pairs:
        return None
    features, values = zip(*pairs, strict=True)
    has_levels = dataset.front is not None
    return fit_conditions(dataset.conditions, features, values, if_none_helps=has_levels)


def _of(session: TrainingSession, conditions: Conditions, dataset: Dataset) -> Values:
    """The channels that are followed."""
    columns = [dataset.conditions.index(name) for name in conditions.channels]
    return _given(session)[:, columns]


def _given(session: TrainingSession) -> Values:
    assert session.conditions is not None
    return session.conditions


def _judged(
    scaled: Values,
    session: TrainingSession,
    chosen: Preparation,
    dataset: Dataset,
    lowest: float | None,
) -> Flags:
    """As ``DeviceStream`` judges: it sees the trimmed samples too, but judges none of them."""
    if dataset.front is not None:
        settled = whole_windows(session.running, settling(dataset.front, chosen.window))
        return settled[chosen.trim :]
    if dataset.signal is not None:
        return settled_flags(session.running, chosen.window)[chosen.trim :]
    if lowest is not None:
        return level_flags(scaled, chosen.window, lowest)
    return whole_windows(session.running[chosen.trim :], chosen.window)


def lowest_level(scaled: Sequence[Values], window: int) -> float | None:
    """Log rms between the levels of standstill and running; None where there is only one.

    Args:
        scaled: Shape (n, F) each, at least ``window`` samples.
        window: L, samples.
    """
    levels = np.concatenate([log_rms(values, window) for values in scaled])
    still, runs = np.percentile(levels, [2, 75])
    return float((still + runs) / 2) if runs - still > STANDSTILL else None
