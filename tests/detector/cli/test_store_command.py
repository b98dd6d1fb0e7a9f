"""``store``: what it prints, and one line for each thing that cannot be."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from detector.__main__ import main
from detector.store import devices
from detector.store.schema import open_store
from detector.store.versions import VERSION
from tests.support.serving import environment
from tests.support.stores import golden_store
from tests.support.stores.lease import renewed

PROJECT = Path(__file__).resolve().parents[3]
# Root may read and write everything unless these are taken from it.
WITHOUT = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"]
AS_ANYBODY = WITHOUT if os.getuid() == 0 else []


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where the command runs, with the store of the default settings."""
    monkeypatch.chdir(tmp_path)
    golden_store.load("0000", tmp_path / "faultline.db")
    return tmp_path


def run(capsys, *arguments):
    """Exit code, and what stands on both outputs."""
    code = main(["store", *arguments])
    out, err = capsys.readouterr()
    return code, out, err


def refused(capsys, *arguments):
    """The one line of a refusal."""
    code, out, err = run(capsys, *arguments)
    assert (code, out, err.count("\n")) == (2, "", 1)
    return err


def test_an_older_store_is_told_copied_and_brought_here(folder, capsys):
    """One command after the other, as in docs/operations.md."""
    assert "version: 0000, this program's is" in run(capsys, "status")[1]
    assert run(capsys, "backup", "copy.db")[1].startswith("written: copy.db, ")
    assert main(["devices"]) == 2
    assert "`faultline store migrate`" in capsys.readouterr().err
    code, out, _ = run(capsys, "migrate")
    [kept] = folder.glob("faultline.db.backup-0000-*")
    assert (code, out) == (0, f"version 0000 to {VERSION}; the store as it was is {kept}\n")
    assert run(capsys, "migrate")[1] == f"the store is of version {VERSION}, nothing to do\n"
    assert main(["devices"]) == 0
    assert "pump-1" in capsys.readouterr().out
    with open_store("sqlite:///faultline.db").connect() as connection:
        assert devices.health(connection) is None


def test_without_a_backup_there_is_none(folder, capsys):
    """For whoever has one elsewhere."""
    assert "no copy was made of it" in run(capsys, "migrate", "--no-backup")[1]
    assert not list(folder.glob("*.backup-*"))


def test_status_as_json_has_what_the_table_has(folder, capsys):
    """Bytes, samples and spans of each device."""
    usage = json.loads(run(capsys, "status", "--json")[1])
    first = usage["devices"][0]
    assert (usage["version"], usage["is_exact"], usage["growth"]["bytes_per_day"]) == (
        "0000", True, None,
    )  # fmt: skip
    assert (first["device"], first["samples"], first["first"]) == ("pump-1", 60, 1.7e9)
    table = run(capsys, "status")[1]
    assert "pump-2 \u03b1" in table
    assert usage["bytes"] >= (folder / "faultline.db").stat().st_size


def test_a_store_is_not_migrated_while_a_detector_runs(folder, capsys, monkeypatch):
    """Its lease is renewed."""
    monkeypatch.setattr(devices, "LEASE_S", 0.3)
    store = open_store("sqlite:///faultline.db", may_be_older=True)
    with renewed(store, "host:1"):
        assert "written by another detector (host:1" in refused(capsys, "migrate")
    store.dispose()
    assert "version: 0000" in run(capsys, "status")[1]
    assert not list(folder.glob("*.backup-*"))


