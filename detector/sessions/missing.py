"""The plain rule for missing values: a feature that is gone while the machine runs is an anomaly.

No window can hold a missing value, so no network could say so. A loose contact comes and goes,
and between two bursts the next windows are still filling: it counts for a while longer.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from detector.records import Flags, Values
from detector.sessions.segments import Piece

MISSING_SCORE = 2.0  # of a sample whose model feature has been missing for longer than a hole
MISSING_HOLD_S = 10.0  # for so long afterwards


class MissingRule:
    """Remembers of one device whether its session was ever complete, and what went missing.

    Args:
        columns: Of the model features among the device's F features.
        n_features: F.
    """

    def __init__(self, columns: Sequence[int], n_features: int) -> None:
        self._columns = list(columns)
        self._complete: str | None = None  # session that has had a complete sample
        self._gone_until = -np.inf  # while a value missing in this session still counts
        self._shares = np.zeros(n_features, np.float32)

    @property
    def knows_a_session(self) -> bool:
        """Whether any sample was complete."""
        return self._complete is not None

    def widen(self, more: int) -> None:
        """The device has ``more`` features to the right."""
        self._shares = np.append(self._shares, np.zeros(more, np.float32))

    def complete(self, session: str) -> None:
        """Note that a sample of the session had every feature."""
        self._complete = session

    def gone(self, piece: Piece, runs: Flags) -> Flags:
        """Where a model feature is missing, or was a moment ago in the same session's running.

        Nothing is said before the session's first complete sample, nor where the running signal
        is missing too.

        Args:
            piece: n samples.
            runs: Shape (n,), whether the machine runs.

        Returns:
            Shape (n,).
        """
        gone = np.zeros(len(piece.ts), np.bool_)
        if piece.session != self._complete:
            self._gone_until = -np.inf
            return gone
        if not piece.usable:
            gone = np.asarray(np.isnan(piece.values[:, self._columns]).any(axis=1))
            if (gone & runs).any():
                self._gone_until = float(piece.ts[gone & runs][-1]) + MISSING_HOLD_S
        return np.asarray(gone | (piece.ts <= self._gone_until))

    def shares(self, piece: Piece) -> Values:
        """Share of each feature in what is missing, or was when something was last missing.

        Returns:
            Shape (F,).
        """
        counts = np.zeros(len(self._shares), np.float32)
        counts[self._columns] = np.isnan(piece.values[:, self._columns]).sum(axis=0)
        if not piece.usable and counts.any():
            self._shares = counts / counts.sum()
        return self._shares
