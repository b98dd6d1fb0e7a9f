"""What a PostgreSQL that cannot be used gets: one line, never the password."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

from detector.__main__ import main
from detector.errors import StoreError
from detector.store import frames
from detector.store.connecting import connect
from detector.store.postgresql.copying import MANY
from detector.store.postgresql.partitions import drop_before, make_ahead
from detector.store.schema import open_store
from detector.store.versions import VERSION
from tests.conftest import free_port
from tests.detector.store.test_store import frame
from tests.support.stores.postgres import PASSWORD


@pytest.fixture(scope="module")
def url(server):
    """Of a store that is there."""
    made = server.new_schema()
    open_store(made).dispose()
    return made


def changed(url, **parts):
    """The same URL with other parts."""
    return sa.make_url(url).set(**parts).render_as_string(hide_password=False)


REFUSED = {
    "a wrong password": (
        {"password": "secret/1"},
        'authentication failed for user "faultline"',
    ),
    "a user that is none": ({"username": "nobody"}, 'authentication failed for user "nobody"'),
    "no such database": ({"database": "nowhere"}, 'database "nowhere" does not exist'),
    "nobody listens": ({"port": free_port()}, "Connection refused"),
    "another driver": ({"drivername": "postgresql+psycopg2"}, "found postgresql+psycopg2, allowed"),
    "an encoding without all letters": ({"database": "latin"}, "encoded in LATIN1, allowed: UTF8"),
}


@pytest.fixture(scope="module")
def latin(server):
    """A database that cannot hold every name."""
    engine = sa.create_engine(server.url(), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(
            "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0"
        )
    engine.dispose()


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.usefixtures("latin")
@pytest.mark.parametrize("command", ["serve", "devices", "store status"])
def test_it_is_refused_in_one_line(url, name, command, monkeypatch, capsys):
    """By every command, and the way a password is written tells nothing."""
    parts, line = REFUSED[name]
    monkeypatch.setenv("FAULTLINE_STORE__URL", changed(url, **parts))
    assert main(command.split()) == 2
    told = capsys.readouterr()
    assert (told.out, told.err.count("\n")) == ("", 1)
    assert line in told.err
    for secret in ("secret", PASSWORD, "open%20sesame", "sesame"):
        assert secret not in told.err


def test_a_short_url_is_enough(url):
    """The driver need not be named."""
    open_store(changed(url, drivername="postgresql")).dispose()


def test_what_a_url_asks_for_counts(url):
    """Beside what it leaves open."""
    found = {}
    for name, asked in (("as it is", {}), ("asked", {"application_name": "mine"})):
        store = connect(sa.make_url(url).update_query_dict(asked).render_as_string(False))
        with store.connect() as connection:
            show = [connection.exec_driver_sql(f"SHOW {what}").scalar() for what in
                    ("application_name", "lock_timeout", "search_path")]  # fmt: skip
        found[name] = show[:2]
        assert show[2].startswith("plant_")
        store.dispose()
    assert found == {"as it is": ["faultline", "10s"], "asked": ["mine", "10s"]}


def test_a_user_that_may_make_no_tables_is_told(server):
    """As of PostgreSQL 15 in the schema of all."""
    url = server.new_schema()
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE ROLE guest LOGIN PASSWORD 'guest'")
    engine.dispose()
    with pytest.raises(StoreError, match=r"cannot be opened: \w+") as told:
        open_store(changed(url, username="guest", password="guest"))  # noqa: S106
    assert "\n" not in str(told.value)
    assert "denied" in str(told.value) or "no schema" in str(told.value)


def test_the_store_tells_what_it_holds_and_what_it_cannot(url, monkeypatch, capsys, tmp_path):
    """Its status; a copy is made by PostgreSQL's own means; nothing is to be migrated."""
    monkeypatch.setenv("FAULTLINE_STORE__URL", url)
    assert main(["store", "status"]) == 0
    shown = capsys.readouterr().out
    assert f"version: {VERSION}" in shown
    assert "sesame" not in shown
    assert main(["store", "status", "--json"]) == 0
    usage = json.loads(capsys.readouterr().out)
    assert 100_000 < usage["bytes"] < 1_000_000  # its own tables, not all of the database
    assert main(["store", "migrate"]) == 0
    assert capsys.readouterr().out == f"the store is of version {VERSION}, nothing to do\n"
    assert main(["store", "backup", str(tmp_path / "copy")]) == 2
    assert "pg_dump --format=custom" in capsys.readouterr().err


def test_the_database_of_the_documents_is_enough(server):
    """Its owner is no superuser."""
    engine = sa.create_engine(server.url(), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE ROLE plant LOGIN PASSWORD 'plant'")
        connection.exec_driver_sql(
            "CREATE DATABASE plant OWNER plant ENCODING 'UTF8' TEMPLATE template0"
        )
    engine.dispose()
    whole = changed(server.url(), username="plant", password="plant", database="plant", query={})  # noqa: S106
    store = open_store(whole)
    with store.begin() as connection:
        make_ahead(connection, 1.8e9)
        written = [frame(start=1.8e9 + 10 * i) for i in range(2 * MANY)]
        assert frames.write(connection, written) == 2 * MANY
        drop_before(connection, 1.9e9, 1.9e9)
        assert frames.newest_id(connection) == 0
    store.dispose()
