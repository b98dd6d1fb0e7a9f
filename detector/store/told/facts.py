"""What each running detector tells of itself besides its lease: a few documents by name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from detector.account_records import Account, LogLine
from detector.simulated_records import Simulated
from detector.store.schema import detectors, facts

ACCOUNT, LOG, SIMULATED = "account", "log", "simulated"


def clear(connection: Connection, detector: str = "") -> None:
    """Forget what an earlier run of a detector told, and what those told that are gone.

    Last warnings stay, they may say why it ended.
    """
    there = sa.select(detectors.c.name).where(detectors.c.name != detector)
    kept = {_key(name, other) for name in (ACCOUNT, SIMULATED)
            for other in connection.execute(there).scalars()}  # fmt: skip
    is_log = sa.or_(facts.c.name == LOG, facts.c.name.startswith(f"{LOG} "))
    connection.execute(facts.delete().where(~is_log, facts.c.name.not_in(kept)))


def write(connection: Connection, name: str, value: object, detector: str = "") -> None:
    """Replace one document of a detector."""
    key = _key(name, detector)
    connection.execute(facts.delete().where(facts.c.name == key))
    connection.execute(facts.insert(), [{"name": key, "value": msgspec.to_builtins(value)}])


def accounts(connection: Connection) -> dict[str, Account]:
    """The newest account of each detector, by its name."""
    found = _read(connection, ACCOUNT)
    return {name: msgspec.convert(value, Account) for name, value in found.items()}


def account(connection: Connection) -> Account | None:
    """The newest account of all detectors; None where none was written yet."""
    return max(accounts(connection).values(), key=lambda one: one.at, default=None)


def log(connection: Connection, detector: str | None = None) -> Sequence[LogLine]:
    """The last warnings of a detector, or of all, the oldest first."""
    found = _read(connection, LOG)
    chosen = found.values() if detector is None else [found.get(detector) or found.get("") or []]
    lines = [line for one in chosen for line in msgspec.convert(one, list[LogLine])]
    return sorted(lines, key=lambda line: line.at)


def simulated(connection: Connection) -> dict[str, Simulated]:
    """Simulated machines that take faults, by device; those long silent may be among them."""
    told = _read(connection, SIMULATED).values()
    found = [machine for one in told for machine in msgspec.convert(one, list[Simulated])]
    return {one.device: one for one in sorted(found, key=lambda one: one.heard_at)}


def _key(name: str, detector: str) -> str:
    return f"{name} {detector}" if detector else name


def _read(connection: Connection, name: str) -> dict[str, Any]:
    """What was written under a name, by detector."""
    mine = sa.or_(facts.c.name == name, facts.c.name.startswith(f"{name} "))
    rows = connection.execute(sa.select(facts.c.name, facts.c.value).where(mine))
    return {row.name[len(name) + 1 :]: row.value for row in rows}
