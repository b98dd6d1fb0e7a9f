"""A place that cannot be an archive is one line, and no password is in it."""

from __future__ import annotations

import socket

import pytest

from detector.__main__ import main
from detector.errors import StoreError
from detector.store.archive.owner import MARK, claim
from detector.store.archive.place import Elsewhere, Folder, place_at, shown
from detector.store.schema import open_store


@pytest.fixture
def store(tmp_path):
    """Of its own."""
    made = open_store(f"sqlite:///{tmp_path}/faultline.db")
    yield made
    made.dispose()


@pytest.fixture
def nobody():
    """A port at which nobody answers."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.mark.parametrize("word", ["secret", "s@cret", "s:cret"])
def test_a_server_that_does_not_answer_is_one_line_without_the_password(nobody, word):
    """Whatever its library raises."""
    with pytest.raises(StoreError) as told:
        place_at(f"ftp://ann:{word}@127.0.0.1:{nobody}/plant")
    line = str(told.value)
    assert line.startswith(f"store.archive: ftp://ann:***@127.0.0.1:{nobody}/plant cannot be used")
    assert "allowed: a place that answers" in line
    assert word not in line
    assert "\n" not in line


def test_a_password_that_a_library_repeats_is_left_out(store, monkeypatch):
    """An object store's refusal of a key, in whatever words."""
    place = Elsewhere("memory://ann:s3cr3t@bucket/plant")

    def refuse(*_args, **_named):
        raise RuntimeError("InvalidAccessKey: ann:s3cr3t is not known\nat boto")

    monkeypatch.setattr(place._files, "cat_file", refuse)
    with pytest.raises(StoreError) as told:
        claim(store, place, "s3://ann:s3cr3t@bucket/plant")
    assert str(told.value) == (
        "store.archive: s3://ann:***@bucket/plant cannot be used (InvalidAccessKey: ann:*** is not "
        "known), allowed: a folder that can be written"
    )


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("archive", "archive"),
        ("/mnt/a:b@c/archive", "/mnt/a:b@c/archive"),
        ("s3://bucket/x", "s3://bucket/x"),
        ("sftp://ann:pw@host/x", "sftp://ann:***@host/x"),
        ("filecache::sftp://ann:p:w@h/x", "filecache::sftp://ann:***@h/x"),
        ("http://h/x?sig=1&token=abc&a=b", "http://h/x?sig=1&token=***&a=b"),
    ],
)
def test_a_place_is_shown_without_its_password(url, said):
    """All else stays."""
    assert shown(url) == said


def test_a_local_url_is_a_folder(tmp_path):
    """On the same disk as any."""
    place = place_at(f"file://{tmp_path}/archive")
    assert isinstance(place, Folder)
    place.write("_flights/a", b"xy")
    assert place.sizes("_flights") == {"_flights/a": 2}
    assert place.device() == tmp_path.stat().st_dev
    assert place.sizes("device=x") == {}


def test_files_elsewhere_have_sizes_and_no_disk():
    """As fsspec tells them."""
    place = place_at("memory://sizes")
    place.write("_flights/a", b"xyz")
    assert (place.sizes("_flights"), place.device()) == ({"_flights/a": 3}, None)
    assert place.sizes("none") == {}


def test_a_folder_that_is_a_file_is_one_line(store, tmp_path):
    """So is any that cannot be written."""
    (tmp_path / "archive").write_text("mine")
    with pytest.raises(StoreError, match=r"cannot be used .Not a directory., allowed: a folder"):
        claim(store, place_at(f"{tmp_path}/archive"), "archive")


@pytest.mark.parametrize("command", [("store", "compact"), ("serve",)])
def test_the_archive_of_another_faultline_ends_the_command(tmp_path, monkeypatch, capsys, command):
    """With exit code 2 and its name."""
    monkeypatch.chdir(tmp_path)
    open_store("sqlite:///faultline.db").dispose()
    place_at("archive").write(MARK, b"another's\n")
    assert main([*command]) == 2
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith("error: store.archive: found ")
    assert line.endswith("the archive of another store, allowed: one of its own")


@pytest.mark.parametrize("size", ["0.1", "0", "-1", "0.19999"])
def test_a_size_that_is_too_small_is_one_line_that_says_why(tmp_path, monkeypatch, capsys, size):
    """Before anything is opened."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FAULTLINE_STORE__SIZE_GB", size)
    assert main(["serve"]) == 2
    line = capsys.readouterr().err
    assert f"store.size_gb, found '{size}': allowed: from 0.2, for the newest hours" in line
    assert line.count("\n") == 1
    assert not list(tmp_path.iterdir())
