"""One run of a device's samples, put in order: they wait no longer than they must.

As a rule every message has all channels at one rate. Such samples pass as they are, at once while
each follows the one before, and after a wait where one seems to be missing. A device whose every
message is a burst of its own has nothing missing between them. Parts of one moment are joined.
Where the channels come apart, at times of their own, a ``Grid`` makes the rows.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from detector.alignment.grid import MOST_ROWS, Grid
from detector.alignment.habits import Bursts, Habits, fastest
from detector.alignment.rows import Rows, no_rows
from detector.alignment.rules import Rules
from detector.alignment.steps import StepMeter
from detector.records import Flags, Samples, Times, Values
from detector.short_arrays import steps

NEXT = 1.5  # usual steps: a sample this close to the one before is the next one
ROWS_EVERY_S = 0.25  # of channels that come apart


@dataclass(frozen=True, slots=True)
class Ready:
    """Rows that left, of one session as named by the sender.

    Attributes:
        samples: In order of time.
        arrival: When the newest of them arrived, UTC seconds.
    """

    samples: Samples
    arrival: float


class Lane:
    """Takes rows in any order and lets them leave in theirs.

    Args:
        rules: Of the device.
        counters: What was late or repeated is counted here.
    """

    def __init__(self, rules: Rules, counters: Counter[str]) -> None:
        self._rules = rules
        self._counters = counters
        self.channels: tuple[str, ...] = ()
        self.newest_out = -np.inf  # time of the newest row that left
        self.heard_at = -np.inf  # when rows last came, as ``since``
        self._arrived: list[Rows] = []  # not yet among those that wait
        self._waiting = no_rows(0)
        self._last_ts: Times = np.empty(0)  # when each channel was last heard, and
        self._last: Values = np.empty(0, np.float32)  # its value then
        self._settled = False  # the first wait is over
        self._steps = StepMeter()
        self._habits = Habits()
        self._grid: Grid | None = None
        self._grid_due = 0.0  # when it is worth to make rows again
        self._arrival = 0.0
        self._needed = np.empty(0, np.bool_)
        self._bursts = Bursts()

    @property
    def oldest_lot(self) -> int | None:
        """Number of the oldest lot with samples that wait; None when none do."""
        lots = [int(self._waiting.lot.min())] if len(self._waiting) else []
        if self._arrived:
            lots.append(int(self._arrived[0].lot[0]))
        return min(lots, default=None)

    def resume(self, channels: tuple[str, ...], ts: float, values: Values) -> None:
        """Go on after a row that an earlier run stored."""
        self._widen(channels)
        self.newest_out = ts
        self._last_ts[:], self._last[:] = ts, values

    def follow(self, rules: Rules) -> None:
        """Go by other rules; rows that wait go by them too."""
        is_same = rules.needed == self._rules.needed
        self._rules = rules
        if not is_same:
            self._needed = self._whole(self.channels)
            self._habits = Habits()
            self._habits.widen(len(self.channels))
        if self._grid is not None:
            period_s = rules.period_s or self._grid.period_s
            self._grid = self._grid.changed(rules, period_s, self.channels)

    def pass_on(self, samples: Samples) -> bool:
        """Let samples through at once where that is all there is to do.

        Args:
            samples: Each with all channels.

        Returns:
            Whether they are: nothing waits, and each follows the one before.
        """
        usual = self._steps.step_s
        if not self._settled or usual is None or self._grid is not None:
            return False
        if self._arrived or len(self._waiting):
            return False
        found = steps(samples.ts, self.newest_out)
        if samples.features != self.channels or found.min() <= 0 or found.max() > NEXT * usual:
            return False
        self._steps.add(samples.ts)
        self.newest_out = float(samples.ts[-1])
        self._bursts.passed(self.newest_out)
        self._habits.all_came()
        return True

    def push(self, channels: tuple[str, ...], rows: Rows) -> None:
        """Take rows of ``channels``; those known so far are the first of them, in their order."""
        self._widen(channels)
        self.heard_at = float(rows.since[-1])
        step_s = self._steps.step_s or self._rules.period_s or np.inf
        self._bursts.note(rows.ts, NEXT * step_s, self.heard_at)
        self._arrived.append(rows)

    def _sort_in(self) -> None:
        """Put what has arrived among the rows that wait."""
        arrived, self._arrived = self._arrived, []
        rows = no_rows(len(self.channels))
        for one in arrived:
            rows = rows.then(one.widened(len(self.channels) - one.values.shape[1]))
        rows = self._asides_later(rows)
        late = rows.ts <= self.newest_out
        if late.any():
            again = int((rows.ts == self.newest_out).sum())
            self._counters["duplicate"] += again
            self._counters["late"] += int(late.sum()) - again
            self._keep_last(rows[late])
            rows = rows[~late]
        if not len(rows):
            return
        self._arrival = max(self._arrival, float(rows.arrival[-1]))
        self._waiting, repeated = self._waiting.then(rows).merged()
        self._counters["duplicate"] += repeated
        if self._grid is not None:
            self._grid.heard(rows, float(self._waiting.ts[-1]), self.heard_at)

    def release(self, now: float, before: float = -np.inf) -> list[Ready]:
        """Let rows leave.

        Args:
            now: Of the clock of ``Rows.since``.
            before: Rows of earlier lots wait no more, nor do those with earlier times than theirs.
        """
        if self._grid is not None and now < self._grid_due and before == -np.inf:
            return []
        if self._arrived:
            self._sort_in()
        if not len(self._waiting):
            return []
        due = float(self._waiting.ts[self._waiting.lot < before].max(initial=-np.inf))
        if not self._settled:
            if due == -np.inf and now - self._waiting.since.min() < self._rules.wait_s:
                return []
            self._settle()
        if self._grid is not None:
            self._grid_due = now + min(ROWS_EVERY_S, self._rules.wait_s / 4)
            return self._from_grid(self._grid, now, due)
        n = self._count_ready(now, due)
        return self._as_they_are(n) if n else []

    def _settle(self) -> None:
        """The first wait is over: what came so far says how the channels come."""
        self._settled = True
        self._habits.note(self._waiting, self._needed)
        self._look()

    def _count_ready(self, now: float, due: float) -> int:
        rows = self._waiting
        usual = self._steps.step_s or self._rules.period_s or 0.0
        before = self.newest_out if np.isfinite(self.newest_out) else rows.ts[0]
        follows = np.diff(rows.ts, prepend=before) <= NEXT * usual
        follows |= self._bursts.are_usual(now, self._rules.wait_s)
        whole = rows.have_all(self._needed)
        ready = (follows & whole) | (now - rows.since >= self._rules.wait_s)
        ready |= rows.ts <= due
        return len(ready) if ready.all() else int(ready.argmin())

    def _as_they_are(self, n: int) -> list[Ready]:
        leaving, self._waiting = self._waiting[:n], self._waiting[n:]
        self._keep_last(leaving)
        leaving = self._without_asides(leaving)
        if not len(leaving):
            return []
        self._steps.add(leaving.ts)
        self.newest_out = float(leaving.ts[-1])
        self._habits.note(leaving, self._needed)
        if self._habits.is_due:
            self._look()
        return self._cut(leaving)

    def _keep_last(self, rows: Rows) -> None:
        """Remember the last of each channel, should it have to be held."""
        columns = np.arange(rows.heard.shape[1])
        at = len(rows) - 1 - rows.heard[::-1].argmax(axis=0)
        newer = rows.heard.any(axis=0) & (rows.ts[at] >= self._last_ts)
        self._last_ts = np.where(newer, rows.ts[at], self._last_ts)
        self._last = np.where(newer, rows.values[at, columns], self._last)

    def _asides_later(self, rows: Rows) -> Rows:
        """What the model does not need may come late: it goes with the next row."""
        if self._grid is not None or not np.isfinite(self.newest_out):
            return rows
        aside = (rows.ts <= self.newest_out) & ~rows.have_any(self._needed)
        soon = np.nextafter(self.newest_out, np.inf)
        return replace(rows, ts=np.where(aside, soon, rows.ts)) if aside.any() else rows

    def _without_asides(self, rows: Rows) -> Rows:
        """A row of none of the needed channels goes with the next that has some."""
        aside = ~rows.have_any(self._needed)
        if not aside.any() or aside.all():
            return rows
        values = rows.values.copy()
        for i in np.flatnonzero(aside[:-1]).tolist():
            new = rows.heard[i] & ~rows.heard[i + 1]
            values[i + 1, new] = values[i, new]
        kept = ~aside
        kept[-1] = True
        return replace(rows, values=values)[kept]

    def _look(self) -> None:
        """Begin with a grid where channels come apart."""
        apart = self._habits.look(self._needed)
        if apart is None:
            return
        period_s = self._rules.period_s or fastest(apart)
        if period_s is None or not len(self._waiting):
            return
        first = float(self._waiting.ts[0])
        start = max(self.newest_out, first - 0.5 * period_s)
        self._grid = Grid(self._rules, period_s, start)
        self._grid.widen(self.channels)
        self._grid.remember(self._last_ts, self._last)
        self._grid.heard(self._waiting, float(self._waiting.ts[-1]), self.heard_at)

    def _from_grid(self, grid: Grid, now: float, due: float) -> list[Ready]:
        ready: list[Ready] = []
        while len(self._waiting):
            times, values, used = grid.rows(self._waiting, now, due)
            if not len(times):
                break
            ended = int(np.searchsorted(self._waiting.ts, used, "right"))
            label = self._waiting.labels[max(ended - 1, 0)]
            self._waiting = self._waiting[ended:]
            self.newest_out = float(times[-1])
            some = np.isfinite(values[:, self._needed]).any(axis=1)
            if some.any():
                samples = Samples(self.channels, times[some], values[some], label)
                ready.append(Ready(samples, self._arrival))
            if len(times) < MOST_ROWS:
                break
        return ready

    def _cut(self, rows: Rows) -> list[Ready]:
        """Rows by the session that their sender named."""
        edges = [0, *(np.flatnonzero(rows.labels[1:] != rows.labels[:-1]) + 1).tolist(), len(rows)]
        return [
            Ready(
                Samples(self.channels, rows.ts[a:b], rows.values[a:b], rows.labels[a]),
                float(rows.arrival[a:b].max()),
            )
            for a, b in pairwise(edges)
        ]

    def _widen(self, channels: tuple[str, ...]) -> None:
        more = len(channels) - len(self.channels)
        if more <= 0:
            return
        self._waiting = self._waiting.widened(more)
        self._last_ts = np.append(self._last_ts, np.full(more, -np.inf))
        self._last = np.append(self._last, np.full(more, np.nan, np.float32))
        self.channels = channels
        self._needed = self._whole(channels)
        self._habits.widen(more)
        if self._grid is not None:
            self._grid.widen(channels)

    def _whole(self, channels: tuple[str, ...]) -> Flags:
        """Which channels make a row whole."""
        needed = self._rules.needed.intersection(channels) or channels
        return np.array([name in needed for name in channels], np.bool_)
