"""Messages without which later ones cannot be read: a Sparkplug device is born once.

Data name their metrics by numbers that only the birth explains. The broker does not send it
again once it is acknowledged, so it is kept here for a detector that starts anew.
"""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from detector.store.schema import births


def write(connection: Connection, heard: Mapping[str, bytes | None]) -> None:
    """Keep messages by topic in place of those kept before; None: forget it."""
    if not heard:
        return
    connection.execute(births.delete().where(births.c.topic.in_(heard)))
    rows = [{"topic": topic, "payload": payload} for topic, payload in heard.items() if payload]
    if rows:
        connection.execute(births.insert(), rows)


def every(connection: Connection) -> dict[str, bytes]:
    """All that is kept, by topic."""
    return {row.topic: row.payload for row in connection.execute(sa.select(births))}