def other_program(path):
    """A database of another program, one of whose tables has a name like ours."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE devices (serial TEXT)")


def half_of_ours(path):
    """Some of the tables of a store."""
    golden_store.load("0000", path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TABLE frames")


def odd_version(path):
    """A version that nobody gave."""
    open_store(f"sqlite:///{path}").dispose()
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE faultline_version SET version_num = 'ae1027a6'")


STORES = {
    "no file": (lambda path: None, "no such file"),
    "folder": (lambda path: path.mkdir(), "it is a folder"),
    "text": (lambda path: path.write_text("ts,x\n" * 9), "it is no SQLite database"),
    "short": (lambda path: path.write_bytes(b"SQLite"), "it is no SQLite database"),
    "empty": (lambda path: path.touch(), "found no tables"),
    "other program": (other_program, "tables of another program (devices)"),
    "half of ours": (half_of_ours, "tables of another program ("),
    "version": (odd_version, "found version ae1027a6"),
    "pipe": (os.mkfifo, "it is no file"),
    "link": (lambda path: path.symlink_to("nowhere"), "no such file"),
}


@pytest.mark.parametrize("what", ["status", "backup", "migrate"])
@pytest.mark.parametrize("kind", STORES)
def test_what_is_no_store_is_refused_and_left_alone(tmp_path, monkeypatch, capsys, kind, what):
    """In one line; nothing is made, changed or switched to another journal."""
    make, line = STORES[kind]
    path = tmp_path / "plant.db"
    make(path)
    monkeypatch.setenv("FAULTLINE_STORE__URL", f"sqlite:///{path}")
    monkeypatch.chdir(tmp_path)
    before = path.read_bytes() if path.is_file() else sorted(tmp_path.iterdir())
    assert line in refused(capsys, what, *(["copy.db"] if what == "backup" else []))
    assert before == (path.read_bytes() if path.is_file() else sorted(tmp_path.iterdir()))


@pytest.mark.parametrize(
    ("url", "line"),
    [
        ("faultline.db", "allowed: sqlite:///FILE or postgresql"),
        ("", "allowed: sqlite:///FILE"),
        ("mongodb://ann:secret@host/plant", "found mongodb, allowed: sqlite"),
        ("mysql+pymysql://ann:secret@host/plant", "found mysql+pymysql, allowed: sqlite"),
        ("sqlite+unknown:///faultline.db", "found sqlite+unknown, allowed"),
        ("postgresql+psycopg://ann:secret@host:port/plant", "allowed: sqlite:///FILE"),
        ("postgresql+none://ann:secret@host/plant?password=secret", "found postgresql+none"),
        ("sqlite:///none/faultline.db", "no folder none"),
        ("sqlite:////proc/1/faultline.db", "cannot be opened"),
        ("sqlite:///" + "x" * 300, "File name too long"),
        ("sqlite://", "found no tables"),
    ],
)
def test_a_url_that_leads_nowhere_is_refused(folder, monkeypatch, capsys, url, line):
    """In one line without the password."""
    monkeypatch.setenv("FAULTLINE_STORE__URL", url)
    told = refused(capsys, "status")
    assert line in told
    assert "secret" not in told


def test_postgresql_is_copied_by_its_own_means(monkeypatch, capsys):
    """Said at once, whether its driver is here or not."""
    monkeypatch.setenv("FAULTLINE_STORE__URL", "postgresql+psycopg://ann:secret@host/plant")
    told = refused(capsys, "backup", "copy.db")
    assert "`pg_dump" in told
    assert "secret" not in told


@pytest.mark.parametrize(
    ("what", "mode", "line"),
    [("folder", 0o555, "cannot be written"), ("file", 0o444, "it cannot be read or written"),
     ("unreadable", 0o000, "it cannot be read or written")],
)  # fmt: skip
@pytest.mark.skipif(bool(AS_ANYBODY) and shutil.which("setpriv") is None, reason="no setpriv")
def test_a_store_without_rights_is_refused(tmp_path, what, mode, line):
    """Told by what is missing: the folder, the file, its content."""
    path = tmp_path / "place" / "faultline.db"
    path.parent.mkdir()
    golden_store.load(VERSION, path)
    (path.parent if what == "folder" else path).chmod(mode)
    found = subprocess.run(
        [*AS_ANYBODY, sys.executable, "-m", "detector", "devices"], cwd=PROJECT, check=False,
        capture_output=True, text=True, timeout=60,
        env=environment(FAULTLINE_STORE__URL=f"sqlite:///{path}"),
    )  # fmt: skip
    path.parent.chmod(0o777)
    assert (found.returncode, found.stderr.count("\n")) == (2, 1), found.stderr
    assert line in found.stderr
