"""A recording thinned out to what a picture can show: every extreme stays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detector.inspecting.describe import Description
from detector.records import Flags, Values
from detector.sessions.files import Recording

MOST_RECORDINGS = 6  # in one picture
BINS = 1500  # a strip has twice as many points
Exact = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Strip:
    """One feature.

    Attributes:
        feature: Its name.
        unit: Empty where the file tells none.
        low: Shape (b,), smallest value of each bin; NaN where all are missing.
        high: Shape (b,), largest.
        missing: Shape (b,), whether a value is missing in it.
    """

    feature: str
    unit: str
    low: Values
    high: Values
    missing: Flags


@dataclass(frozen=True, slots=True)
class Overview:
    """One recording.

    Attributes:
        name: Of the recording.
        has_date: Whether times are UTC; else they count from the first sample.
        starts: Shape (b,), time of the first sample of each bin, seconds.
        ends: Shape (b,), time of the last.
        labelled: Shape (b,), whether a fault is labelled in it.
        gaps: Shape (G, 2), time before and after each.
        strips: One a feature.
    """

    name: str
    has_date: bool
    starts: Exact
    ends: Exact
    labelled: Flags
    gaps: Exact
    strips: tuple[Strip, ...]


def overview_of(recording: Recording, described: Description) -> Overview:
    """Thin a recording out; no bin lies across a gap as long as there are few."""
    samples, found = recording.samples, recording.found
    edges = _edges(len(samples), np.searchsorted(samples.ts, described.timing.gaps[:, 1]))
    origin = 0.0 if found.has_date else float(samples.ts[0])
    label = recording.label
    none = np.zeros(len(edges), np.bool_)
    return Overview(
        name=recording.name,
        has_date=found.has_date,
        starts=samples.ts[edges] - origin,
        ends=samples.ts[np.append(edges[1:], len(samples)) - 1] - origin,
        labelled=none if label is None else np.logical_or.reduceat(label, edges),
        gaps=described.timing.gaps - origin,
        strips=tuple(
            _strip(name, found.units.get(name, ""), samples.values[:, f], edges)
            for f, name in enumerate(samples.features)
        ),
    )


def stretches(flags: Flags) -> list[tuple[int, int]]:
    """First and last bin of each run of True."""
    edges = np.flatnonzero(np.diff(flags, prepend=False, append=False))
    return [(int(a), int(b) - 1) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _edges(n: int, cuts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """First sample of each bin."""
    even = np.linspace(0, n, min(n, BINS) + 1).astype(np.int64)[:-1]
    return np.union1d(even, cuts[(cuts > 0) & (cuts < n)]) if len(cuts) <= BINS else even


def _strip(name: str, unit: str, values: Values, edges: npt.NDArray[np.int64]) -> Strip:
    missing = ~np.isfinite(values)
    return Strip(
        name,
        unit,
        _reduced(np.fmin.reduceat, values, missing, edges),
        _reduced(np.fmax.reduceat, values, missing, edges),
        np.logical_or.reduceat(missing, edges),
    )


def _reduced(
    extreme: Callable[..., Values], values: Values, missing: Flags, edges: npt.NDArray[np.int64]
) -> Values:
    known = np.where(missing, np.float32(np.nan), values) if missing.any() else values
    return np.asarray(extreme(known, edges))
