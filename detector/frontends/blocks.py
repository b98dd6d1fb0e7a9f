"""Blocks at a hop, laid over the samples of one session as they come."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detector.frontends.contract import FrontEnd
from detector.records import Flags, Times, Values

MOST_VALUES = 4_000_000  # copied at once into blocks, so that memory stays bounded
AS_LOUD = 0.5  # of what it was while it ran, from which on a machine does not sound as if it stood
MOVING_S = 10.0  # that it goes on; coasting down takes less, and a machine gets quiet on the way


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
        self._ts: Times = np.empty(0)
        self._has_block, self._short = False, 0
        self._loud, self._moving = np.inf, 0  # of the newest running block; blocks as loud since
        self.restart()

    @property
    def note(self) -> str | None:
        """What is wrong with how the samples come; None: nothing."""
        if self._short:
            return (
                f"no score: the newest {self._short:,} samples without a gap are fewer than the "
                f"{self._front.block:,} of a block"
            )
        if self._moving * self._front.hop * self._front.sampling_period_s >= MOVING_S:
            return (
                "not judged: it vibrates as when it runs, and its running signal says that it is "
                "in another state"
            )
        return None

    def restart(self) -> None:
        """A session begins."""
        if len(self._ts) and not self._has_block:
            self._short = len(self._ts)
        self._has_block = False
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
        if len(starts):
            self._has_block, self._short = True, 0
        found = self._described(starts, before)
        self._forget(self._wait + len(starts) * self._front.hop)
        return found

    def _described(self, starts: npt.NDArray[np.intp], before: int) -> Described:
        last = starts + self._front.block - 1
        rows = max(MOST_VALUES // (self._front.block * self._width), 1)
        parts = [self._describe(starts[i : i + rows]) for i in range(0, len(starts), rows)]
        columns, conditions, sizes = zip(*parts or [self._describe(starts)], strict=True)
        ran = np.cumsum(np.concatenate([[0], self._runs]))
        runs = ran[last + 1] - ran[starts] == self._front.block
        self._watch(runs, np.concatenate(sizes))
        return Described(
            at=last - before,
            columns=np.concatenate(columns),
            conditions=np.concatenate(conditions),
            runs=runs,
            spans_s=self._ts[last] - self._ts[starts],
        )

    def _watch(self, runs: Flags, sizes: Values) -> None:
        """Count blocks of a machine that stands by its running signal and does not sound so."""
        for ran, size in zip(runs.tolist(), sizes.tolist(), strict=True):
            if ran:
                self._loud = size
            self._moving = 0 if ran or size < AS_LOUD * self._loud else self._moving + 1

    def _describe(self, starts: npt.NDArray[np.intp]) -> tuple[Values, Values, Values]:
        blocks = self._values[starts[:, None] + np.arange(self._front.block)]  # (B, block, F + C)
        inputs = len(self._front.inputs)
        conditions = blocks[:, :, inputs:]
        means = conditions.mean(axis=1, dtype=np.float64).astype(np.float32)
        sizes = blocks[:, :, :inputs].std(axis=1).mean(axis=1)
        return self._front.describe(blocks[:, :, :inputs], conditions), means, sizes

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
