"""What of a plant is in the store: each sample once, with all its values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from benchmarks.soak.plant import CHANNELS, PERIOD_S, Plant
from benchmarks.soak.site import Site
from detector.records import Frame, Times, Values


class Count(NamedTuple):
    """Of one device or several.

    Attributes:
        sent: Samples.
        stored: Samples with all their values, each counted once.
        missing: Samples that are not stored, or not with all their values.
        twice: Samples stored beyond the first time.
        strange: Samples stored at a time at which none was sent.
    """

    sent: int
    stored: int
    missing: int
    twice: int
    strange: int


@dataclass(frozen=True)
class Outcome:
    """Of one ordeal.

    Attributes:
        name: What was done.
        by_format: Counts of each device.
        notes: What else was seen.
    """

    name: str
    by_format: dict[str, Count]
    notes: list[str] = field(default_factory=list)

    @property
    def total(self) -> Count:
        """Of all devices."""
        return Count(*(sum(column) for column in zip(*self.by_format.values(), strict=True)))

    @property
    def is_whole(self) -> bool:
        """Whether nothing is missing, doubled or strange."""
        total = self.total
        return (total.missing, total.twice, total.strange) == (0, 0, 0)


def count(site: Site, plant: Plant) -> dict[str, Count]:
    """Hold what is stored against what was sent, by format."""
    return {form: _count(site, plant, device) for form, device in plant.devices.items()}


def _count(site: Site, plant: Plant, device: str) -> Count:
    found = site.frames_of(device)
    first = plant.began - PERIOD_S / 2  # what is before it was a birth
    names = {name: f"m.{name}" if device.endswith("-lines") else name for name in CHANNELS}
    place, values = np.empty(0, np.int64), np.empty((0, len(names)), np.float32)
    for frame in found:
        kept = frame.ts > first
        place = np.append(place, _places(plant, frame.ts[kept]))
        values = np.concatenate([values, _columns(frame, list(names.values()))[kept]])
    known = (place >= 0) & (place < plant.moments)
    is_right = known.copy()
    is_right[known] = (values[known] == plant.values[place[known]]).all(axis=1)
    stored = len(np.unique(place[is_right]))
    twice = int(known.sum()) - len(np.unique(place[known]))
    return Count(plant.moments, stored, plant.moments - stored, twice, int((~known).sum()))


def _places(plant: Plant, ts: Times) -> npt.NDArray[np.int64]:
    """Number of the sample at each time; -1 where none was sent then."""
    steps = (ts - plant.began) / PERIOD_S
    numbers = np.round(steps)
    return np.where(np.abs(steps - numbers) < 0.02, numbers, -1).astype(np.int64)


def _columns(frame: Frame, names: list[str]) -> Values:
    """Values of these features, missing where the frame has them not."""
    found = np.full((len(frame.ts), len(names)), np.nan, np.float32)
    for column, name in enumerate(names):
        if name in frame.features:
            found[:, column] = frame.values[:, frame.features.index(name)]
    return found
