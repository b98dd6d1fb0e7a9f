"""A process that outlives its detector changes nothing in the store any more."""

from __future__ import annotations

import sqlalchemy as sa

from detector.errors import StoreError
from detector.store import devices
from detector.store.schema import Connection, Engine


def fence(store: Engine, owner: str) -> None:
    """Let the engine commit only while the lease is the owner's.

    Another detector deletes files that the store does not know. Who was stopped before its commit
    and goes on after that would note one that is gone.

    Args:
        store: Of this process; its commits raise ``StoreError`` once the lease is another's.
        owner: Of the lease.
    """

    def refuse(connection: Connection) -> None:
        held = devices.health(connection)
        if held is None or held.owner != owner:
            found = "nobody" if held is None else held.owner
            raise StoreError(f"store: held by {found} now, allowed: {owner}; nothing is written")

    sa.event.listen(store, "commit", refuse)
