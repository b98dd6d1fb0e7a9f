"""The waiting samples of one device: a bounded ring that breaks where samples are lost."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from detector.ingest.messages.values import MAX_FEATURES
from detector.records import Flags, Samples

Features: TypeAlias = tuple[str, ...]
Columns: TypeAlias = "slice | npt.NDArray[np.intp]"
MAX_LAYOUTS = 64  # orders of features remembered per device


@dataclass(slots=True)
class _Run:
    """Waiting samples that belong together.

    Attributes:
        start: Position of the first sample, counted from the last drain.
        session: As named by the sender.
        width: Features known when it began; later ones are to the right of them.
        broken: Samples were lost before it.
        arrival: When its newest sample arrived, UTC seconds.
        lot: Of messages; see ``SharedBuffer``.
        is_whole: Each message had all of its features.
    """

    start: int
    session: str | None
    width: int
    broken: bool
    arrival: float
    lot: int
    is_whole: bool = True


@dataclass(slots=True)
class Ring:
    """Waiting samples of one device; not thread-safe, ``SharedBuffer`` holds the lock.

    Attributes:
        capacity: Samples held; the oldest are overwritten beyond.
        features: All features seen, oldest first.
        wanted: Samples to be held once nothing waits; what is no more than ``capacity`` is.
        counters: Samples received and lost, by name.
    """

    capacity: int
    features: Features = ()
    wanted: int = 0
    counters: dict[str, int] = field(
        default_factory=lambda: {
            "samples": 0,
            "overrun_samples": 0,
            "too_many_features": 0,
            "feature_changes": 0,
        }
    )
    _ts: npt.NDArray[np.float64] = field(init=False)
    _values: npt.NDArray[np.float32] = field(init=False)
    _heard: npt.NDArray[np.bool_] = field(init=False)  # only where a message had not all
    _tail: int = 0
    _head: int = 0
    _runs: deque[_Run] = field(default_factory=deque)
    _lost: bool = False
    _layouts: dict[Features, Columns] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._make_room()

    def __len__(self) -> int:
        return self._head - self._tail

    @property
    def free(self) -> int:
        """Samples that fit before the oldest are lost."""
        return self.capacity - self._head + self._tail

    def append(self, samples: Samples, arrival: float, lot: int) -> None:
        """Add at most ``capacity`` samples, overwriting the oldest where there is no room.

        Features the device sent before and not now become NaN.
        """
        n = len(samples)
        self.counters["samples"] += n
        columns = self._columns(samples.features)
        if columns is None:
            self._lost = True
            self.counters["too_many_features"] += n
            return
        if n > self.free:
            self._drop_oldest(n - self.free)
        run = self._run_for(samples.session, lot)
        run.arrival = arrival
        run.is_whole &= isinstance(columns, slice)
        self._write(samples, columns, n)

    def drain(self) -> Iterator[tuple[Samples, float, bool, Flags | None, int]]:
        """Hand out copies of all that waits, run by run, and forget it.

        Yields:
            The samples of one run, the arrival of its newest, whether samples were lost before
            it, which features each had (None: all), and the lot.
        """
        runs = list(self._runs)
        for run, end in zip(runs, [run.start for run in runs[1:]] + [self._head], strict=True):
            rows = self._at(run.start, end)
            heard = None if run.is_whole else self._heard[rows, : run.width].copy()
            yield self._copy(run, end), run.arrival, run.broken, heard, run.lot
        self._runs.clear()
        self._tail = self._head = 0  # from the front again: memory stays as small as the backlog
        if self.wanted > self.capacity:
            self.capacity = self.wanted
            self._make_room()

    def _make_room(self) -> None:
        self._ts = np.empty(self.capacity, dtype=np.float64)
        self._values = np.empty((self.capacity, len(self.features)), dtype=np.float32)
        self._heard = np.empty((0, 0), dtype=np.bool_)

    def _columns(self, features: Features) -> Columns | None:
        """Where these features stand; None when they would be too many."""
        if features == self.features:
            return slice(None)
        known = self._layouts.get(features)
        if known is not None:
            return known
        seen = set(self.features)
        new = tuple(name for name in features if name not in seen)
        if len(self.features) + len(new) > MAX_FEATURES:
            return None
        if new:
            self._widen(new)
            if features == self.features:  # the first message of a device
                return slice(None)
        if len(self._layouts) >= MAX_LAYOUTS:
            self._layouts.clear()
        place = {name: column for column, name in enumerate(self.features)}
        self._layouts[features] = np.array([place[name] for name in features], dtype=np.intp)
        return self._layouts[features]

    def _widen(self, new: Features) -> None:
        """Make room to the right; what waits keeps its own width."""
        old, width = self._values, len(self.features)
        self.counters["feature_changes"] += 1 if width else 0
        self.features += new
        self._values = np.empty((self.capacity, len(self.features)), dtype=np.float32)
        waiting = self._at(self._tail, self._head)
        self._values[waiting, :width] = old[waiting]
        if len(self._heard):
            heard, self._heard = self._heard, np.zeros(self._values.shape, dtype=np.bool_)
            self._heard[waiting, :width] = heard[waiting]

    def _drop_oldest(self, surplus: int) -> None:
        self.counters["overrun_samples"] += surplus
        self._tail += surplus
        while self._runs and self._end_of_first() <= self._tail:
            self._runs.popleft()
        if self._runs:
            self._runs[0].start, self._runs[0].broken = self._tail, True
        else:
            self._lost = True

    def _end_of_first(self) -> int:
        return self._runs[1].start if len(self._runs) > 1 else self._head

    def _run_for(self, session: str | None, lot: int) -> _Run:
        """The last run when it goes on, else a new one."""
        width = len(self.features)
        last = self._runs[-1] if self._runs else None
        kind = session, width, lot
        if last is None or self._lost or (last.session, last.width, last.lot) != kind:
            last = _Run(self._head, session, width, self._lost, 0.0, lot)
            self._runs.append(last)
            self._lost = False
        return last

    def _write(self, samples: Samples, columns: Columns, n: int) -> None:
        rows = self._at(self._head, self._head + n)
        self._ts[rows] = samples.ts
        if isinstance(columns, slice):
            self._values[rows] = samples.values
            if len(self._heard):
                self._heard[rows] = True
        else:
            full = np.full((n, len(self.features)), np.nan, dtype=np.float32)
            full[:, columns] = samples.values
            self._values[rows] = full
            self._write_heard(rows, columns)
        self._head += n

    def _write_heard(
        self, rows: slice | npt.NDArray[np.intp], columns: npt.NDArray[np.intp]
    ) -> None:
        if not len(self._heard):  # the first message that has not all: what waits had them
            self._heard = np.ones(self._values.shape, dtype=np.bool_)
        heard = np.zeros((1, len(self.features)), dtype=np.bool_)
        heard[:, columns] = True
        self._heard[rows] = heard

    def _copy(self, run: _Run, end: int) -> Samples:
        rows = self._at(run.start, end)
        values = self._values[rows, : run.width]
        ts = self._ts[rows]
        return Samples(self.features[: run.width], ts.copy(), values.copy(), run.session)

    def _at(self, start: int, end: int) -> slice | npt.NDArray[np.intp]:
        """Rows of the positions from ``start`` to before ``end``; a slice where unwrapped."""
        first = start % self.capacity
        if first + end - start <= self.capacity:
            return slice(first, first + end - start)
        return np.arange(start, end, dtype=np.intp) % self.capacity
