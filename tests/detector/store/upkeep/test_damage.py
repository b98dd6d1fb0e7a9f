"""A store whose detector ended without giving it back is looked at, within bounds."""

from __future__ import annotations

import logging

import pytest

from detector.errors import StoreError
from detector.store.schema import open_store
from detector.store.upkeep import damage
from detector.store.upkeep.damage import refuse_damaged
from detector.store.versions import VERSION
from tests.support.stores import golden_store


@pytest.fixture
def path(tmp_path):
    """A whole store."""
    golden_store.load(VERSION, tmp_path / "faultline.db")
    return tmp_path / "faultline.db"


def checked(path, **options):
    """Check the store at a path."""
    store = open_store(f"sqlite:///{path}", may_be_older=True)
    try:
        refuse_damaged(store, **options)
    finally:
        store.dispose()


def overwrite(path, start, length):
    """As a disk or a careless copy does."""
    with path.open("r+b") as file:
        file.seek(start)
        file.write(b"\x5a" * length)


def test_a_whole_store_is_told(path, caplog):
    """And goes on."""
    caplog.set_level(logging.INFO)
    checked(path)
    assert "checked, it is whole" in caplog.text


@pytest.mark.parametrize("backups", [[], ["faultline.db.backup-0000-20260101T000000"]])
def test_a_damaged_store_is_refused_with_the_remedy(path, backups):
    """The newest backup by name, where there is one."""
    for name in backups:
        path.with_name(name).touch()
    size = path.stat().st_size
    overwrite(path, size // 2, size // 4)
    with pytest.raises(StoreError, match="damaged") as caught:
        checked(path)
    line = str(caught.value)
    assert "\n" not in line
    assert (backups or ["none lies beside it"])[0] in line


def test_a_store_cut_off_is_refused(path):
    """As after a disk that was full, or a copy that was not waited for."""
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size * 2 // 3)
    with pytest.raises(StoreError, match="damaged"):
        checked(path)


def test_a_large_store_is_checked_as_far_as_time_allows(path, monkeypatch, caplog):
    """And the log says so."""
    monkeypatch.setattr(damage, "STEPS", 1)
    checked(path, within_s=0.0)
    assert "not checked to its end within 0 s" in caplog.text
