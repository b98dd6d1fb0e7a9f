"""Samples that wait to be put in order: sorted by time, those of one moment joined."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from detector.records import Flags, Times, Values


@dataclass(frozen=True, slots=True)
class Rows:
    """n rows of F channels.

    Attributes:
        ts: Shape (n,), device clock, increasing once ``merged``.
        values: Shape (n, F); NaN where a channel was not heard, or was sent as missing.
        heard: Shape (n, F), False where no message had the channel at that time.
        labels: Shape (n,), the session named by the sender.
        since: Shape (n,), when each was taken, seconds of a clock that never jumps.
        arrival: Shape (n,), UTC seconds.
        lot: Shape (n,), number of the lot of messages each came with.
    """

    ts: Times
    values: Values
    heard: Flags
    labels: npt.NDArray[np.object_]
    since: npt.NDArray[np.float64]
    arrival: npt.NDArray[np.float64]
    lot: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ts)

    def __getitem__(self, part: slice | Flags | npt.NDArray[np.intp]) -> Rows:
        return Rows(
            self.ts[part],
            self.values[part],
            self.heard[part],
            self.labels[part],
            self.since[part],
            self.arrival[part],
            self.lot[part],
        )

    def have_all(self, channels: Flags) -> Flags:
        """Shape (n,), where each of ``channels`` (F,) was heard."""
        return np.asarray(self.heard[:, channels].all(axis=1))

    def have_any(self, channels: Flags) -> Flags:
        """Shape (n,), where at least one of ``channels`` (F,) was heard."""
        return np.asarray(self.heard[:, channels].any(axis=1))

    def then(self, others: Rows) -> Rows:
        """Both, in order of arrival; they have the same channels."""
        if not len(self):
            return others
        return Rows(
            np.concatenate([self.ts, others.ts]),
            np.concatenate([self.values, others.values]),
            np.concatenate([self.heard, others.heard]),
            np.concatenate([self.labels, others.labels]),
            np.concatenate([self.since, others.since]),
            np.concatenate([self.arrival, others.arrival]),
            np.concatenate([self.lot, others.lot]),
        )

    def widened(self, more: int) -> Rows:
        """With ``more`` channels to the right that were never heard."""
        if not more:
            return self
        values = np.full((len(self), more), np.nan, np.float32)
        heard = np.zeros((len(self), more), np.bool_)
        return replace(
            self, values=np.hstack([self.values, values]), heard=np.hstack([self.heard, heard])
        )

    def merged(self) -> tuple[Rows, int]:
        """Sorted by time, one row a moment.

        What was heard first of a channel at a moment counts; heard again, it changes nothing.

        Returns:
            The rows, and how many were a repetition altogether.
        """
        if (np.diff(self.ts) > 0).all():
            return self, 0
        order = np.argsort(self.ts, kind="stable")
        rows = self[order]
        first = np.concatenate([[True], np.diff(rows.ts) > 0])
        if first.all():
            return rows, 0
        kept = rows[first]  # copies: what follows writes into them
        places = np.cumsum(first) - 1
        repeated = 0
        for i in np.flatnonzero(~first).tolist():
            at = places[i]
            new = rows.heard[i] & ~kept.heard[at]
            kept.values[at, new] = rows.values[i, new]
            kept.heard[at] |= new
            kept.lot[at] = min(kept.lot[at], rows.lot[i])
            repeated += int(not new.any())
        return kept, repeated


def no_rows(channels: int) -> Rows:
    """None, of so many channels."""
    none = np.empty(0)
    return Rows(
        none,
        np.empty((0, channels), np.float32),
        np.empty((0, channels), np.bool_),
        np.empty(0, np.object_),
        none,
        none,
        np.empty(0, np.int64),
    )
