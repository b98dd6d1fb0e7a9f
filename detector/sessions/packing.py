"""From a path to what is read: a file, packed ones unpacked, archives taken apart.

Nothing is written under a name that an archive gives: what has to lie on disk lies in a temporary
folder, under a number, and is gone when the next one is asked for, or at the end.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import shutil
import zipfile
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import BinaryIO, TypeAlias

from detector.errors import SessionFileError
from detector.sessions.contents import looks
from detector.sessions.contents.bounded import (
    DAMAGED,
    LIMITS,
    Budget,
    Limits,
    Readable,
    damaged,
    unpacking,
)
from detector.sessions.finding import ALLOWED, STDIN, is_hidden, is_recording, opened, suffix_of
from detector.sessions.recordings.contract import Source
from detector.sessions.recordings.kinds import SUFFIXES, kind_of
from detector.text import inert

Sources: TypeAlias = Generator[Source, None, None]
DEEPEST = 2  # layers of packing, as in a.csv.gz of an archive
IS_ENCRYPTED = 0x1  # of a member's flags
Unpacker: TypeAlias = Callable[[BinaryIO], Readable]
UNPACKERS: dict[str, Unpacker] = {
    "gzip": lambda packed: gzip.GzipFile(fileobj=packed),
    "bzip2": bz2.BZ2File,
    "xz": lzma.LZMAFile,
}


@dataclass(frozen=True, slots=True)
class _Layer:
    """A source, how deep in packing it is, and what it may come to; None where it is not packed."""

    source: Source
    depth: int
    budget: Budget | None = None


@contextmanager
def sources(path: Path, limits: Limits = LIMITS) -> Iterator[Iterator[Source]]:
    """What is to be read of a file: itself, or what is packed in it.

    A source can be read until the next is asked for; nothing is left on disk at the end.

    Args:
        path: A file, whatever its name; ``-`` is the standard input.
        limits: What a packed file may unpack to.

    Raises:
        SessionFileError: If it cannot be opened, holds nothing to read, is encrypted, an archive
            in an archive, or comes to more than is allowed; also while sources are read.
    """
    with (
        TemporaryDirectory(prefix="faultline-") as folder,
        closing(_sources(path, Path(folder), limits)) as found,
    ):
        yield found


def _sources(path: Path, folder: Path, limits: Limits) -> Sources:
    source = _at_hand(path, folder)
    names = looks.members(str(source.path)) if _head(source).startswith(looks.ZIP) else []
    if names and looks.of_archive(names) == ".zip":
        yield from _members(source, folder, limits)
    else:
        with closing(_unpacked(_Layer(source, 0), folder, limits)) as found:
            yield from found


def _at_hand(path: Path, folder: Path) -> Source:
    """A file that can be read more than once; what comes through a pipe is kept."""
    if path == STDIN:
        return _kept("standard input", "", _standard_input, folder)
    if path.is_dir():
        raise SessionFileError(f"{path}: is a folder, allowed: a file")
    if path.exists() and not path.is_file():
        return _kept(path.name, suffix_of(path.name), partial(opened, path, path.name), folder)
    opened(path, str(path)).close()  # a refusal names the whole path
    return _of_file(path, path.name, suffix_of(path.name))


def _standard_input() -> BinaryIO:
    return os.fdopen(os.dup(0), "rb")


def _of_file(path: Path, name: str, suffix: str) -> Source:
    contents = partial(opened, path, name)
    with contents() as stream:
        size = stream.seek(0, 2)
    return Source(name, path, suffix, size, contents)


def _kept(name: str, suffix: str, contents: Callable[[], BinaryIO], folder: Path) -> Source:
    """The same bytes in a file of the temporary folder."""
    number = sum(1 for _ in folder.iterdir())
    path = folder / f"{number}{suffix if suffix in SUFFIXES else ''}"
    try:
        with contents() as stream, path.open("wb") as file:
            shutil.copyfileobj(stream, file, 1 << 20)
    except OSError as error:
        raise SessionFileError(
            f"{name}: cannot be unpacked to {folder} ({error.strerror}); allowed: room there, or "
            "another folder in TMPDIR"
        ) from None
    return _of_file(path, name, suffix)


def _head(source: Source) -> bytes:
    with source.open() as stream:
        return stream.read(looks.HEAD)


def _unpacked(layer: _Layer, folder: Path, limits: Limits) -> Sources:
    """One source, unpacked as often as it is packed; a file of its own where its kind needs one."""
    source, head = layer.source, _head(layer.source)
    packing = looks.packing_of(head)
    if packing is not None and not looks.is_text(head):
        yield from _unpacked(_peeled(layer, packing, limits), folder, limits)
    elif layer.budget is None or _is_streamed(source, head):
        yield source
    else:
        kept = _kept(source.name, source.suffix, source.open, folder)
        try:
            kind_of(kept)  # an archive in an archive is refused
            yield kept
        finally:
            kept.path.unlink(missing_ok=True)


def _is_streamed(source: Source, head: bytes) -> bool:
    return not head.startswith(looks.ZIP) and kind_of(source).is_streamed


def _peeled(layer: _Layer, packing: str, limits: Limits) -> _Layer:
    source = layer.source
    if packing not in UNPACKERS:
        raise SessionFileError(
            f"{source.name}: is packed with {packing}, allowed: {', '.join(UNPACKERS)}, zip"
        )
    if layer.depth == DEEPEST:
        raise SessionFileError(f"{source.name}: is packed more than {DEEPEST} times, allowed: less")
    budget = layer.budget or Budget(source.name, source.size or 0, limits)
    contents = partial(_peel, source, UNPACKERS[packing], budget, layer.depth + 1)
    return _Layer(replace(source, size=None, open=contents), layer.depth + 1, budget)


def _peel(source: Source, unpacker: Unpacker, budget: Budget, depth: int) -> BinaryIO:
    packed = source.open()
    return unpacking(unpacker(packed), source.name, budget, (source.name, depth), packed)


def _members(source: Source, folder: Path, limits: Limits) -> Iterator[Source]:
    """What an archive holds, in the order of its names."""
    budget = Budget(source.name, source.size or 0, limits)
    try:
        with zipfile.ZipFile(source.path) as archive:
            for member in _chosen(archive, source.name, budget, limits):
                layer = _Layer(_of_member(archive, member, source, budget), 1, budget)
                yield from _unpacked(layer, folder, limits)
    except zipfile.BadZipFile as error:
        raise damaged(source.name, error) from None


def _chosen(
    archive: zipfile.ZipFile, name: str, budget: Budget, limits: Limits
) -> list[zipfile.ZipInfo]:
    """Its recordings as in a folder; a single file whatever it is called."""
    files = [one for one in archive.infolist() if not one.is_dir() and not is_hidden(_path(one))]
    if len(files) > limits.members:
        found = f"{len(files):,} files"
        raise SessionFileError(f"{name}: holds {found}, allowed: {limits.members:,}")
    contents = partial(_member, archive, name, budget)
    chosen = [one for one in files if is_recording(_path(one), partial(contents, one))]
    if not chosen and len(files) != 1:
        raise SessionFileError(
            f"{name}: no recording among its {len(files)} files, allowed: {ALLOWED}"
        )
    return sorted(chosen or files, key=lambda one: one.filename)


def _path(member: zipfile.ZipInfo) -> PurePosixPath:
    return PurePosixPath(member.filename.replace("\\", "/"))


def _of_member(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, source: Source, budget: Budget
) -> Source:
    contents = partial(_member, archive, source.name, budget, member)
    name = f"{source.name}/{inert(member.filename)}"
    return Source(name, source.path, suffix_of(member.filename), None, contents)


def _member(
    archive: zipfile.ZipFile, name: str, budget: Budget, member: zipfile.ZipInfo
) -> BinaryIO:
    full = f"{name}/{inert(member.filename)}"
    if member.flag_bits & IS_ENCRYPTED:
        raise SessionFileError(f"{full}: is encrypted, allowed: an archive without a password")
    try:
        inner = archive.open(member)
    except DAMAGED as error:
        raise damaged(full, error) from None
    return unpacking(inner, full, budget, member.header_offset)
