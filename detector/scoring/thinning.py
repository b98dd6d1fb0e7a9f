"""Which windows are scored when not all can be, and how their terms are smoothed all the same.

Windows are left out in whole rows. A row has the windows that one smoothed score needs and as
many scores in a row as the alarm rule looks at, so that each score is the one it would have been
and each alarm that is raised would have been raised without thinning too. One row in ``factor``
is scored; what is scored at 4 is scored at 2 and at 1 as well.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from zlib import crc32

import numpy as np
import numpy.typing as npt

from detector.normal.scales import LongMeans
from detector.normal.terms import Terms, joined, no_terms
from detector.records import Flags, Values
from detector.scoring.score import Array, ScoreRule

MOST = 64  # one window in so many is always scored


@dataclass(frozen=True, slots=True)
class Plan:
    """Which of B consecutive windows of a session are scored.

    Attributes:
        number: Of the first one in its session.
        position: The same, counted on over sessions, none of which follows on another.
        chosen: Increasing, which of the B are scored.
    """

    number: int
    position: int
    chosen: npt.NDArray[np.intp]

    @property
    def runs(self) -> list[npt.NDArray[np.intp]]:
        """The chosen ones in stretches without a gap; none is empty."""
        if not len(self.chosen):
            return []
        if self.chosen[-1] - self.chosen[0] < len(self.chosen):
            return [self.chosen]
        return np.split(self.chosen, np.flatnonzero(np.diff(self.chosen) > 1) + 1)

    def views(self, windows: Values) -> list[Values]:
        """The chosen ones of B windows, shape (B, L, F), without a copy; at least one view."""
        return [windows[run[0] : run[-1] + 1] for run in self.runs] or [windows[:0]]


class Thinning:
    """Counts the windows of one device and says which are scored.

    Args:
        device: Its name; devices take turns, so that the load is even.
        row: Windows in a row that are scored or left out together.

    Attributes:
        factor: One row in so many is scored; 1: all of them.
    """

    def __init__(self, device: str, row: int) -> None:
        self.factor = 1
        self._row = row
        self._place = crc32(device.encode()) % MOST * row  # its row and the place in it, as one
        self._position = self._begun = 0

    @property
    def has_begun(self) -> bool:
        """Whether the session had a window, so that its warm-up is over."""
        return self._position > self._begun

    def restart(self) -> None:
        """A session begins, with the next row: so short sessions have their turn too."""
        self._place = -(-self._place // self._row) * self._row
        self._position += 1
        self._begun = self._position

    def look_at(self, row: int) -> None:
        """Go on with rows of another length, from the next row on."""
        if row == self._row:
            return
        self._place = -(-self._place // self._row) * row
        self._row = row

    def plan(self, count: int) -> Plan:
        """Which of the next ``count`` windows are scored."""
        rows = (self._place + np.arange(count)) // self._row
        chosen = np.flatnonzero(rows % self.factor == 0)
        plan = Plan(self._position - self._begun, self._position, chosen)
        self._place += count
        self._position += count
        return plan


def smooth(terms: Terms, width: int, before: Terms) -> Terms:
    """Causal mean of each term over ``width`` windows of one session.

    A network that misses the phase of a single window now and then is calmed before its terms
    are compared with anything; averaging the finished score would keep its scale.

    Args:
        terms: B consecutive windows.
        width: >= 1.
        before: At most ``width - 1`` windows of the same session just before, see ``newest``.

    Returns:
        B windows; the first of a session average those there are.
    """
    if width == 1:
        return terms
    widths = np.cumsum([term.shape[1] for term in terms.each])[:-1]
    means = _causal_mean(np.hstack(terms.each), width, np.hstack(before.each))
    return Terms(*np.split(means, widths, axis=1))


def _causal_mean(values: Array, width: int, before: Array) -> Array:
    joined = np.concatenate([before, values])
    end = np.arange(len(before), len(joined)) + 1
    start = np.maximum(end - width, 0)
    shown = ~np.isnan(joined)
    if shown.all():
        sums = _running_sum(joined)
        return np.asarray((sums[end] - sums[start]) / (end - start)[:, None])
    sums = _running_sum(np.where(shown, joined, 0.0))
    counts = _running_sum(shown.astype(np.float64))
    total, among = sums[end] - sums[start], counts[end] - counts[start]
    return np.divide(total, among, out=np.full_like(total, np.nan), where=among > 0)


def _running_sum(values: Array) -> Array:
    return np.cumsum(np.concatenate([np.zeros((1, values.shape[1])), values]), axis=0)


class Smoother:
    """Smooths the terms of those windows of a device that are scored.

    Args:
        width: Windows whose terms are averaged, see ``smooth``.
        columns: K.
        features: F.
    """

    def __init__(self, width: int, columns: int, features: int) -> None:
        self._width = width
        self._none = self._before = no_terms(columns, features)
        self._next = 0  # position of the window that would follow on
        self._abnormal = -math.inf  # position of the newest window that stands out by itself

    def smooth(self, terms: Terms, plan: Plan) -> tuple[Terms, Flags]:
        """Average each window's terms with those of the windows before.

        Args:
            terms: Of the chosen windows.
            plan: The stretches in order, as from one ``Thinning``.

        Returns:
            As many smoothed terms, and which of them have all that belongs into them: not those
            just behind windows that were left out.
        """
        smoothed, whole, done = [self._none], [np.empty(0, np.bool_)], 0
        for run in plan.runs:
            first, count = plan.position + int(run[0]), len(run)
            if first != self._next:
                self._before = self._none
            part = terms.part(done, done + count)
            smoothed.append(smooth(part, self._width, self._before))
            numbers = np.arange(1, count + 1)
            wanted = np.minimum(self._width, plan.number + run[0] + numbers)
            whole.append(len(self._before.log_mse) + numbers >= wanted)
            self._before = self._before.then(part).newest(self._width - 1)
            self._next = first + count
            done += count
        return joined(smoothed), np.concatenate(whole)


class RunningScores:
    """From the terms of a device's windows to scores, over all the time scales of a rule.

    Args:
        rule: How terms become a score.
        columns: K.
        features: F.
        window: L, samples; so many windows after an abnormal one still hold some of it.
    """

    def __init__(self, rule: ScoreRule, columns: int, features: int, window: int) -> None:
        self._rule, self._window = rule, window
        self._smoother = Smoother(rule.smoothing, columns, features)
        self._means = LongMeans(tuple(scale.width for scale in rule.scales), 3 * columns)
        self._next = 0  # position of the window that would follow on
        self._abnormal = -math.inf  # position of the newest window that stands out by itself

    def smooth(self, terms: Terms, plan: Plan) -> tuple[Terms, Flags]:
        """See ``Smoother``; above the floor of the rule."""
        smoothed, whole = self._smoother.smooth(terms, plan)
        return smoothed.above(self._rule.floor), whole

    def score(self, terms: Terms, whole: Flags, plan: Plan, judged: Flags) -> Array:
        """Scores of each column.

        Args:
            terms: From ``smooth``, of the chosen windows of a plan.
            whole: Of the same windows, see ``Smoother``.
            plan: Which those are.
            judged: Of the same windows.

        Returns:
            Shape (B, K) or more, see ``ScoreRule.column_scores``; rows that are not whole say
            nothing.
        """
        short = self._rule.column_scores(terms)
        if not self._rule.scales or not len(short):
            return short
        counts = whole & self._is_calm(self._rule.scores(short) > 1.0, plan)
        stacked = np.concatenate([terms.log_mse, terms.mean, terms.log_peak], axis=1)
        done = 0
        for run in plan.runs:
            rows = slice(done, done + len(run))
            if plan.position + int(run[0]) != self._next:
                self._means.restart()
            means = self._means.push(stacked[rows], judged[rows] & whole[rows], counts[rows])
            columns = slice(0, len(self._rule.weights))
            short[rows, columns] = np.maximum(short[rows, columns], self._rule.long_scores(means))
            self._next = plan.position + int(run[-1]) + 1
            done += len(run)
        return short

    def _is_calm(self, abnormal: Flags, plan: Plan) -> Flags:
        """Whether neither a window nor one that it overlaps stands out by itself."""
        at = plan.position + plan.chosen
        found = np.maximum.accumulate(np.where(abnormal, at, self._abnormal))
        self._abnormal = float(found[-1])
        return np.asarray(at - found >= self._window)
