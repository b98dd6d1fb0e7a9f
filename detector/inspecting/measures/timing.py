"""The clock of a recording: its rate, how evenly it ticks, and where it stops."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise

import numpy as np
import numpy.typing as npt

from detector.inspecting.measures.numbers import BLOCK
from detector.records import Flags, Samples, Times, Values
from detector.sessions.segments import Segmenter, longest_step_s, median_period
from detector.settings.sessions import SessionSettings

SAMPLED, RUNS = 1_000_000, 10  # steps that the period is taken of, and in how many places
REGULAR = 0.5  # steps this near to the period, as a share of it, are of one sample
ROWS = 100  # rows that are looked at for holes together; those with one take long to cut
DIGITS = 6
SECTIONS = 20  # parts of a recording whose periods are compared
FEWEST = 30  # steps of a part with a period of its own

Steps = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Timing:
    """How the times of a recording run.

    Attributes:
        rate_hz: As told by the file, else measured; None with fewer than 2 different times.
        period_s: Median step of time, which windows and gaps are counted in; None like ``rate_hz``.
        jitter_sd: Deviation of the steps of one sample, as a share of the period.
        jitter_worst: The largest of these deviations.
        gaps: Shape (G, 2), time before and after each pause that ends a session, seconds.
        repeated: Samples with the time of the one before.
        back: Samples before the one before them.
        lost: Samples missing in steps that are too short for a gap.
        tick_s: Power of ten that all times are multiples of; None below a microsecond.
        periods_s: Shape (P,), of equal parts of the recording, in order.
        sessions: Samples of each session, by the rule that training cuts with.
    """

    rate_hz: float | None
    period_s: float | None
    jitter_sd: float | None
    jitter_worst: float | None
    gaps: Steps
    repeated: int
    back: int
    lost: int
    tick_s: float | None
    periods_s: Steps
    sessions: tuple[int, ...]

    @property
    def longest_gap_s(self) -> float | None:
        """Seconds; None without a gap."""
        return float(np.diff(self.gaps).max()) if len(self.gaps) else None

    @property
    def longest_gap_at(self) -> float | None:
        """Time of the last sample before it."""
        return float(self.gaps[np.diff(self.gaps)[:, 0].argmax(), 0]) if len(self.gaps) else None


def timing_of(samples: Samples, told_hz: float | None) -> Timing:
    """Measure a recording's clock.

    Args:
        samples: In order of the file.
        told_hz: Rate that the file tells; None: the times say it.
    """
    period_s = _period(samples.ts)
    if period_s is None:
        n = len(samples)
        repeated = max(n - 1, 0)
        none = np.empty((0, 2))
        sessions = (1,) if n else ()
        return Timing(told_hz, None, None, None, none, repeated, 0, 0, None, none[:, 0], sessions)
    repeated, back = _out_of_order(samples.ts)
    mean_s, sd_s, worst_s = _regular(samples.ts, period_s)
    return Timing(
        rate_hz=told_hz or _rate(samples.ts, mean_s, repeated),
        period_s=period_s,
        jitter_sd=sd_s / period_s,
        jitter_worst=worst_s / period_s,
        gaps=_gaps(samples.ts, period_s),
        repeated=repeated,
        back=back,
        lost=_lost(samples.ts, period_s),
        tick_s=_tick(samples.ts),
        periods_s=_periods(samples.ts, period_s),
        sessions=_sessions(samples, period_s),
    )


def _period(ts: Times) -> float | None:
    """Median step; of a long recording, of steps in several places."""
    if len(ts) <= SAMPLED:
        return median_period(ts)
    starts = np.linspace(0, len(ts) - SAMPLED // RUNS, RUNS).astype(np.int64)
    steps = np.concatenate([np.diff(ts[start : start + SAMPLED // RUNS]) for start in starts])
    steps = steps[steps > 0]
    return float(np.median(steps)) if len(steps) else None


def _rate(ts: Times, mean_s: float, repeated: int) -> float:
    """Samples per second; where most times repeat, only their count is true."""
    rate_hz = 1 / mean_s
    if 2 * repeated > len(ts):
        rate_hz = (len(ts) - 1) / float(ts[-1] - ts[0]) if ts[-1] > ts[0] else rate_hz
    return float(f"{rate_hz:.{DIGITS}g}")


def steps_of(ts: Times) -> Iterator[tuple[int, Steps]]:
    """Steps of time, a block at a time, each with the index of the sample before the first."""
    for start in range(0, len(ts) - 1, BLOCK):
        yield start, np.diff(ts[start : start + BLOCK + 1])


def _regular(ts: Times, period_s: float) -> tuple[float, float, float]:
    """Mean, deviation and worst deviation of the steps of one sample, seconds."""
    count, total, squares, worst = 0, 0.0, 0.0, 0.0
    for _, steps in steps_of(ts):
        away = steps - period_s
        away = away[np.abs(away) <= REGULAR * period_s]
        count, total = count + len(away), total + float(away.sum())
        squares += float(np.square(away).sum())
        worst = max(worst, float(np.abs(away).max(initial=0.0)))
    if not count:
        return period_s, 0.0, 0.0
    mean = total / count
    return period_s + mean, max(squares / count - mean**2, 0.0) ** 0.5, worst


def _out_of_order(ts: Times) -> tuple[int, int]:
    found = [((steps == 0).sum(), (steps < 0).sum()) for _, steps in steps_of(ts)]
    return sum(int(zero) for zero, _ in found), sum(int(back) for _, back in found)


def _gaps(ts: Times, period_s: float) -> Steps:
    """As ``Segmenter`` sees them."""
    at = [start + np.flatnonzero(steps > _longest_s(period_s)) for start, steps in steps_of(ts)]
    before = np.concatenate(at).astype(np.int64)
    return np.column_stack([ts[before], ts[before + 1]])


def _lost(ts: Times, period_s: float) -> int:
    """Whole periods in steps of more than one that end no session."""
    found = [np.round(steps[steps <= _longest_s(period_s)] / period_s) for _, steps in steps_of(ts)]
    return sum(int((periods[periods > 1] - 1).sum()) for periods in found)


def _longest_s(period_s: float) -> float:
    """The longest step within a session."""
    return longest_step_s(SessionSettings(), period_s)


def _tick(ts: Times) -> float | None:
    """Coarsest of 1 s, 0.1 s, ... 1 µs that all times are multiples of, as far as float64 tells."""
    some = ts[np.linspace(0, len(ts) - 1, min(len(ts), 1000)).astype(np.int64)]
    some = np.concatenate([some, ts[:1000]])
    for digits in range(7):
        off = np.abs(some - np.round(some, digits))
        if (off <= 2 * np.spacing(np.abs(some))).all():
            return float(10.0**-digits)
    return None


def _periods(ts: Times, period_s: float) -> Steps:
    """Mean step of one sample in each of ``SECTIONS`` equal parts, where there are enough."""
    found = []
    for first, end in pairwise(np.linspace(0, len(ts), SECTIONS + 1).astype(np.int64)):
        part = ts[first:end]
        own_s = median_period(part[:BLOCK]) if len(part) > FEWEST else None
        if own_s is not None:
            found.append(_regular(part, own_s)[0])
    return np.asarray(found or [period_s])


def _parts(values: Values, needed: Flags) -> Iterator[slice]:
    """Rows in order, those with holes apart from the many without; any parts give the same."""
    has_hole = [
        bool(np.isnan(values[at : at + ROWS])[:, needed].any())
        for at in range(0, len(values), ROWS)
    ]
    for is_hole, group in groupby(enumerate(has_hole), key=lambda pair: pair[1]):
        numbers = [number for number, _ in group]
        step = ROWS * len(numbers) if is_hole else BLOCK
        for at in range(numbers[0] * ROWS, (numbers[-1] + 1) * ROWS, step):
            yield slice(at, min(at + step, (numbers[-1] + 1) * ROWS))


def _sessions(samples: Samples, period_s: float) -> tuple[int, ...]:
    """Lengths of the sessions, by the rule that training cuts with; empty features aside."""
    needed = np.asarray([np.isfinite(column).any() for column in samples.values.T], np.bool_)
    cutter = Segmenter(SessionSettings(), period_s, needed)
    lengths: list[int] = []
    for part in _parts(samples.values, needed):
        rows = Samples(samples.features, samples.ts[part], samples.values[part], samples.session)
        for piece in cutter.push(rows):
            lengths += [0] * piece.starts
            if piece.usable:
                lengths[-1] += len(piece.ts)
    return tuple(lengths)
