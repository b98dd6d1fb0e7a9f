"""An older store in PostgreSQL comes to this version whole, with its frames divided by day."""

from __future__ import annotations

import shutil
import time

import pytest
import sqlalchemy as sa

from detector.store import frames
from detector.store.connecting import alone, connect
from detector.store.migrations.versions import v0001_tables_of_0_1
from detector.store.schema import open_store
from detector.store.upkeep.migrating import SCRIPTS, migrate, upgrade
from detector.store.versions import VERSION
from tests.detector.store.test_store import frame
from tests.detector.store.upkeep.test_migrating import refuse_lost
from tests.support.stores import golden_store

DAY_S = 86_400


@pytest.fixture
def older(server, tmp_path):
    """URL of a store of the first version, with what the golden one holds."""
    versions = tmp_path / "versions"
    versions.mkdir()
    for file in (SCRIPTS / "versions").glob("v0001*.py"):
        shutil.copy(file, versions)
    url = server.new_schema()
    store = connect(url)
    with alone(store) as connection:
        upgrade(connection, versions)
        fill(connection, tmp_path / "golden.db")
    store.dispose()
    return url


def fill(connection, path):
    """Copy the golden store, and go on counting behind it."""
    golden_store.load("0001", path)
    golden = sa.create_engine(f"sqlite:///{path}")
    with golden.connect() as source:
        for table in v0001_tables_of_0_1.metadata.sorted_tables:
            if rows := [dict(row._mapping) for row in source.execute(sa.select(table))]:
                connection.execute(table.insert(), rows)
            if "id" in table.c and table.name != "lease":
                connection.exec_driver_sql(f"SELECT setval('{table.name}_id_seq', 100)")
    golden.dispose()


def migrated(url):
    """Migrate a store and close it."""
    store = open_store(url, may_be_older=True)
    done = migrate(store, "me")
    store.dispose()
    return done


def shape(url):
    """What PostgreSQL says of the tables, partitions aside."""
    store = connect(url)
    inspector = sa.inspect(store)
    found = {}
    for table in inspector.get_table_names():
        if not table.startswith("frames_"):
            columns = [(c["name"], str(c["type"]), c["nullable"]) for c in
                       inspector.get_columns(table)]  # fmt: skip
            indexes = sorted((i["name"], *i["column_names"]) for i in inspector.get_indexes(table))
            found[table] = (columns, inspector.get_pk_constraint(table)["constrained_columns"],
                            indexes, len(inspector.get_foreign_keys(table)))  # fmt: skip
    with store.connect() as connection:
        query = "SELECT sequencename, data_type FROM pg_sequences WHERE schemaname = current_schema"
        found["sequences"] = sorted(map(tuple, connection.exec_driver_sql(query)))
    store.dispose()
    return found


def test_an_older_store_keeps_everything(older, server):
    """Row for row; no copy is made of it, and it looks as a new one does."""
    done = migrated(older)
    refuse_lost(older)
    assert (done.before, done.after, done.backup) == ("0001", VERSION, None)
    fresh = server.new_schema()
    open_store(fresh).dispose()
    assert shape(older) == shape(fresh)


def test_frames_are_stored_once_across_the_migration(older):
    """Those of before are known, what comes next is numbered behind them, also beyond 32 bits."""
    now = time.time()
    store = open_store(older, may_be_older=True)
    with store.begin() as connection:  # of a clock that is ahead
        row = dict(connection.execute(sa.text("SELECT * FROM frames LIMIT 1")).one()._mapping)
        row |= {"id": 101, "start": now + 10 * DAY_S}
        names = ", ".join(f'"{name}"' for name in row)
        values = ", ".join(f":{name}" for name in row)
        row["features"] = '["a", "b"]'
        connection.execute(sa.text(f"INSERT INTO frames ({names}) VALUES ({values})"), row)  # noqa: S608
        connection.exec_driver_sql(f"SELECT setval('frames_id_seq', {2**31 - 1})")
    migrate(store, "me")
    with store.begin() as connection:
        others = connection.exec_driver_sql("SELECT start FROM frames_other").scalars().all()
        assert others == [now + 10 * DAY_S]
        assert frames.write(connection, golden_store.written()) == 0
        assert frames.write(connection, [frame(start=now)]) == 1
        assert frames.newest_id(connection) > 2**31
    store.dispose()
