"""Channels of different messages on one time base: rows at the multiples of a period.

The value of a channel at a row's time t is, in this order: the mean of its samples where several
fell into the period that ends at t; the sample at t; a point on the line between its neighbours
where these are close; the last sample while it is still good; else it is missing. Which of them
it is depends on the samples' times alone, so the same messages give the same rows in whatever
order they came, if they came within the wait.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detector.alignment.rows import Rows
from detector.alignment.rules import LINEAR_PERIODS, Rules
from detector.alignment.steps import ENOUGH, NEWEST, usual_step
from detector.records import Flags, Times, Values

Floats = npt.NDArray[np.float64]

MOST_ROWS = 4096  # made at a time
AT = 1e-3  # of a period: a sample this close to a row's time is at it
HEARD_UP = 1.5  # of its usual step: a regular channel has no sample missing between two so close


@dataclass(frozen=True, slots=True)
class _Around:
    """Of each row's time T (K,) and channel (K, F): the samples before and after it.

    Attributes:
        before, after: Their times; -inf and inf where there is none.
        low, high: Their values.
        count, mean: How many values the period that ends at T has, and their mean.
    """

    before: Floats
    after: Floats
    low: Values
    high: Values
    count: Floats
    mean: Floats


class Grid:
    """Makes rows of one device's waiting samples.

    Args:
        rules: Of the device.
        period_s: Between rows.
        start: Time after which the first row comes.
    """

    def __init__(self, rules: Rules, period_s: float, start: float) -> None:
        self._rules = rules
        self.period_s = period_s
        self._next = int(np.floor(start / period_s)) + 1  # the next row is at this many periods
        self._before: Floats = np.empty(0)  # last sample of each channel before all that wait
        self._low: Values = np.empty(0, np.float32)
        self._steps: Floats = np.empty(0)  # of each channel that comes regularly, else NaN
        self._unlearnt: list[Rows] = []
        self._learns_at = ENOUGH  # rows a channel
        self._linear: Floats = np.empty(0)
        self._is_held: Flags = np.empty(0, np.bool_)
        self._seen: deque[tuple[float, float]] = deque()  # taken when, newest time by then

    def changed(self, rules: Rules, period_s: float, channels: tuple[str, ...]) -> Grid:
        """A grid by other rules that goes on behind the last row of this one."""
        grid = Grid(rules, period_s, (self._next - 1) * self.period_s)
        if period_s == self.period_s:
            grid._next = self._next
        grid.widen(channels)
        grid._before, grid._low, grid._steps = self._before, self._low, self._steps
        grid._unlearnt, grid._learns_at, grid._seen = self._unlearnt, self._learns_at, self._seen
        return grid

    def widen(self, channels: tuple[str, ...]) -> None:
        """Take in the channels to the right of those known."""
        new = channels[len(self._steps) :]
        methods = [self._rules.method_of(name) for name in new]
        near = {"hold": 0.0, "mean": 0.0, "linear": self._rules.wait_s}
        usual = min(LINEAR_PERIODS * self.period_s, max(self._rules.wait_s, self.period_s))
        linear = [near[how] if how else usual for how in methods]
        self._linear = np.append(self._linear, linear)
        self._is_held = np.append(self._is_held, [how == "hold" for how in methods])
        self._before = np.append(self._before, np.full(len(new), -np.inf))
        self._low = np.append(self._low, np.full(len(new), np.nan, np.float32))
        self._steps = np.append(self._steps, np.full(len(new), np.nan))
        self._unlearnt = [rows.widened(len(new)) for rows in self._unlearnt]

    def remember(self, ts: Times, values: Values) -> None:
        """Start with the last known value of each channel, and when it was heard."""
        known = np.isfinite(values)
        self._before[known], self._low[known] = ts[known], values[known]

    def heard(self, rows: Rows, newest: float, now: float) -> None:
        """Note what came: rows of one block, and the newest time of all so far."""
        self._seen.append((now, newest))
        self._unlearnt.append(rows)
        if sum(map(len, self._unlearnt)) >= self._learns_at * len(self._steps):
            self._learn()

    def _learn(self) -> None:
        """Which channels come regularly, and how often; looked at ever more seldom."""
        self._learns_at = min(2 * self._learns_at, NEWEST)
        ts = np.concatenate([rows.ts for rows in self._unlearnt])
        heard = np.concatenate([rows.heard for rows in self._unlearnt])
        self._unlearnt = []
        for channel in range(heard.shape[1]):
            usual = usual_step(np.sort(ts[heard[:, channel]]))
            self._steps[channel] = usual.step_s if usual and usual.is_regular else np.nan

    def rows(self, waiting: Rows, now: float, due: float) -> tuple[Times, Values, float]:
        """The rows that may leave.

        Args:
            waiting: Merged, at least one.
            now: As in ``heard``.
            due: Samples up to this time wait no more.

        Returns:
            Their times (K,), their values (K, F), and up to when samples are used up.
        """
        newest = float(waiting.ts[-1])
        self._skip_silence(float(waiting.ts[0]))
        last = min(int(np.floor(newest / self.period_s + AT)), self._next + MOST_ROWS - 1)
        if last < self._next:
            return np.empty(0), np.empty((0, len(self._steps)), np.float32), -np.inf
        times = np.arange(self._next, last + 1, dtype=np.float64) * self.period_s
        around = self._around(waiting, times)
        leaves = times <= max(self._waited_for(now), due)
        if not leaves.all():
            leaves |= self._is_heard_up(around, times).all(axis=1)
        n = len(times) if leaves.all() else int(leaves.argmin())
        values = self._values(around, times)[:n]
        if n:
            self._next += n
            self._before, self._low = around.before[n - 1], around.low[n - 1]
        used = -np.inf if not n else float(times[n - 1]) + AT * self.period_s
        return times[:n], values, used

    def _skip_silence(self, first: float) -> None:
        """No row is made of a silence in which every channel has gone."""
        good_until = self._before.max(initial=-np.inf) + self._rules.hold_s
        if self._next * self.period_s > good_until:
            self._next = max(self._next, int(np.ceil(first / self.period_s - AT)))

    def _waited_for(self, now: float) -> float:
        """Up to when all has come that could."""
        reach, wait_s = float(self._linear.max(initial=0.0)), self._rules.wait_s
        while len(self._seen) > 1 and self._seen[1][0] <= now - wait_s:
            self._seen.popleft()
        taken, newest = self._seen[0]
        if taken > now - wait_s:
            return -np.inf
        is_idle = len(self._seen) == 1 and taken <= now - wait_s - reach
        return newest if is_idle else newest - reach

    def _around(self, waiting: Rows, times: Times) -> _Around:
        ts, heard = waiting.ts, waiting.heard
        n = len(ts)
        numbers = np.arange(n)[:, None]
        ended = np.searchsorted(ts, times + AT * self.period_s, "right")  # rows at or before T
        last = np.maximum.accumulate(np.where(heard, numbers, -1), axis=0)
        last = np.concatenate([np.full((1, heard.shape[1]), -1), last])[ended]
        following = np.minimum.accumulate(np.where(heard, numbers, n)[::-1], axis=0)[::-1]
        following = np.concatenate([following, np.full((1, heard.shape[1]), n)])[ended]
        columns = np.arange(heard.shape[1])
        known = last >= 0
        before = np.where(known, ts[last], self._before)
        low = np.where(known, waiting.values[last, columns], self._low)
        after = np.append(ts, np.inf)[following]
        high = waiting.values[np.minimum(following, n - 1), columns]
        known = np.isfinite(waiting.values)
        count = _between(known, ended)
        mean = count  # looked at where there are several only
        if count.max(initial=0) > 1:
            total = _between(np.where(known, waiting.values, 0.0), ended)
            mean = total / np.maximum(count, 1)
        return _Around(before, after, low, high, count, mean)

    def _values(self, around: _Around, times: Times) -> Values:
        at = times[:, None]
        span = around.after - around.before
        with np.errstate(invalid="ignore", over="ignore"):
            along = (at - around.before) / span
            line = around.low + along * (around.high - around.low)
        age = at - around.before
        values = np.where(age <= self._rules.hold_s, around.low, np.nan)
        values = np.where(span <= self._linear, line, values)
        values = np.where(age <= AT * self.period_s, around.low, values)
        several = (around.count > 1) & ~self._is_held
        return np.where(several, around.mean, values).astype(np.float32)

    def _is_heard_up(self, around: _Around, times: Times) -> Flags:
        """Where a channel has no sample missing around T, as its regular step says."""
        step = self._steps
        with np.errstate(invalid="ignore"):
            close = around.after - around.before <= HEARD_UP * step
            at = times[:, None] - around.before <= AT * self.period_s
            whole = around.count >= self.period_s / step - 0.5
        return np.asarray((close | at) & (whole | (step >= 0.75 * self.period_s)))


def _between(what: Flags | Floats, ended: npt.NDArray[np.intp]) -> Floats:
    """Sums of the rows from one of ``ended`` to before the next, by column."""
    sums = np.concatenate([np.zeros((1, what.shape[1])), np.cumsum(what, axis=0, dtype=np.float64)])
    return np.diff(sums[ended], axis=0, prepend=0.0)
