"""All windows of some sessions, never copied out.

Batches are gathered from the joined sessions by index, so memory does not grow with the number of
windows.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy

import numpy as np
import torch
from torch import Tensor

from detector.records import Values
from detector.sessions.windows import window_starts


class WindowPool:
    """All windows of some sessions, gathered by index.

    Args:
        sessions: Each of shape (n, F), scaled; shorter ones than a window give none. Where a
            sample has no value at all a session ends; one value missing is taken as normal.
        window: L, samples.
    """

    def __init__(self, sessions: Sequence[Values], window: int) -> None:
        sessions = [part for session in sessions for part in _known(session)]
        self.data = torch.from_numpy(np.ascontiguousarray(np.concatenate(sessions)))
        lengths = [len(session) for session in sessions]
        self.starts = torch.from_numpy(window_starts(lengths, window))
        self._ends = torch.from_numpy(np.cumsum(lengths, dtype=np.int64))
        self._steps = torch.arange(window)

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def window(self) -> int:
        """L, samples."""
        return len(self._steps)

    @property
    def features(self) -> int:
        """F."""
        return self.data.shape[1]

    def to(self, device: torch.device) -> WindowPool:
        """The same windows on a device; this pool itself where it already lies there."""
        if self.data.device == device:
            return self
        moved = copy(self)
        moved.data, moved.starts = self.data.to(device), self.starts.to(device)
        moved._steps, moved._ends = self._steps.to(device), self._ends.to(device)
        return moved

    def tensors(self) -> dict[str, Tensor]:
        """What the windows are made of."""
        return {"data": self.data, "starts": self.starts}

    def gather(self, chosen: Tensor) -> Tensor:
        """Windows by number: (B,) -> (B, L, F)."""
        return self.data[self.starts[chosen][:, None] + self._steps]

    def sample(self, count: int) -> Tensor:
        """At most ``count`` windows spread evenly over the pool."""
        chosen = torch.linspace(0, len(self) - 1, min(count, len(self))).long()
        return self.gather(chosen)

    def longer(self, length: int) -> WindowPool:
        """The same windows with what follows them: see ``SequencePool``."""
        return SequencePool(self, length)


class SequencePool(WindowPool):
    """Sequences of some length that begin where windows do, for networks that carry a state.

    Args:
        pool: The windows.
        length: T, samples; behind the end of its session a sequence is NaN.
    """

    def __init__(self, pool: WindowPool, length: int) -> None:
        self.data, self.starts, self._ends = pool.data, pool.starts, pool._ends
        self._steps = torch.arange(length, device=pool.data.device)
        self._each = length / pool.window

    def gather(self, chosen: Tensor) -> Tensor:
        """Windows by number, of every few of them what follows: as many samples as they have.

        Args:
            chosen: Shape (B,).

        Returns:
            Shape (B · L // T, T, F), at least one.
        """
        starts = self.starts[chosen[: max(int(len(chosen) / self._each), 1)]]
        ends = self._ends[torch.searchsorted(self._ends, starts, right=True)]  # (B',)
        rows = starts[:, None] + self._steps  # (B', T)
        inside = rows < ends[:, None]
        found = self.data[rows.clamp(max=len(self.data) - 1)]  # (B', T, F)
        return found.where(inside[:, :, None], torch.nan)


def _known(session: Values) -> list[Values]:
    """A session without the samples that have no value; single ones missing are 0."""
    missing = np.isnan(session)
    if not missing.any():
        return [session]
    gone = missing.all(axis=1)
    edges = np.flatnonzero(np.diff(gone)) + 1
    parts = [part for part in np.split(session, edges) if len(part) and not np.isnan(part[0]).all()]
    return [np.nan_to_num(part) for part in parts] or [session[:0]]
