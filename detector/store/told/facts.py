"""What the running detector tells of itself besides its lease: a few documents by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from detector.account_records import Account, LogLine
from detector.simulated_records import Simulated
from detector.store.schema import facts

ACCOUNT, LOG, SIMULATED = "account", "log", "simulated"


def clear(connection: Connection) -> None:
    """Forget what an earlier run told; its last warnings stay, they may say why it ended."""
    connection.execute(facts.delete().where(facts.c.name != LOG))


def write(connection: Connection, name: str, value: object) -> None:
    """Replace one document."""
    connection.execute(facts.delete().where(facts.c.name == name))
    row = {"name": name, "value": msgspec.to_builtins(value)}
    connection.execute(facts.insert(), [row])


def account(connection: Connection) -> Account | None:
    """The newest account of the detector; None where none was written yet."""
    found = _read(connection, ACCOUNT)
    return None if found is None else msgspec.convert(found, Account)


def log(connection: Connection) -> Sequence[LogLine]:
    """The last warnings, the oldest first."""
    return msgspec.convert(_read(connection, LOG) or [], list[LogLine])


def simulated(connection: Connection) -> dict[str, Simulated]:
    """Simulated machines that take faults, by device; those long silent may be among them."""
    found = msgspec.convert(_read(connection, SIMULATED) or [], list[Simulated])
    return {one.device: one for one in found}


def _read(connection: Connection, name: str) -> Any:  # noqa: ANN401 -- whatever was written
    return connection.execute(sa.select(facts.c.value).where(facts.c.name == name)).scalar()
