"""Frames of a store on their way to the archive, all at once."""

from __future__ import annotations

import math

from detector.store.archive import closing
from detector.store.archive.place import Place
from detector.store.history.rolling import roll
from detector.store.keeping.merging import ALL, merge
from detector.store.schema import Engine


def archive(store: Engine, device: str, place: Place) -> int:
    """Count, merge and close all that is stored of a device; returns the samples in files."""
    while roll(store, device):
        pass
    while merge(store, device, ALL):
        pass
    closed = 0
    while samples := closing.close_next(store, place, math.inf):
        closed += samples
    return closed
