"""Samples summed up in buckets of time: what a rollup is, and what is drawn of a long time.

Everything a bucket holds is a count, a sum or an extreme, so buckets of any parts, in any order,
join to what the samples together would have made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from detector.records import Flags, Frame, Times, Values

Counts: TypeAlias = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Buckets:
    """What samples of one device came to, N buckets in order of time.

    Attributes:
        features: Names of the F columns.
        ts: Shape (N,), where a bucket begins; a single sample's own time.
        samples: Shape (N,), > 0.
        low: Shape (N, F), smallest value; NaN where none was there.
        high: Shape (N, F), largest value; NaN where none was there.
        total: Shape (N, F), sum of the values that were there.
        counts: Shape (N, F), how many were there.
        score: Shape (N,), highest; NaN where none was scored.
        anomalies: Shape (N,), how many samples were one.
        judged: Shape (N,), samples in the states asked for.
        threshold: Shape (N,), lowest in force.
        arrival: Shape (N,), of the newest sample; of one that was stored, of the newest beside it.
    """

    features: tuple[str, ...]
    ts: Times
    samples: Counts
    low: Values
    high: Values
    total: npt.NDArray[np.float64]
    counts: Counts
    score: Values
    anomalies: Counts
    judged: Counts
    threshold: npt.NDArray[np.float64]
    arrival: Times

    def __len__(self) -> int:
        return len(self.ts)

    def __getitem__(self, part: slice | Flags) -> Buckets:
        """Those of a slice, or where a flag is set; itself where all are."""
        if isinstance(part, np.ndarray) and part.all():
            return self
        return replace(self, **{name: getattr(self, name)[part] for name in ARRAYS})

    @property
    def mean(self) -> Values:
        """Shape (N, F); NaN where no value was there."""
        with np.errstate(invalid="ignore"):
            return (self.total / self.counts).astype(np.float32)

    def with_features(self, features: tuple[str, ...]) -> Buckets:
        """The same with the columns of ``features``; of those it has not, nothing was there."""
        if features == self.features:
            return self
        columns = {
            name: _placed(getattr(self, name), self.features, features) for name in BY_FEATURE
        }
        return replace(self, features=features, **columns)


ARRAYS = tuple(Buckets.__dataclass_fields__)[1:]
BY_FEATURE = ("low", "high", "total", "counts")
ADDED = ("samples", "total", "counts", "anomalies", "judged")
SMALLEST, LARGEST = ("low", "threshold"), ("high", "score", "arrival")


def singles(
    features: tuple[str, ...],
    ts: Times,
    values: Values,
    score: Values,
    judged: Flags,
    threshold: Times,
    arrival: Times,
) -> Buckets:
    """Every sample as a bucket of its own, in order of time.

    Args:
        features: Names of the F columns.
        ts: Shape (n,), UTC seconds.
        values: Shape (n, F).
        score: Shape (n,).
        judged: Shape (n,).
        threshold: Shape (n,), in force.
        arrival: Shape (n,), UTC seconds.
    """
    is_there = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        is_anomaly = judged & (score > threshold.astype(score.dtype))  # as of a frame
    made = Buckets(
        features=features,
        ts=ts,
        samples=np.ones(len(ts), np.int64),
        low=values,
        high=values,
        total=np.where(is_there, values, 0.0).astype(np.float64),
        counts=is_there.astype(np.int64),
        score=score,
        anomalies=is_anomaly.astype(np.int64),
        judged=judged.astype(np.int64),
        threshold=threshold,
        arrival=arrival,
    )
    return _in_order(made)


def of_frames(found: Sequence[Frame], width_s: float) -> Buckets:
    """The buckets of frames of one device, whatever their features; 0: each sample its own."""
    by_features: dict[tuple[str, ...], list[Frame]] = {}
    for frame in found:
        by_features.setdefault(frame.features, []).append(frame)
    return joined([_of_alike(alike) for alike in by_features.values()], width_s)


def _of_alike(found: Sequence[Frame]) -> Buckets:
    """Of frames with the same features, at least one."""
    sizes = [len(frame.ts) for frame in found]
    ts, values, score, judged = (
        np.concatenate([getattr(frame, name) for frame in found])
        for name in ("ts", "values", "score", "judged")
    )
    threshold = np.repeat([frame.threshold for frame in found], sizes)
    arrival = np.repeat([frame.arrival for frame in found], sizes)
    return singles(found[0].features, ts, values, score, judged, threshold, arrival)


def joined(parts: Sequence[Buckets], width_s: float) -> Buckets:
    """All parts as buckets of one width.

    Args:
        parts: Of the same samples nothing twice. Their widths divide ``width_s``.
        width_s: Seconds; 0: they are put in order as they are.
    """
    if not parts:
        return NOTHING
    both = _concatenated(parts)
    if not len(both) or not width_s:
        return _in_order(both)
    both = _in_order(replace(both, ts=np.floor(both.ts / width_s) * width_s))
    firsts = np.flatnonzero(np.diff(both.ts, prepend=-np.inf))
    return both if len(firsts) == len(both) else _summed(both, firsts)


def _summed(both: Buckets, firsts: npt.NDArray[np.intp]) -> Buckets:
    """Each run of buckets that begins at one of ``firsts`` as one."""
    made: dict[str, Any] = {"ts": both.ts[firsts]}
    for names, how in ((ADDED, np.add), (SMALLEST, np.fmin), (LARGEST, np.fmax)):
        made |= {name: how.reduceat(getattr(both, name), firsts) for name in names}
    return replace(both, **made)


def _concatenated(parts: Sequence[Buckets]) -> Buckets:
    if len(parts) == 1:
        return parts[0]
    features = tuple(dict.fromkeys(name for part in parts for name in part.features))
    alike = [part.with_features(features) for part in parts]
    arrays = {name: np.concatenate([getattr(part, name) for part in alike]) for name in ARRAYS}
    return Buckets(features=features, **arrays)


def _in_order(made: Buckets) -> Buckets:
    if len(made) < 2 or np.all(np.diff(made.ts) >= 0):
        return made
    order = np.argsort(made.ts, kind="stable")
    return replace(made, **{name: getattr(made, name)[order] for name in ARRAYS})


def _placed(
    columns: npt.NDArray[Any], before: tuple[str, ...], after: tuple[str, ...]
) -> npt.NDArray[Any]:
    missing = np.nan if columns.dtype == np.float32 else 0
    placed = np.full((len(columns), len(after)), missing, columns.dtype)
    for column, name in enumerate(before):
        placed[:, after.index(name)] = columns[:, column]
    return placed


def _nothing() -> Buckets:
    of_float, of_int = np.empty(0), np.empty(0, np.int64)
    row, table = of_float.astype(np.float32), np.empty((0, 0), np.float32)
    return Buckets(
        (), of_float, of_int, table, table, table.astype(np.float64), table.astype(np.int64),
        row, of_int, of_int, of_float, of_float,
    )  # fmt: skip


NOTHING = _nothing()
