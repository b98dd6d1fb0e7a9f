"""An older store brought to this version: a backup, then all migrations in one transaction."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from datetime import datetime
from glob import escape
from pathlib import Path

from detector.errors import StoreError
from detector.store import devices
from detector.store.connecting import BACKUP_MARK, alone, file_of, reason_of, shown
from detector.store.schema import Connection, Engine, StoreFailure
from detector.store.upkeep.backup import UNFINISHED, Tell, back_up, silent
from detector.store.versions import VERSION, version_of

logger = logging.getLogger(__name__)

SCRIPTS = Path(__file__).parents[1] / "migrations"


@dataclass(frozen=True)
class Migrated:
    """What became of a store.

    Attributes:
        before: Version it had.
        after: Version it has.
        backup: Copy from before; None: none was made.
    """

    before: str
    after: str
    backup: Path | None


def migrate(
    store: Engine,
    owner: str,
    *,
    has_backup: bool = True,
    tell: Tell = silent,
    versions: Path = SCRIPTS / "versions",
) -> Migrated | None:
    """Bring an older store to the newest version; a kill leaves the old one or the new one.

    Args:
        store: Open, whose lease is held.
        owner: Holds the lease, and still does at the end.
        has_backup: Copy an SQLite file first, to a name beside it.
        tell: Called with pages copied and pages in all.
        versions: Folder of the migrations.

    Returns:
        What was done; None where it is of the newest version.

    Raises:
        StoreError: If it cannot be done; the store is as before.
    """
    newest = _newest(versions)
    with store.connect() as connection:
        before = version_of(connection)
        others = devices.named_alive(connection, time.time(), besides=owner)
    if before is None or before >= newest:
        return None
    if others:
        raise StoreError(
            f"store {shown(store.url)}: version {before}, other detectors run on it "
            f"({', '.join(others)}), allowed: none while it is brought to {newest}"
        )
    backup = _backed_up(store, before, tell) if has_backup and file_of(store) else None
    logger.info("store: version %s to %s, backup: %s", before, newest, backup or "none")
    try:
        with alone(store) as connection:
            upgrade(connection, versions)
            devices.take_lease(connection, owner, time.time())
    except StoreFailure as error:
        raise _failure(store, before, newest, error) from None
    return Migrated(before, newest, backup)


def _newest(versions: Path) -> str:
    """Version that a folder of migrations leads to; of the product's it is known."""
    if versions == SCRIPTS / "versions":
        return VERSION
    return max(path.name[1:5] for path in versions.glob("v[0-9]*.py"))


def _backed_up(store: Engine, version: str, tell: Tell) -> Path:
    path = file_of(store)
    assert path is not None
    begun = f".{escape(path.name)}{BACKUP_MARK}*{UNFINISHED}*"
    for left in path.parent.glob(begun):  # by one that was killed
        left.unlink()
    moment = datetime.now().astimezone().strftime("%Y%m%dT%H%M%S")
    target = path.with_name(f"{path.name}{BACKUP_MARK}{version}-{moment}")
    back_up(store, target, force=True, tell=tell)
    return target


def upgrade(connection: Connection, versions: Path) -> None:
    """Run all migrations that are due, within the caller's transaction."""
    from alembic import command  # noqa: PLC0415 -- takes time, and is needed once a version
    from alembic.config import Config  # noqa: PLC0415

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.set_main_option("version_locations", str(versions).replace("%", "%%"))
    config.set_main_option("path_separator", "newline")
    command.upgrade(config, "head")


def _failure(store: Engine, before: str, after: str, error: StoreFailure) -> StoreError:
    return StoreError(
        f"store {shown(store.url)}: cannot be brought from version {before} to {after}: "
        f"{reason_of(error)}; it is as before"
    )
