"""Where the files of an archive are: a folder, or anything that fsspec has a URL for."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import fsspec

from detector.errors import StoreError

# What reads a folder of Parquet files leaves out names that begin so.
HIDDEN = "."
UNFINISHED = ".part"  # ends the name of a file that is being written


class Place(Protocol):
    """Files by their path below the archive, with slashes. All raise OSError."""

    def write(self, path: str, content: bytes) -> None:
        """Write a file whole: it is there with all its content or not at all."""

    def read(self, path: str) -> bytes:
        """All of a file."""

    def delete(self, path: str) -> None:
        """Delete a file; one that is gone is no error."""

    def paths(self) -> Iterator[str]:
        """Every file."""

    def size_of(self, folder: str) -> int:
        """Bytes of all files in a folder; 0 where there is none."""


def place_at(url: str) -> Place:
    """The archive at a folder or URL.

    Raises:
        StoreError: If the kind of URL is not known.
    """
    if "://" not in url:
        return Folder(Path(url))
    try:
        return Elsewhere(url)
    except (ValueError, ImportError) as error:
        kind = urlsplit(url).scheme
        raise StoreError(
            f"store.archive: found {kind}://… ({error}), allowed: a folder, or a URL of a kind "
            "that fsspec knows and whose library is installed"
        ) from None


class Folder:
    """On this computer; a file is on the disk before it has its name."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, path: str, content: bytes) -> None:
        """See ``Place``."""
        target = self._folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = target.with_name(HIDDEN + target.name + UNFINISHED)
        try:
            with unfinished.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(target)
        except OSError:
            unfinished.unlink(missing_ok=True)
            raise
        _settle(target.parent)

    def read(self, path: str) -> bytes:
        """See ``Place``."""
        return (self._folder / path).read_bytes()

    def delete(self, path: str) -> None:
        """See ``Place``; folders that are empty then go too."""
        target = self._folder / path
        target.unlink(missing_ok=True)
        for folder in target.parents:
            if folder == self._folder or not folder.is_relative_to(self._folder):
                return
            try:
                folder.rmdir()
            except OSError:
                return  # it holds others

    def paths(self) -> Iterator[str]:
        """See ``Place``."""
        for folder, _, names in os.walk(self._folder):
            for name in names:
                yield (Path(folder) / name).relative_to(self._folder).as_posix()

    def size_of(self, folder: str) -> int:
        """See ``Place``."""
        path = self._folder / folder
        if not path.is_dir():
            return 0
        with os.scandir(path) as found:
            return sum(one.stat().st_size for one in found)


class Elsewhere:
    """Where fsspec leads; object stores show a file once all of it has come."""

    def __init__(self, url: str) -> None:
        self._files, self._root = fsspec.core.url_to_fs(url)

    def write(self, path: str, content: bytes) -> None:
        """See ``Place``."""
        self._files.makedirs(self._at(path).rpartition("/")[0], exist_ok=True)
        self._files.pipe_file(self._at(path), content)

    def read(self, path: str) -> bytes:
        """See ``Place``."""
        content: bytes = self._files.cat_file(self._at(path))
        return content

    def delete(self, path: str) -> None:
        """See ``Place``."""
        if self._files.exists(self._at(path)):
            self._files.rm_file(self._at(path))

    def paths(self) -> Iterator[str]:
        """See ``Place``."""
        for path in self._files.find(self._root):
            yield path.removeprefix(self._root).lstrip("/")

    def size_of(self, folder: str) -> int:
        """See ``Place``."""
        path = self._at(folder)
        return int(self._files.du(path)) if self._files.exists(path) else 0

    def _at(self, path: str) -> str:
        return f"{self._root}/{path}"


def _settle(folder: Path) -> None:
    """Have the name itself on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
