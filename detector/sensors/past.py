"""A device's own normal: what was measured of its last minutes while no sensor was in trouble.

What is usual depends on how the machine runs just then, which nobody tells. So a channel is held
against those moments of the past in which its siblings were as they are now: a machine that stops
takes all axes of a sensor with it, a broken axis leaves the others as they were.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from detector.records import Flags
from detector.sensors.channels import Channels
from detector.sensors.look import LAGS, Array, Complex, Look

KEPT = 120  # looks
FEWEST = 10  # looks before anything is called unusual
ALIKE = 0.1  # log of the standard deviation, of siblings that are as they were
FEWEST_ALIKE, SHARE_ALIKE = 5, 0.2  # looks, and of all: a state that was there before
SUMMED_EVERY = 5  # looks
MEASURES = (
    "mean", "level", "floor", "run", "distinct", "step", "railed", "missing", "farthest",
    "again",
)  # fmt: skip
PLACE = {name: place for place, name in enumerate(MEASURES)}
OWN = [PLACE["mean"], PLACE["level"]]
SPREAD = 1.4826  # of the median distance, to the standard deviation


@dataclass(frozen=True, slots=True)
class Alike:
    """What is usual of each channel when its siblings are as they are now; NaN where unknown.

    Attributes:
        mean: Shape (F,).
        level: Shape (F,).
        floor: Shape (F, F): of each channel, when the siblings of the row's are as now.
        lags: Shape (1 + ``LAGS``, F), the mean.
        cross: Shape (F, P), likewise.
    """

    mean: Array
    level: Array
    floor: Array
    lags: Array
    cross: Complex


@dataclass(frozen=True, slots=True)
class Summary:
    """Of all looks, one row for each of ``MEASURES``, shape (M, F); NaN where never measured."""

    median: Array
    spread: Array
    highest: Array
    lowest: Array
    mean: Array

    def row(self, which: str, measure: str) -> Array:
        """Shape (F,)."""
        found: Array = getattr(self, which)[PLACE[measure]]
        return found


class Past:
    """The last looks at a device.

    Args:
        channels: Its F channels.
    """

    def __init__(self, channels: Channels) -> None:
        width = len(channels.names)
        self._seen: Array = np.full((KEPT, len(MEASURES), width), np.nan)
        self._cross: Complex = np.full((KEPT, len(channels.pairs)), np.nan, np.complex128)
        self._lags: Array = np.full((KEPT, LAGS + 1, width), np.nan)
        self._siblings: Flags = np.zeros((width, width), np.bool_)
        for axes in channels.sensors:
            self._siblings[np.ix_(axes, axes)] = ~np.eye(len(axes), dtype=np.bool_)
        self._count = 0  # of all looks taken
        self._summary: Summary | None = None

    def __len__(self) -> int:
        return min(self._count, KEPT)

    @property
    def is_known(self) -> bool:
        """Whether there is enough of it to say what is usual."""
        return self._count >= FEWEST

    def take(self, look: Look) -> None:
        """Remember a look, in the place of the oldest."""
        row = self._count % KEPT
        self._seen[row] = [getattr(look, name) for name in MEASURES]
        self._lags[row], self._cross[row] = look.lags, look.cross
        self._count += 1
        if self._count % SUMMED_EVERY == 0:
            self._summary = None

    def of(self, measure: str) -> Array:
        """Shape (looks, F), in no order."""
        return self._seen[: len(self), PLACE[measure]]

    @property
    def cross(self) -> Complex:
        """Shape (looks, P), in no order; one of NaN where there is none."""
        return self._cross[: max(len(self), 1)]

    def median(self, measure: str) -> Array:
        """Shape (F,)."""
        return self._summed().row("median", measure)

    def spread(self, measure: str) -> Array:
        """Shape (F,), standard deviation as the median distance from the median tells it."""
        return self._summed().row("spread", measure)

    def highest(self, measure: str) -> Array:
        """Shape (F,)."""
        return self._summed().row("highest", measure)

    def lowest(self, measure: str) -> Array:
        """Shape (F,)."""
        return self._summed().row("lowest", measure)

    def mean(self, measure: str) -> Array:
        """Shape (F,); 0 where nothing was seen."""
        return np.nan_to_num(self._summed().row("mean", measure))

    def alike(self, look: Look) -> Alike:
        """What is usual of each channel by those looks whose siblings were as in this one."""
        seen = self._seen[: max(len(self), 1)]
        with np.errstate(invalid="ignore"):
            differs = ~(np.abs(seen[:, PLACE["level"]] - look.level) < ALIKE)
        chosen = (differs.astype(np.float64) @ self._siblings.T) == 0  # (looks, F)
        fewest = max(FEWEST_ALIKE, SHARE_ALIKE * len(self))
        chosen &= (chosen.sum(axis=0) >= fewest) & self._siblings.any(axis=1)
        # Side by side, because one median of many columns costs as much as one of few.
        own = np.swapaxes(seen[:, OWN], 1, 2)  # (looks, F, 2)
        floor = np.broadcast_to(seen[:, None, PLACE["floor"]], chosen.shape + chosen.shape[1:])
        cross = np.repeat(self.cross[:, None], chosen.shape[1], axis=1)  # (looks, F, P)
        beside = np.concatenate([own, floor, cross.real, cross.imag], axis=2)
        median = _median(np.where(chosen[:, :, None], beside, np.nan))  # (F, 2 + F + 2 P)
        width, pairs = len(median), cross.shape[2]
        parts = np.split(median, [1, 2, 2 + width, 2 + width + pairs], axis=1)
        return Alike(
            parts[0][:, 0], parts[1][:, 0], parts[2], _mean(self._lags[: len(seen)], chosen),
            parts[3] + 1j * parts[4],
        )  # fmt: skip

    def stored(self) -> dict[str, Any]:
        """As JSON can keep it; see ``restore``."""
        cross = [self.cross.real, self.cross.imag]
        return {
            "seen": _without_nan(self._seen[: len(self)]),
            "cross": [_without_nan(part) for part in cross],
            "lags": _without_nan(self._lags[: len(self)]),
        }

    def restore(self, stored: dict[str, Any]) -> None:
        """Go on from what ``stored`` gave; of a version with other measures nothing is taken."""
        seen, lags = (np.array(stored.get(name, []), np.float64) for name in ("seen", "lags"))
        if seen.shape[1:] != self._seen.shape[1:] or lags.shape[1:] != self._lags.shape[1:]:
            return
        n = self._count = len(seen)
        self._summary = None
        if n:
            self._seen[:n], self._lags[:n] = seen, lags
            real, imaginary = (np.array(part, np.float64) for part in stored["cross"])
            self._cross[:n] = real.reshape(n, -1) + 1j * imaginary.reshape(n, -1)

    def _summed(self) -> Summary:
        if self._summary is None:
            self._summary = _sum_up(self._seen[: max(len(self), 1)])
        return self._summary


def _sum_up(seen: Array) -> Summary:
    median = _median(seen)
    with np.errstate(invalid="ignore"):
        spread = SPREAD * _median(np.abs(seen - median))
    return Summary(
        median,
        spread,
        np.fmax.reduce(seen, axis=0),
        np.fmin.reduce(seen, axis=0),
        np.nan_to_num(seen, posinf=0.0).sum(axis=0) / len(seen),
    )


def _median(seen: Array) -> Array:
    """Of the numbers along the first axis; NaN where there are none."""
    ordered = np.sort(seen, axis=0)  # NaN last
    middle = np.maximum(np.isfinite(seen).sum(axis=0) - 1, 0) // 2
    return np.asarray(np.take_along_axis(ordered, middle[None], axis=0)[0])


def _mean(seen: Array, chosen: Flags) -> Array:
    """Of the rows chosen of each channel, shape (L, F); NaN where none is known."""
    counts = chosen & np.isfinite(seen[:, 0])
    with np.errstate(invalid="ignore", divide="ignore"):
        total = np.einsum("nf,nlf->lf", counts, np.where(counts[:, None], seen, 0.0))
        return np.asarray(total / counts.sum(axis=0))


def _without_nan(values: Array) -> list[Any]:
    """Nested lists with None for what is no number."""
    kept: list[Any] = np.where(np.isfinite(values), values.astype(object), np.array(None)).tolist()
    return kept
