"""Where the archive lies."""

from __future__ import annotations

import pytest

from detector.store.connecting import connect
from detector.store.places import archive_place


@pytest.mark.parametrize(
    ("named", "place"),
    [("/data/past", "/data/past"), ("s3://bucket/plant/", "s3://bucket/plant"), ("/", "/")],
)
def test_a_place_that_is_named_is_taken(tmp_path, named, place):
    """A folder, or a URL, with or without a slash behind it."""
    store = connect(f"sqlite:///{tmp_path}/faultline.db")
    assert archive_place(store, named) == place


def test_the_archive_lies_beside_the_file(tmp_path):
    """So that a backup of the folder has both."""
    store = connect(f"sqlite:///{tmp_path}/faultline.db")
    assert archive_place(store, None) == str(tmp_path / "archive")


def test_a_store_in_memory_has_it_in_the_working_folder():
    """As one on a server."""
    assert archive_place(connect("sqlite://"), None) == "archive"
