"""Where the files of an archive are: a folder, or anything that fsspec has a URL for."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import fsspec

from detector.errors import StoreError

# What reads a folder of Parquet files leaves out names that begin so.
HIDDEN = "."
UNFINISHED = ".part"  # ends the name of a file that is being written
LOCAL = "file://"
PASSWORD = re.compile(r"(://[^/\s:@]*):[^/\s]*@")
SECRET = re.compile(r"://[^/\s:@]*:([^/\s]*)@")
QUERIED = re.compile(r"([?&][^=&]*(?:key|secret|token|passw)[^=&]*=)[^&]*", re.IGNORECASE)


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

    def sizes(self, folder: str) -> dict[str, int]:
        """Bytes of every file below a folder, by its path; empty where there is no such folder."""

    def device(self) -> int | None:
        """Number of the disk that it is on; None: not known, as of an object store."""


def place_at(url: str) -> Place:
    """The archive at a folder or URL.

    Raises:
        StoreError: If the kind of URL is not known, or nobody answers there.
    """
    if "://" not in url:
        return Folder(Path(url))
    if url.startswith(LOCAL):
        return Folder(Path(url.removeprefix(LOCAL)))
    try:
        return Elsewhere(url)
    except (ValueError, ImportError) as error:
        kind = urlsplit(url).scheme
        raise StoreError(
            f"store.archive: found {kind}://… ({_said(error, url)}), allowed: a folder, or a URL "
            "of a kind that fsspec knows and whose library is installed"
        ) from None
    except Exception as error:  # noqa: BLE001 -- each kind has its own: wrong host, name, password
        raise StoreError(
            f"store.archive: {shown(url)} cannot be used ({_said(error, url)}), allowed: a place "
            "that answers, with the name and password that it knows"
        ) from None


def shown(url: str) -> str:
    """A folder or URL for people: no password, wherever it stands."""
    return QUERIED.sub(r"\1***", PASSWORD.sub(r"\1:***@", url))


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

    def sizes(self, folder: str) -> dict[str, int]:
        """See ``Place``."""
        found = dict[str, int]()
        for at, _, names in os.walk(self._folder / folder):
            for path in (Path(at) / name for name in names):
                with suppress(FileNotFoundError):  # replaced or deleted just now
                    found[path.relative_to(self._folder).as_posix()] = path.stat().st_size
        return found

    def device(self) -> int | None:
        """See ``Place``."""
        there = next(one for one in (self._folder.resolve(), *self._folder.resolve().parents)
                     if one.exists())  # fmt: skip
        return there.stat().st_dev


class Elsewhere:
    """Where fsspec leads; object stores show a file once all of it has come.

    Each kind of place raises errors of its own; here they are all OSErrors, without a password.
    """

    def __init__(self, url: str) -> None:
        self._files, self._root = fsspec.core.url_to_fs(url)
        self._url = url

    def write(self, path: str, content: bytes) -> None:
        """See ``Place``."""
        with self._told():
            self._files.makedirs(self._at(path).rpartition("/")[0], exist_ok=True)
            self._files.pipe_file(self._at(path), content)

    def read(self, path: str) -> bytes:
        """See ``Place``."""
        with self._told():
            content: bytes = self._files.cat_file(self._at(path))
        return content

    def delete(self, path: str) -> None:
        """See ``Place``."""
        with self._told():
            if self._files.exists(self._at(path)):
                self._files.rm_file(self._at(path))

    def paths(self) -> Iterator[str]:
        """See ``Place``."""
        with self._told():
            found = self._files.find(self._root)
        for path in found:
            yield self._below(path)

    def sizes(self, folder: str) -> dict[str, int]:
        """See ``Place``."""
        with self._told():
            told = self._files.find(self._at(folder), detail=True)
        return {self._below(path): int(facts["size"] or 0) for path, facts in told.items()}

    def device(self) -> int | None:
        """See ``Place``."""
        return None

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise
        except Exception as error:  # noqa: BLE001 -- see above
            raise OSError(_said(error, self._url)) from None

    def _at(self, path: str) -> str:
        return f"{self._root}/{path}"

    def _below(self, path: str) -> str:
        return path.removeprefix(self._root).lstrip("/")


def _said(error: Exception, url: str) -> str:
    """What an error says, in one line; a library may repeat the URL."""
    said = (getattr(error, "strerror", None) or str(error) or type(error).__name__).splitlines()[0]
    for secret in (found[1] for found in SECRET.finditer(url)):
        said = said.replace(secret, "***")
    return shown(said)


def _settle(folder: Path) -> None:
    """Have the name itself on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
