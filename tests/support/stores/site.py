"""A store, its archive and what was stored."""

from __future__ import annotations

import numpy as np

from detector.store import frames as stored
from detector.store.archive import closing, reading
from detector.store.archive.owner import MARK
from detector.store.archive.place import place_at
from detector.store.history.rolling import roll
from detector.store.keeping.merging import ALL, merge
from detector.store.schema import open_store


class Site:
    """A store, its archive and what was stored."""

    def __init__(self, folder):
        self.folder = folder
        self.url = f"sqlite:///{folder}/store.db"
        self.store = open_store(self.url)
        self.place = place_at(f"{folder}/archive")
        self.lost = []

    def add(self, blocks):
        """Store frames, count and merge them."""
        with self.store.begin() as connection:
            stored.write(connection, blocks)
        for device in {block.device for block in blocks}:
            while roll(self.store, device):
                pass
            while merge(self.store, device, ALL):
                pass

    def close(self, before=np.inf):
        """Close all hours."""
        while closing.close_next(self.store, self.place, before):
            pass

    def read(self, device="press-1", start=-np.inf, end=np.inf):
        """All that is there, wherever."""
        with self.store.connect() as connection:
            return list(
                reading.between(connection, self.place, device, start, end, self.lost.append)
            )

    def files(self):
        """Of hours."""
        return sorted(path for path in self.place.paths() if path != MARK)
