"""How a device's channels come: in one message, or apart, in bursts or all the time."""

from __future__ import annotations

from collections import Counter

import numpy as np

from detector.alignment.rows import Rows
from detector.alignment.steps import usual_step
from detector.records import Flags, Times

LOOKED_AT = 64  # rows between two looks
BURSTS = 3  # messages in a row that each begin after a pause
TOGETHER = 0.5  # share of the rows that are whole, where channels come together


class Bursts:
    """Whether a device pauses between its messages, so that a pause is no loss."""

    def __init__(self) -> None:
        self._newest = -np.inf  # time of the newest sample that came
        self._since: list[float] = []  # when the first of the messages in a row came

    def passed(self, newest: float) -> None:
        """Samples followed those before without a pause."""
        self._newest = newest
        self._since.clear()

    def note(self, ts: Times, step_s: float, now: float) -> None:
        """Take samples into account that came together.

        Args:
            ts: Shape (n,).
            step_s: More than that is a pause.
            now: Of a clock that stands still while nothing can come.
        """
        is_burst = len(ts) > 1 and ts[0] - self._newest > step_s and np.diff(ts).max() <= step_s
        if not is_burst:
            self._since.clear()
        elif len(self._since) < BURSTS:
            self._since.append(now)
        self._newest = max(self._newest, float(ts[-1]))

    def are_usual(self, now: float, wait_s: float) -> bool:
        """Enough of them came, and for the wait after them nothing that a pause had lost."""
        return len(self._since) == BURSTS and now - self._since[-1] >= wait_s


class Habits:
    """Remembers which of the needed channels the newest rows had."""

    def __init__(self) -> None:
        self._ways: Counter[bytes] = Counter()  # which channels they had; none lacking: b""
        self._rows: list[Rows] = []
        self._came_along: Flags = np.empty(0, np.bool_)  # channels that most rows once had

    @property
    def is_due(self) -> bool:
        """There is enough for a look."""
        return self._ways.total() >= LOOKED_AT

    def widen(self, more: int) -> None:
        """Take in ``more`` channels to the right."""
        self._came_along = np.append(self._came_along, np.zeros(more, np.bool_))
        self._rows = [rows.widened(more) for rows in self._rows]

    def all_came(self) -> None:
        """Samples passed that had every channel."""
        self._ways.clear()
        self._rows.clear()
        self._came_along[:] = True

    def note(self, rows: Rows, needed: Flags) -> None:
        """Take rows into account."""
        self._rows.append(rows)
        whole = rows.have_all(needed)
        self._ways[b""] += int(whole.sum())
        for row in rows.heard[~whole][:, needed]:
            self._ways[row.tobytes()] += 1

    def look(self, needed: Flags) -> list[Rows] | None:
        """Look at what was noted, and forget it.

        Returns:
            The rows, where channels come apart: seldom whole. None where they come together, also
            when all rows lack the same channels that they once had: these have failed.
        """
        ways, self._ways = self._ways, Counter()
        rows, self._rows = self._rows, []
        whole = ways.pop(b"", 0)
        heard = np.mean(np.concatenate([one.heard for one in rows]), axis=0) >= TOGETHER
        has_failed = len(ways) == 1 and not (~heard & ~self._came_along & needed).any()
        self._came_along |= heard
        are_whole = whole >= TOGETHER * (whole + ways.total())
        return None if has_failed or are_whole else rows


def fastest(rows: list[Rows]) -> float | None:
    """Period of the channel that comes most often at a regular step; None when none does."""
    ts = np.concatenate([one.ts for one in rows])
    heard = np.concatenate([one.heard for one in rows])
    found = []
    for channel in range(heard.shape[1]):
        usual = usual_step(ts[heard[:, channel]])
        if usual is not None and usual.is_regular:
            found.append(float(f"{usual.step_s:.3g}"))
    return min(found, default=None)
