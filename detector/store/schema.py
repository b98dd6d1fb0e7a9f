"""The tables, and opening a store. SQLite in WAL mode by default, any SQLAlchemy URL otherwise."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from detector.errors import StoreError
from detector.store.connecting import alone, connect, in_one_line, let_shrink, shown, use_wal
from detector.store.outbox.table import floods_of, outbox_of
from detector.store.postgresql import partitions
from detector.store.told.table import detectors_of, facts_of, unused_of
from detector.store.versions import (
    VERSION,
    refuse_newer,
    refuse_older,
    version_of,
    write_version,
)

# The rest of the project names a connection, the store and its failures by these.
__all__ = ["Connection", "Engine", "StoreFailure", "open_store"]
StoreFailure = SQLAlchemyError

metadata = sa.MetaData()

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")  # whose integers have 64 bits

# Frames are numbered in order of commit: viewers tail that number, because a device clock may
# jump back. The same block written twice meets the unique key and changes nothing.
frames = sa.Table(
    "frames",
    metadata,
    sa.Column("id", BIG, primary_key=True, autoincrement=True),
    sa.Column("device", sa.String, nullable=False),
    sa.Column("start", sa.Double, nullable=False),
    sa.Column("end", sa.Double, nullable=False),
    sa.Column("session", sa.String, nullable=False),
    sa.Column("n", sa.Integer, nullable=False),
    sa.Column("features", sa.JSON, nullable=False),
    sa.Column("ts", sa.LargeBinary, nullable=False),  # (n,) f8
    sa.Column("sample_values", sa.LargeBinary, nullable=False),  # (n, F) f4
    sa.Column("reconstruction", sa.LargeBinary, nullable=False),  # (n, F) f4
    sa.Column("score", sa.LargeBinary, nullable=False),  # (n,) f4
    sa.Column("mse", sa.LargeBinary, nullable=False),  # (n,) f4
    sa.Column("judged", sa.LargeBinary, nullable=False),  # (n,) u1
    sa.Column("threshold", sa.Double, nullable=False),
    sa.Column("contributions", sa.LargeBinary, nullable=False),  # (F,) f4
    sa.Column("arrival", sa.Double, nullable=False),
    # How the arrays are kept: 0 as they are, 1 packed; see ``store/rows/rows.py``.
    sa.Column("packing", sa.SmallInteger, nullable=False, server_default="0"),
    sa.UniqueConstraint("device", "start", name="frames_once"),
    sa.Index("frames_of_device", "device", "id"),
    sa.Index("frames_by_arrival", "arrival"),
    sqlite_autoincrement=True,
)
is_loose = frames.c.packing == 0  # not merged yet; few, so it costs little
sa.Index("frames_loose", frames.c.device, frames.c.id, sqlite_where=is_loose,
         postgresql_where=is_loose)  # fmt: skip

# Closed hours in files; see ``store/archive/``. A row is written with the same transaction that
# deletes its frames, once the file is whole and on the disk.
archived = sa.Table(
    "archived",
    metadata,
    sa.Column("path", sa.String, primary_key=True),  # below the place of the archive
    sa.Column("device", sa.String, nullable=False),
    sa.Column("start", sa.Double, nullable=False),
    sa.Column("end", sa.Double, nullable=False),
    sa.Column("n", sa.Integer, nullable=False),
    sa.Column("bytes", sa.Integer, nullable=False),
    sa.Column("arrival", sa.Double, nullable=False),  # of its newest sample
    sa.Column("features", sa.JSON, nullable=False),
    sa.Column("spans", sa.JSON, nullable=False),  # session, first and newest sample of each part
    sa.Index("archived_of_device", "device", "start"),
    sa.Index("archived_by_arrival", "arrival"),
)

# Whose archive it is: the number stands in a file of the archive too.
archive = sa.Table("archive", metadata, sa.Column("owner", sa.String, primary_key=True))

# Blocks of buckets of one width; see ``store/history/``.
rollups = sa.Table(
    "rollups",
    metadata,
    sa.Column("device", sa.String, nullable=False),
    sa.Column("width_s", sa.Integer, nullable=False),
    sa.Column("start", sa.Double, nullable=False),
    sa.Column("features", sa.JSON, nullable=False),
    sa.Column("n", sa.Integer, nullable=False),
    sa.Column("buckets", sa.LargeBinary, nullable=False),
    sa.Column("bytes", sa.Integer, nullable=False),  # of the column before
    sa.Column("arrival", sa.Double, nullable=False),  # of the newest sample in it
    sa.PrimaryKeyConstraint("device", "width_s", "start", name="rollups_once"),
    sa.Index("rollups_by_arrival", "width_s", "arrival", "bytes"),
)

# Up to which frame the rollups of a device have counted; moved on with them in one transaction.
rolled = sa.Table("rolled", metadata,
    sa.Column("device", sa.String, primary_key=True),
    sa.Column("frame_id", BIG, nullable=False))  # fmt: skip

devices = sa.Table(
    "devices",
    metadata,
    sa.Column("device", sa.String, primary_key=True),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("reason", sa.String),
    sa.Column("score", sa.Double),
    sa.Column("mse", sa.Double),
    sa.Column("threshold", sa.Double, nullable=False),
    sa.Column("last_ts", sa.Double, nullable=False),
    sa.Column("last_arrival", sa.Double, nullable=False),
    sa.Column("rate_hz", sa.Double),
    sa.Column("features", sa.JSON, nullable=False),
    sa.Column("model", sa.JSON(none_as_null=True)),
    sa.Column("counters", sa.JSON, nullable=False),
    sa.Column("detector", sa.String, nullable=False, server_default=""),  # that hears it
)

alarms = sa.Table(
    "alarms",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("device", sa.String, nullable=False),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("state", sa.String, nullable=False),
    sa.Column("start", sa.Double, nullable=False),
    sa.Column("end", sa.Double),
    sa.Column("peak_score", sa.Double, nullable=False),
    sa.Column("contributions", sa.JSON, nullable=False),
    sa.Column("model", sa.String, nullable=False),
    sa.Column("threshold", sa.Double, nullable=False),
    sa.Column("life", sa.String, nullable=False, server_default="normal"),
    sa.Column("priority", sa.String, nullable=False, server_default="medium"),
    sa.Column("peak_ts", sa.Double),
    sa.Column("sentence", sa.String, nullable=False, server_default=""),
    sa.Column("raised_at", sa.Double),
    sa.Column("acknowledged_at", sa.Double),
    sa.Column("acknowledged_by", sa.String),
    sa.Column("ended_by", sa.String),
    sa.Column("verdict", sa.String),
    sa.Column("cause", sa.String),
    sa.Column("detector", sa.String, nullable=False, server_default=""),  # that looks after it
    sa.Index("alarms_of_device", "device", "start"),
    sa.Index("alarms_by_state", "state"),
    sa.Index("alarms_by_life", "life"),
    sqlite_autoincrement=True,
)

# What the rule remembers of each device and kind, so that a restart changes nothing.
alarm_memory = sa.Table("alarm_memory", metadata,
    sa.Column("device", sa.String, primary_key=True),
    sa.Column("kind", sa.String, primary_key=True),
    sa.Column("memory", sa.JSON, nullable=False))  # fmt: skip

# Alarms that nobody is to be told of: shelved, in maintenance, out of service.
alarm_holds = sa.Table(
    "alarm_holds",
    metadata,
    sa.Column("device", sa.String, primary_key=True),
    sa.Column("kind", sa.String, primary_key=True),  # empty: all of the device
    sa.Column("life", sa.String, primary_key=True),
    sa.Column("until", sa.Double),
    sa.Column("one_shot", sa.Boolean, nullable=False),
    sa.Column("who", sa.String, nullable=False),
    sa.Column("why", sa.String),
)

# The normal level of the score, hour by hour; a level that moves is drift.
score_levels = sa.Table("score_levels", metadata,
    sa.Column("device", sa.String, primary_key=True),
    sa.Column("model", sa.String, primary_key=True),
    sa.Column("hour", sa.Integer, primary_key=True),
    sa.Column("level", sa.Double, nullable=False))  # fmt: skip

alarm_log = sa.Table(
    "alarm_log",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("alarm_id", sa.ForeignKey("alarms.id"), nullable=False, index=True),
    sa.Column("transition", sa.String, nullable=False),
    sa.Column("ts", sa.Double, nullable=False),  # sample time
    sa.Column("at", sa.Double, nullable=False),  # detector clock
    # False until the broker has the message: a crash between commit and publish loses none.
    sa.Column("published", sa.Boolean, nullable=False, default=False, index=True),
    sqlite_autoincrement=True,
)

# Flight records that are written; see ``flights.py``.
flights = sa.Table("flights", metadata,
    sa.Column("alarm_id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("samples", sa.Integer, nullable=False),  # 0: none was left, and there is no file
    sa.Column("is_finished", sa.Boolean, nullable=False))  # fmt: skip

outbox, floods, facts = outbox_of(metadata), floods_of(metadata), facts_of(metadata)
detectors, unused = detectors_of(metadata), unused_of(metadata)

commands = sa.Table(
    "commands",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("device", sa.String, nullable=False),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("value", sa.JSON, nullable=False),
    sa.Column("who", sa.String, nullable=False),
    sa.Column("issued_at", sa.Double, nullable=False),
    sa.Column("applied_at", sa.Double, index=True),
    sa.Column("outcome", sa.String),
    sqlite_autoincrement=True,
)

# What a machine's own normal is, on top of its model; undone versions stay as a record.
commissionings = sa.Table(
    "commissionings",
    metadata,
    sa.Column("device", sa.String, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("own", sa.JSON, nullable=False),
    sa.Column("who", sa.String, nullable=False),
    sa.Column("at", sa.Double, nullable=False),
    sa.Column("why", sa.String),
    sa.Column("undone_by", sa.String),
    sa.Column("undone_at", sa.Double),
)

# What later messages of a device cannot be read without, as it came.
births = sa.Table("births", metadata,
    sa.Column("topic", sa.String, primary_key=True),
    sa.Column("payload", sa.LargeBinary, nullable=False))  # fmt: skip

# One row: the detector that keeps the store and, before version 9, the only one that may write.
lease = sa.Table(
    "lease",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("owner", sa.String, nullable=False),
    sa.Column("renewed_at", sa.Double, nullable=False),
    sa.Column("connection", sa.String, nullable=False),
    sa.Column("counters", sa.JSON, nullable=False),
)


def open_store(url: str, *, may_be_older: bool = False, must_exist: bool = False) -> Engine:
    """Open the store; an empty one gets the tables of this version.

    Args:
        url: SQLAlchemy URL, for example ``sqlite:///faultline.db``.
        may_be_older: The caller migrates it, or needs nothing of its version.
        must_exist: Refuse a store that is not there instead of making it.

    Returns:
        An engine whose connections are safe to use from any thread, one at a time each.

    Raises:
        StoreError: If the URL is not understood, the store cannot be opened, or is of another
            version or another program.
    """
    store = connect(url, must_exist=must_exist)
    try:
        with in_one_line(url):
            _make(store, must_exist=must_exist)
            with store.connect() as connection:
                found = version_of(connection) or VERSION
                refuse_newer(connection, found)
                if not may_be_older:
                    refuse_older(connection, found)
            use_wal(store)
    except StoreError:
        store.dispose()
        raise
    return store


def _make(store: Engine, *, must_exist: bool) -> None:
    """Make the tables in an empty store, unless another process has just done it."""
    with store.connect() as connection:
        if version_of(connection) is not None:
            return
    if must_exist:
        raise StoreError(
            f"store {shown(store.url)}: found no tables, allowed: what `faultline serve` has made"
        )
    let_shrink(store)
    with alone(store) as connection:
        if version_of(connection) is None:
            metadata.create_all(connection)
            if connection.dialect.name == "postgresql":
                partitions.divide(connection, frames)
            write_version(connection)


def new_id(connection: Connection, row: sa.Insert) -> int:
    """Insert one row; returns the id it was given."""
    key = connection.execute(row).inserted_primary_key
    assert key is not None
    return int(key[0])
