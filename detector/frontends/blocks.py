"""Blocks at a hop, laid over the samples of one session as they come."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detector.frontends.contract import FrontEnd
from detector.records import Flags, Times, Values

MOST_VALUES = 4_000_000  # copied at once into blocks, so that memory stays bounded


@dataclass(frozen=True, slots=True)
class Described:
    """Feature samples of some consecutive samples.

    Attributes:
        at: Shape (m,), which of those samples each block ends with.
        columns: Shape (m, K), see ``FrontEnd.describe``.
        conditions: Shape (m, C), mean over each block.
        runs: Shape (m,), whether the machine ran all through each block.
        spans_s: Shape (m,), seconds from the first to the last sample of each block.
    """

    at: npt.NDArray[np.intp]
    columns: Values
    conditions: Values
    runs: Flags
    spans_s: Times


class Blocks:
    """Remembers as much of a session as the next block needs.

    The first block begins with the first sample of the session, and each next one a hop later, so
    the same samples give the same blocks in any batches.

    Args:
        front: Describes them.
    """

    def __init__(self, front: FrontEnd) -> None:
        self._front = front
        self._width = len(front.inputs) + len(front.conditions)
        self.restart()

    def restart(self) -> None:
        """A session begins."""
        self._ts = np.empty(0)
        self._values = np.empty((0, self._width), np.float32)
        self._runs = np.empty(0, np.bool_)
        self._wait = 0  # samples until the next block begins, those remembered included

    def push(self, ts: Times, values: Values, runs: Flags) -> Described:
        """Describe the blocks that end in the next samples.

        Args:
            ts: Shape (n,).
            values: Shape (n, F + C), inputs and then conditions, none missing.
            runs: Shape (n,), whether the machine runs.
        """
        before = len(self._ts)
        self._ts = np.concatenate([self._ts, ts])
        self._values = np.concatenate([self._values, values])
        self._runs = np.concatenate([self._runs, runs])
        starts = np.arange(self._wait, len(self._ts) - self._front.block + 1, self._front.hop)
        found = self._described(starts, before)
        self._forget(self._wait + len(starts) * self._front.hop)
        return found

    def _described(self, starts: npt.NDArray[np.intp], before: int) -> Described:
        last = starts + self._front.block - 1
        rows = max(MOST_VALUES // (self._front.block * self._width), 1)
        parts = [self._describe(starts[i : i + rows]) for i in range(0, len(starts), rows)]
        columns, conditions = zip(*parts or [self._describe(starts)], strict=True)
        ran = np.cumsum(np.concatenate([[0], self._runs]))
        return Described(
            at=last - before,
            columns=np.concatenate(columns),
            conditions=np.concatenate(conditions),
            runs=ran[last + 1] - ran[starts] == self._front.block,
            spans_s=self._ts[last] - self._ts[starts],
        )

    def _describe(self, starts: npt.NDArray[np.intp]) -> tuple[Values, Values]:
        blocks = self._values[starts[:, None] + np.arange(self._front.block)]  # (B, block, F + C)
        inputs = len(self._front.inputs)
        conditions = blocks[:, :, inputs:]
        means = conditions.mean(axis=1, dtype=np.float64).astype(np.float32)
        return self._front.describe(blocks[:, :, :inputs], conditions), means

    def _forget(self, next_start: int) -> None:
        kept = min(next_start, len(self._ts))
        self._ts, self._values = self._ts[kept:], self._values[kept:]
        self._runs, self._wait = self._runs[kept:], next_start - kept


def settling(front: FrontEnd, window: int) -> int:
    """Feature samples in a row through which a machine has run when it is judged.

    Where samples are kept: those of the window, and as many before as share samples with its
    oldest block, for the end of a ramp is still in that. Waveforms may come in bursts, of which
    nobody knows what was before.

    Args:
        front: Makes the feature samples.
        window: L, feature samples.
    """
    return window + (-(-front.block // front.hop) if front.keeps == "samples" else 0)


def first_of(count: int, scored: npt.NDArray[np.intp], front: FrontEnd, needed: int) -> int:
    """Which of ``count`` stored samples is the first to be scored again.

    Blocks go on as they were laid: one ended in each sample with a score. A session without any
    is as short as a block, or nobody looked at it for as long as is read; it begins anew then.

    Args:
        count: Newest samples of a session.
        scored: Increasing, those of them with a score.
        front: Whose blocks they are.
        needed: Samples that the next score can depend on.
    """
    wanted = max(count - needed, 0)
    if not len(scored):
        return wanted
    begins = int(scored[-1]) - front.block + 1
    earlier = -(-max(begins - wanted, 0) // front.hop)
    return max(begins - earlier * front.hop, begins % front.hop)
