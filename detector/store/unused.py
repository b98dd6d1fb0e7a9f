"""What each detector received and did not use; its newest run only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from detector.records import Unused
from detector.store.schema import detectors, unused


def clear(connection: Connection, detector: str = "") -> None:
    """Forget what an earlier run of a detector saw, and what those saw that are gone.

    Its settings may have been others.
    """
    there = sa.select(detectors.c.name).where(detectors.c.name != detector)
    connection.execute(unused.delete().where(unused.c.detector.not_in(there)))


def write(
    connection: Connection, found: Mapping[str, Sequence[Unused]], detector: str = ""
) -> None:
    """Replace what a detector knows of the given topics."""
    if not found:
        return
    rows = [
        {"topic": _key(topic), "detector": detector, "entries": [asdict(one) for one in entries]}
        for topic, entries in found.items()
    ]
    topics = unused.c.topic.in_([row["topic"] for row in rows])
    connection.execute(unused.delete().where(topics, unused.c.detector == detector))
    connection.execute(unused.insert(), rows)


def _key(topic: str) -> str:
    """A topic that is no text goes by a NUL, which PostgreSQL takes in no text."""
    return topic.replace("\0", r"\0")


def every(connection: Connection) -> list[Unused]:
    """All that is known, by topic."""
    rows = connection.execute(
        sa.select(unused.c.entries).order_by(unused.c.topic, unused.c.detector)
    )
    return [msgspec.convert(entry, Unused) for row in rows for entry in row.entries]
