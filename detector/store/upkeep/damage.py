"""Whether an SQLite store came through the end of its last detector."""

from __future__ import annotations

import logging
import sqlite3
import time
from contextlib import closing

from detector.store.connecting import damaged
from detector.store.schema import Engine

logger = logging.getLogger(__name__)

CHECK_S = 5.0  # at most; a file that takes longer is not checked to its end
STEPS = 10_000  # of SQLite's machine between two looks at the clock
INTERRUPTED = "interrupted"


def refuse_damaged(store: Engine, within_s: float = CHECK_S) -> None:
    """Check a store whose detector did not give it back, as after a power cut.

    Args:
        store: Open; others than SQLite look after themselves.
        within_s: Longest time that it may take; what is not checked then is told.

    Raises:
        StoreError: If it is damaged, with what to do.
    """
    if store.dialect.name != "sqlite":
        return
    found = _found(store, within_s)
    if found == INTERRUPTED:
        logger.warning("the store was not closed; not checked to its end within %g s", within_s)
    elif found == "ok":
        logger.info("the store was not closed; checked, it is whole")
    else:
        raise damaged(store.url, found)


def _found(store: Engine, within_s: float) -> str:
    """What SQLite says of the file: ``ok``, its first complaint, or ``interrupted``."""
    deadline = time.monotonic() + within_s
    with closing(store.raw_connection()) as pooled:
        connection = pooled.driver_connection
        assert isinstance(connection, sqlite3.Connection)
        connection.set_progress_handler(lambda: time.monotonic() > deadline, STEPS)
        try:
            [found] = connection.execute("PRAGMA quick_check(1)").fetchone()
        except sqlite3.DatabaseError as error:
            found = str(error)
        finally:
            connection.set_progress_handler(None, 0)
    return " ".join(str(found).split())
