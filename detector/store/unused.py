"""What the detector received and did not use; the newest run only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from detector.records import Unused
from detector.store.schema import unused


def clear(connection: Connection) -> None:
    """Forget what an earlier run saw: its settings may have been others."""
    connection.execute(unused.delete())


def write(connection: Connection, found: Mapping[str, Sequence[Unused]]) -> None:
    """Replace what is known of the given topics."""
    if not found:
        return
    rows = [
        {"topic": _key(topic), "entries": [asdict(entry) for entry in entries]}
        for topic, entries in found.items()
    ]
    connection.execute(unused.delete().where(unused.c.topic.in_([row["topic"] for row in rows])))
    connection.execute(unused.insert(), rows)


def _key(topic: str) -> str:
    """A topic that is no text goes by a NUL, which PostgreSQL takes in no text."""
    return topic.replace("\0", r"\0")


def every(connection: Connection) -> list[Unused]:
    """All that is known, by topic."""
    rows = connection.execute(sa.select(unused.c.entries).order_by(unused.c.topic))
    return [msgspec.convert(entry, Unused) for row in rows for entry in row.entries]
