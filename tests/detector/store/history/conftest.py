"""A store of its own, and what is asked of it."""

from __future__ import annotations

import pytest

from detector.store import frames
from detector.store.archive.place import Folder
from detector.store.history.history import history
from detector.store.history.rolling import roll
from detector.store.schema import open_store


class Machine:
    """One device's past in a store."""

    device = "press-1"

    def __init__(self, store, folder):
        self.store, self.place = store, Folder(folder / "archive")

    def write(self, blocks, *, roll=True):
        """Commit frames, and count them into the rollups."""
        with self.store.begin() as connection:
            written = frames.write(connection, blocks)
        if roll:
            self.roll()
        return written

    def roll(self, limit=500):
        """Count all that waits."""
        while roll(self.store, self.device, limit):
            pass

    def history(self, start, end, points):
        """See ``history``."""
        with self.store.connect() as connection:
            return history(connection, self.place, self.device, start, end, points)


@pytest.fixture
def machine(tmp_path):
    """Nothing is known of it yet."""
    store = open_store(f"sqlite:///{tmp_path}/store.db")
    yield Machine(store, tmp_path)
    store.dispose()
