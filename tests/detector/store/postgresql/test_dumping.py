"""A copy by PostgreSQL's own means is a store again, as docs/operations.md says."""

from __future__ import annotations

import os
import subprocess

import sqlalchemy as sa

from benchmarks.stores.server import PASSWORD, USER
from detector.store import frames
from detector.store.postgresql.partitions import make_ahead
from detector.store.schema import open_store
from tests.detector.store.test_store import frame

NOW = 1_772_366_400.0


def run(server, url, program, *arguments):
    """One of PostgreSQL's programs, told of the server as a user tells it."""
    parsed = sa.make_url(url)
    told = {
        "PGHOST": parsed.host,
        "PGPORT": str(parsed.port),
        "PGUSER": USER,
        "PGPASSWORD": PASSWORD,
    }
    subprocess.run([server.programs / program, *arguments], check=True, env={**os.environ, **told})


def test_a_dump_is_a_store_again(server, tmp_path):
    """With its days, and numbers that go on."""
    url = server.new_schema()
    schema = sa.make_url(url).query["options"].rpartition("=")[2]
    store = open_store(url)
    with store.begin() as connection:
        make_ahead(connection, NOW)
        frames.write(connection, [frame(start=NOW), frame(start=0.0)])
    store.dispose()
    copy = str(tmp_path / "copy")
    run(
        server,
        url,
        "pg_dump",
        "--format=custom",
        f"--schema={schema}",
        f"--file={copy}",
        "postgres",
    )
    run(server, url, "createdb", "--encoding=UTF8", "--template=template0", "restored")
    run(server, url, "pg_restore", "--dbname=restored", copy)
    restored = open_store(sa.make_url(url).set(database="restored").render_as_string(False))
    with restored.begin() as connection:
        assert frames.write(connection, [frame(start=NOW), frame(start=NOW + 10)]) == 1
        found = frames.after(connection, ["m1"], 0)
        assert [one.ts[0] for one in found] == [NOW, 0.0, NOW + 10]
        assert found[0].frame_id < found[1].frame_id < found[2].frame_id
        names = sa.inspect(connection).get_table_names()
    assert "frames_20260301" in names
    restored.dispose()
