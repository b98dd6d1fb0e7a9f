"""What was not used, from memory to the store: now and then, and only what changed."""

from __future__ import annotations

import time

from detector.ingest.unused import UnusedInventory
from detector.store import unused
from detector.store.schema import Engine
from detector.store.writing import writing

EVERY_S = 2.0
MOST_TOPICS = 100  # written at once, so that no tick waits for long


class InventoryWriter:
    """Writes for other processes to read.

    Args:
        store: Open; this process holds its lease.
        inventory: Filled by the network thread.
        name: Of the detector.
    """

    def __init__(self, store: Engine, inventory: UnusedInventory, name: str = "") -> None:
        self._store, self._inventory, self._name = store, inventory, name
        self._due = 0.0
        with store.begin() as connection:
            unused.clear(connection, name)

    def write(self) -> None:
        """Write what changed, unless that was just done."""
        now = time.monotonic()
        if now < self._due:
            return
        self._due = now + EVERY_S
        found = self._inventory.changed(MOST_TOPICS)
        if not found:
            return
        try:
            with writing(self._store) as connection:
                unused.write(connection, found, self._name)
        except Exception:
            self._inventory.again(found)
            raise
