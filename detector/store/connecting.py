"""A connection to a store, whatever is in it; each refusal one line without a password."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from glob import escape
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import NoSuchModuleError, OperationalError, SQLAlchemyError

from detector.errors import StoreError
from detector.store.postgresql import session

KINDS = "allowed: sqlite:///FILE or postgresql+psycopg://USER:PASSWORD@HOST/DATABASE"
MIGRATION_LOCK = 0x6661756C74  # of PostgreSQL, any number that is always the same
LOCKED_S = 10.0  # as long as the driver waits for other locks
# Written at once, so it is asked for only where the file is made or written anew.
SHRINKING = "PRAGMA auto_vacuum=INCREMENTAL"
SECRETS = ("password", "passwd", "sslpassword", "passfile", "key", "token")
DAMAGED = "malformed"  # what SQLite says of a damaged file
# Some builds write zeros over what is deleted: a closed hour would go to the disk once more, and
# hold the lock ten times as long. A log that grew while somebody read for long shrinks again.
PRAGMAS = ("synchronous=NORMAL", "busy_timeout=10000", "secure_delete=OFF",
           "journal_size_limit=64000000", "cache_size=-32000")  # fmt: skip
NO_DATABASE = "not a database"
BACKUP_MARK = ".backup-"  # what a copy beside a store is called after


def connect(url: str, *, must_exist: bool = False) -> Engine:
    """Connect to the database of a URL.

    Args:
        url: SQLAlchemy URL, for example ``sqlite:///faultline.db``.
        must_exist: Refuse an SQLite file that is not there instead of making it.

    Returns:
        An engine whose connections are safe to use from any thread, one at a time each.

    Raises:
        StoreError: If the URL is not understood or the database cannot be used.
    """
    parsed = _parsed(url)
    if (path := _named_file(parsed)) is not None:
        _refuse_file(path, shown(url), must_exist=must_exist)
    with in_one_line(url):
        is_server = parsed.get_backend_name() == "postgresql"
        engine = sa.create_engine(
            parsed, pool_pre_ping=True, connect_args=session.arguments(parsed) if is_server else {},
            json_serializer=session.json_of if is_server else None,
        )  # fmt: skip
        if engine.dialect.name == "sqlite":
            sa.event.listen(engine, "connect", _tune_sqlite)
        with engine.connect() as connection:
            sa.inspect(connection).get_table_names()  # SQLite looks at its file no earlier
            _refuse_encoding(connection)
        if path is not None:
            sa.event.listen(engine, "do_connect", _never_make)
    return engine


@contextmanager
def in_one_line(url: str | sa.URL) -> Iterator[None]:
    """Tell whatever the database or its driver raises as one line.

    Raises:
        StoreError: In its place.
    """
    try:
        yield
    except NoSuchModuleError:
        raise _unknown_kind(sa.make_url(url)) from None
    except ImportError as error:
        raise StoreError(
            f"store {shown(url)}: cannot be opened: {error}, allowed: the driver installed "
            '(`pip install "psycopg[binary]"` for postgresql+psycopg://)'
        ) from None
    except (SQLAlchemyError, OSError, ValueError) as error:
        reason = reason_of(error)
        if is_damage(reason):
            raise damaged(url, reason) from None
        raise StoreError(f"store {shown(url)}: cannot be opened: {reason}") from None


@contextmanager
def alone(store: Engine) -> Iterator[Connection]:
    """One transaction that takes changes of tables too, while nobody else makes any.

    The driver for SQLite commits at each change of a table unless it is left out of it.
    """
    with store.connect() as plain:
        if store.dialect.name != "sqlite":
            with plain.begin():
                plain.execute(sa.select(sa.func.pg_advisory_xact_lock(MIGRATION_LOCK)))
                yield plain
            return
        connection = plain.execution_options(isolation_level="AUTOCOMMIT")
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            connection.exec_driver_sql("ROLLBACK")
            raise
        connection.exec_driver_sql("COMMIT")


def at_one_moment(connection: Connection) -> None:
    """Let all reads from here to the end of the transaction see the store as it is now.

    The driver for SQLite begins a transaction at the first write, not at the first read.

    Args:
        connection: Nothing was read in its transaction yet.
    """
    if connection.dialect.name == "sqlite":
        if not connection.connection.driver_connection.in_transaction:  # type: ignore[union-attr]
            connection.exec_driver_sql("BEGIN")
    elif not connection.in_transaction():
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")


def shown(url: str | sa.URL) -> str:
    """A URL for people: no password, wherever it stands."""
    try:
        parsed = sa.make_url(url)
    except (SQLAlchemyError, ValueError):
        return "(not an SQLAlchemy URL)"
    hidden = {name: "hidden" for name in parsed.query if name.lower() in SECRETS}
    return parsed.update_query_dict(hidden).render_as_string(hide_password=True)


def reason_of(error: Exception) -> str:
    """What the database itself says, one line."""
    reason = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
    if NO_DATABASE in reason:
        return "it is no SQLite database, allowed: another name, or a store of Faultline"
    return reason


def is_damage(reason: str) -> bool:
    """Whether SQLite says that a file is damaged."""
    return DAMAGED in reason


def damaged(url: str | sa.URL, found: str) -> StoreError:
    """The line on a damaged store, with what to do."""
    path = _named_file(sa.make_url(url))
    backup = None if path is None else newest_backup(path)
    remedy = "a backup in its place (none lies beside it)"
    if backup is not None:
        remedy = f"its newest backup in its place, {backup.name} beside it"
    return StoreError(
        f"store {shown(url)}: damaged ({found}), allowed: {remedy}. Keep the damaged file"
    )


def newest_backup(path: Path) -> Path | None:
    """The newest copy that a migration left beside a store; None: there is none."""
    found = path.parent.glob(f"{escape(path.name)}{BACKUP_MARK}*")
    return max(found, key=lambda one: one.stat().st_mtime, default=None)


def file_of(store: Engine) -> Path | None:
    """The file of an open SQLite store; None in memory and for other databases."""
    if store.dialect.name != "sqlite":
        return None
    with in_one_line(store.url), store.connect() as connection:
        rows = connection.exec_driver_sql("PRAGMA database_list").all()
    path = next(row[2] for row in rows if row[1] == "main")
    return Path(path) if path else None


def identity_of(store: Engine) -> tuple[int, int] | None:
    """What tells the file of an SQLite store from another in its place; None: it is in none.

    Raises:
        StoreError: If the file has been taken away, or cannot be read or written any more.
    """
    path = _named_file(store.url)
    if path is None:
        return None
    _refuse_file(path, shown(store.url), must_exist=True)
    with in_one_line(store.url):
        found = path.stat()
    return found.st_dev, found.st_ino


def let_shrink(store: Engine) -> None:
    """Make the empty file of a store so that it can give room back later; it stays so."""
    _tell(store, SHRINKING)


def use_wal(store: Engine) -> None:
    """Let readers and the writer of an SQLite store go on beside each other; it stays so."""
    _tell(store, "PRAGMA journal_mode=WAL")


def _tell(store: Engine, pragma: str) -> None:
    """Have SQLite note something in its file.

    Whoever meets another process there is told at once that it is locked, and tries again.
    """
    if store.dialect.name != "sqlite":
        return
    deadline = time.monotonic() + LOCKED_S
    while True:
        try:
            with store.connect() as connection:
                connection.exec_driver_sql(pragma)
        except OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


def _parsed(url: str) -> sa.URL:
    try:
        parsed = sa.make_url(url)
    except (SQLAlchemyError, ValueError):
        raise StoreError(f"store {shown(url)}: cannot be opened, {KINDS}") from None
    kind = parsed.get_backend_name()
    if kind != "sqlite" and parsed.drivername not in session.DRIVERS:
        raise _unknown_kind(parsed)
    return parsed


def _refuse_encoding(connection: Connection) -> None:
    """Names of devices may hold any letter."""
    if connection.dialect.name == "sqlite":
        return
    if (found := session.encoding_of(connection)) != "UTF8":
        raise StoreError(
            f"store {shown(connection.engine.url)}: the database is encoded in {found}, allowed: "
            "UTF8, as by `createdb --encoding=UTF8 --template=template0`"
        )


def _unknown_kind(url: sa.URL) -> StoreError:
    return StoreError(f"store {shown(url)}: cannot be opened: found {url.drivername}, {KINDS}")


def _named_file(url: sa.URL) -> Path | None:
    """The file that a URL names; None in memory, for URIs of SQLite and other databases."""
    name = url.database
    if url.get_backend_name() != "sqlite" or not name or name == ":memory:":
        return None
    return None if name.startswith("file:") else Path(name)


def _refuse_file(path: Path, where: str, *, must_exist: bool) -> None:
    """What SQLite would call *unable to open database file*, whatever the cause.

    The file itself is never opened here: closing it again would drop the locks that SQLite holds
    on it for other connections of this process, and a writer elsewhere would damage it.
    """
    try:
        cause = _cause(path, must_exist=must_exist)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        cause = f"{reason}, allowed: a file that this user may read and write"
    if cause is not None:
        raise StoreError(f"store {where}: cannot be opened: {cause}")


def _cause(path: Path, *, must_exist: bool) -> str | None:
    if path.exists() and not path.is_file():
        return f"it is {'a folder' if path.is_dir() else 'no file'}, allowed: a file"
    if not path.parent.is_dir():
        return f"no folder {path.parent}, allowed: one that exists"
    if not path.exists() and must_exist:
        return "no such file, allowed: a store that `faultline serve` has made"
    if not os.access(path.parent, os.W_OK):
        return f"the folder {path.parent} cannot be written, allowed: one that can"
    if path.exists() and not os.access(path, os.R_OK | os.W_OK):
        return "it cannot be read or written, allowed: a file that this user may read and write"
    return None


def _never_make(_dialect: object, _record: object, arguments: list[Any], _more: object) -> None:
    """Refuse a file that was there and is away: SQLite would make an empty one in its place.

    And with that delete the log beside it, which holds what was committed last.
    """
    if not os.path.exists(arguments[0]):  # noqa: PTH110 -- a name as the driver takes it
        raise sqlite3.OperationalError(f"no such file: {arguments[0]}")


def _tune_sqlite(connection: Any, _record: Any) -> None:  # noqa: ANN401 -- the driver's own type
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
