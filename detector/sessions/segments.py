"""Where a session ends: the one rule that live samples and recorded files both go through.

A session ends at an explicit change of ``session``, at a gap, when time jumps back, where
samples were lost, and where a value is missing for longer than a short hole. Everything here
looks only backwards, so the same samples give the same sessions in any batches.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from detector.records import Flags, Samples, Times, Values
from detector.settings.sessions import SessionSettings
from detector.short_arrays import steps


@dataclass(frozen=True, slots=True)
class Piece:
    """Consecutive samples of one session.

    Attributes:
        session: Name, unique within the device.
        starts: True for the first piece of a session: windows begin anew.
        usable: False where missing values keep the samples out of every window.
        ts: Shape (n,).
        values: Shape (n, F), as received.
        filled: Shape (n, F), short holes hold the last known value.
    """

    session: str
    starts: bool
    usable: bool
    ts: Times
    values: Values
    filled: Values


class Segmenter:
    """Cuts one device's samples into sessions and fills short holes.

    A hole is filled with the last known value: it needs no later sample, so nothing waits.

    Args:
        rules: Gap, hole and lateness limits.
        period_s: Sampling period the gap is counted in.
        needed: Shape (F,), the columns that must not be missing.

    Attributes:
        rules: The same; others count from the next samples on.
    """

    def __init__(self, rules: SessionSettings, period_s: float, needed: Flags) -> None:
        self.counters: Counter[str] = Counter()
        self.period_s = period_s
        self.rules = rules
        self._needed = needed
        self._label: str | None = None
        self._last_ts: float | None = None
        self._session = ""
        self._usable = False
        self._last_known = np.full(len(needed), np.nan, np.float32)
        self._hole = np.zeros(len(needed), np.int64)  # samples since each column was known
        self._stored_until: float | None = None

    def push(self, samples: Samples, *, broken: bool = False) -> list[Piece]:
        """Take the next samples in order of arrival.

        Args:
            samples: Of this device, columns as in ``needed``.
            broken: Samples were lost before these.

        Returns:
            Pieces in order; late and repeated samples are in none of them.
        """
        samples = self._without_late(samples)
        if not len(samples):
            return []
        cuts = self._cuts(samples, broken)
        edges = [0, *sorted(cuts - {0}), len(samples)]
        pieces: list[Piece] = []
        for start, end in pairwise(edges):
            if start in cuts:
                self._begin(samples, start)
            pieces += self._fill(samples.ts[start:end], samples.values[start:end])
        self._label, self._last_ts = samples.session, float(samples.ts[-1])
        return pieces

    def widen(self, more: int) -> None:
        """Take in ``more`` columns to the right, which may be missing."""
        self._needed = np.append(self._needed, np.zeros(more, np.bool_))
        self._last_known = np.append(self._last_known, np.full(more, np.nan, np.float32))
        self._hole = np.append(self._hole, np.zeros(more, np.int64))

    def resume(self, session: str, stored_until: float) -> None:
        """Continue after a restart.

        Args:
            session: Keeps the name it had.
            stored_until: Samples up to this time are in the store; the broker may send them
                again, however old, until the first newer one or ``trust_clock``.
        """
        self._session, self._stored_until = session, stored_until

    @property
    def trusts_clock(self) -> bool:
        """Whether ``trust_clock`` was called, or there was no need to."""
        return self._stored_until is None

    def trust_clock(self) -> None:
        """Nothing is sent again any more: from now on a long step back is a restart."""
        self._stored_until = None

    def _without_late(self, samples: Samples) -> Samples:
        if self._stored_until is not None:
            samples = self._without_stored(samples, self._stored_until)
        ts = samples.ts
        if not len(ts):
            return samples
        previous = ts[0] if self._last_ts is None else self._last_ts
        if (self._last_ts is None or ts[0] > previous) and (np.diff(ts) > 0).all():
            return samples
        keep = np.ones(len(ts), np.bool_)
        newest = -np.inf if self._last_ts is None else self._last_ts
        for i, t in enumerate(ts.tolist()):
            if newest - self.rules.late_s <= t <= newest:
                keep[i] = False
                self.counters["duplicate" if t == newest else "late"] += 1
            else:
                newest = t
        return Samples(samples.features, ts[keep], samples.values[keep], samples.session)

    def _without_stored(self, samples: Samples, until: float) -> Samples:
        new = samples.ts > until
        self.counters["duplicate"] += int((~new).sum())
        if new.any():
            self._stored_until = None
        return Samples(samples.features, samples.ts[new], samples.values[new], samples.session)

    def _cuts(self, samples: Samples, broken: bool) -> set[int]:
        found = steps(samples.ts, np.nan if self._last_ts is None else self._last_ts)
        ends = ~((found > 0) & (found <= longest_step_s(self.rules, self.period_s)))
        cuts = {int(cut) for cut in np.flatnonzero(ends)}
        self.counters["gap"] += len(cuts - {0}) if self._last_ts is None else len(cuts)
        if broken or samples.session != self._label:
            cuts.add(0)
        return cuts

    def _begin(self, samples: Samples, start: int) -> None:
        self._session = f"{samples.session or ''}#{samples.ts[start]:.3f}"
        self._usable = False
        self._last_known[:] = np.nan
        self._hole[:] = 0

    def _fill(self, ts: Times, values: Values) -> list[Piece]:
        missing = np.isnan(values)
        if not missing[:, self._needed].any():
            starts, self._usable = not self._usable, True
            self._last_known[:] = values[-1]
            self._hole[:] = 0
            return [Piece(self._session, starts, True, ts, values, values)]
        filled = values.copy()
        usable = [self._fill_one(row, gone) for row, gone in zip(filled, missing, strict=True)]
        return self._split(ts, values, filled, usable)

    def _fill_one(self, row: Values, gone: Flags) -> bool:
        """Fill one row in place; returns whether it can be part of a window."""
        self._hole = np.where(gone, self._hole + 1, 0)
        holes = gone & self._needed
        row[holes] = self._last_known[holes]
        self._last_known[:] = row
        self.counters["missing"] += int(holes.any())
        usable = not (holes & ((self._hole > self.rules.max_hole) | np.isnan(row))).any()
        self.counters["filled"] += int(usable and holes.any())
        return usable

    def _split(
        self, ts: Times, values: Values, filled: Values, usable: Sequence[bool]
    ) -> list[Piece]:
        flags = np.asarray(usable)
        edges = [0, *(np.flatnonzero(flags[1:] != flags[:-1]) + 1).tolist(), len(ts)]
        pieces = []
        for start, end in pairwise(edges):
            good = bool(flags[start])
            starts, self._usable = good and not self._usable, good
            part = slice(start, end)
            pieces.append(Piece(self._session, starts, good, ts[part], values[part], filled[part]))
        return pieces


def filled_parts(samples: Sequence[Samples], segmenter: Segmenter) -> list[Values]:
    """What windows may hold of consecutive samples, short holes filled, shape (n, F) each."""
    pieces = [piece for one in samples for piece in segmenter.push(one)]
    return [piece.filled for piece in pieces if piece.usable]


def longest_step_s(rules: SessionSettings, period_s: float) -> float:
    """The longest step in time within a session; a longer one is a gap, which ends it."""
    # A period of 10 ms counted in float64 seconds since 1970 is right to 0.2 µs.
    return rules.gap_periods * period_s * (1 + 1e-6)


def median_period(ts: Times) -> float | None:
    """Median step of increasing times in seconds; None with fewer than two of them."""
    found = np.diff(ts)
    found = found[found > 0]
    return float(np.median(found)) if len(found) else None
