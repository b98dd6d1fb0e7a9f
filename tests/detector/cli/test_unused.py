"""``devices --unused``: from a running detector, through the store, to a table."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

from detector.__main__ import main
from detector.cli.tables import as_json, table
from detector.ingest.unused import UnusedInventory
from detector.records import Outcome, Unused
from detector.service.inventory import InventoryWriter
from detector.store import unused
from detector.store.schema import StoreFailure, open_store
from tests.conftest import wait_for
from tests.support.serving import Client, serving


def test_what_was_not_used_is_listed(tmp_path, broker, capsys):
    """Channels, refused messages and devices beyond the cap, escaped."""
    with serving(tmp_path, broker.url, "[buffer]\nmax_devices = 1\n") as served:
        prefix = served.folder.name
        with Client(broker.url) as client:
            client.publish(f"{prefix}/m1", b'{"ts": 1772366400, "x": 1, "mode\\u001b[31m": "auto"}')
            client.publish(f"{prefix}/m1", b"{'x': 1}")
            client.publish(f"{prefix}/m2", b'{"ts": 1772366400, "x": 1}')
        wait_for(lambda: len(served.read(unused.every)) == 3, what="all is in the store")
        assert main(["devices", "--unused", "--settings", str(served.settings)]) == 0
        text = capsys.readouterr().out
        assert main(["devices", "--unused", "--json", "--settings", str(served.settings)]) == 0
        found = json.loads(capsys.readouterr().out)
        assert "mode\\x1b[31m" in text
        assert "refused (json): payload: " in text
        assert "not-held: device m2: beyond buffer.max_devices" in text
        assert [(one["topic"], one["channel"], one["outcome"]) for one in found] == [
            (f"{prefix}/m1", "mode\x1b[31m", "left-out"),
            (f"{prefix}/m1", None, "refused"),
            (f"{prefix}/m2", None, "not-held"),
        ]


def test_what_could_not_be_written_is_written_later(tmp_path):
    """A new run begins with nothing; a store that fails loses nothing."""
    store = open_store(f"sqlite:///{tmp_path}/store.db")
    entry = Unused("a/b", "mode", Outcome.LEFT_OUT, "", "'auto' is no number", 1, 1.8e9)
    with store.begin() as connection:
        unused.write(connection, {"old/topic": [entry]})
    inventory = UnusedInventory()
    writer = InventoryWriter(store, inventory)
    inventory.left_out("a/b", {"mode": "'auto' is no number"}, 1.8e9)
    with store.begin() as connection:
        connection.execute(sa.text("ALTER TABLE unused RENAME TO gone"))
    with pytest.raises(StoreFailure):
        writer.write()
    with store.begin() as connection:
        connection.execute(sa.text("ALTER TABLE gone RENAME TO unused"))
    InventoryWriter(store, inventory).write()
    with store.begin() as connection:
        assert unused.every(connection) == [entry]
    store.dispose()


def test_names_are_inert_in_every_table_and_list():
    """Nothing that a terminal would obey, and JSON that says the same."""
    names = ["\x1b[31m", "a\nb", "\u202e", "\x9b2J", "\U000e0001"]
    text = table(("name",), [(name,) for name in names], "")
    assert text.splitlines() == ["name", r"\x1b[31m", r"a\nb", r"\u202e", r"\x9b2J", r"\U000e0001"]
    listed = as_json(names)
    assert listed.replace("\n", "").isprintable()
    assert json.loads(listed) == names
    assert json.loads(as_json({"half \ud800": 1})) == {"half \\ud800": 1}
