"""Which files of a folder are recordings: by name, by content where the name may be anything."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path, PurePath, PurePosixPath
from typing import BinaryIO

from detector.errors import SessionFileError
from detector.sessions.contents import looks
from detector.sessions.recordings.documents.shapes import holds_numbers
from detector.sessions.recordings.kinds import SUFFIXES
from detector.text import listed

STDIN = Path("-")
ARCHIVE = ".zip"
PACKED = (".gz", ".bz2", ".xz", ".zst")
ALLOWED = f"*{', *'.join(SUFFIXES)}, packed too ({', '.join(PACKED)}, {ARCHIVE})"
SYSTEM = ("__MACOSX", "~$")  # what archives of macOS hold, and what an open spreadsheet leaves
TRUTH = "truth.json"  # which faults a recording has: a.truth.json beside a.csv
DOCUMENTS = frozenset({"readme", "license", "licence", "changelog", "requirements", "notice"})
LOOSE = (".txt", ".dat", ".asc")  # of notes and lists as well
HEAD = 1 << 16
DOCUMENT_BYTES = 1 << 20  # what describes a recording is shorter


def find_files(paths: Sequence[Path]) -> list[Path]:
    """Recordings under ``paths``, sorted; a folder is searched to the bottom.

    A file that is named is taken whatever it is called; ``-`` is the standard input. In a folder
    files are left out that are hidden, of no known suffix, documents about recordings
    (``README.txt``, ``a.truth.json``), or text or JSON without rows of numbers.

    Raises:
        SessionFileError: If a path does not exist, cannot be opened or holds no recording.
    """
    return [file for path in paths for file in _found(path)]


def _found(path: Path) -> list[Path]:
    try:
        inside = sorted(_inside(path)) if path.is_dir() else [path]
        is_there = bool(inside) and (path == STDIN or path.exists())
    except OSError as error:
        raise SessionFileError(f"{path}: cannot be opened ({error.strerror})") from None
    if not is_there:
        raise SessionFileError(f"{path}: no session file found{_beside(path)}, allowed: {ALLOWED}")
    return inside


def _inside(folder: Path) -> Iterator[Path]:
    for file in _files(folder):
        if is_recording(file.relative_to(folder), partial(opened, file, str(file))):
            yield file


def _files(folder: Path) -> Iterator[Path]:
    def refuse(error: OSError) -> None:
        raise SessionFileError(f"{error.filename}: cannot be searched ({error.strerror})") from None

    for top, _, names in os.walk(folder, onerror=refuse):
        yield from (file for name in names if (file := Path(top, name)).is_file())


def _beside(path: Path) -> str:
    names = sorted(file.name for file in _files(path)) if path.is_dir() else []
    return f", found {listed(names, 3)}" if names else ""


def opened(path: Path, name: str) -> BinaryIO:
    """A file's bytes.

    Raises:
        SessionFileError: If it cannot be opened.
    """
    try:
        return path.open("rb")
    except OSError as error:
        raise SessionFileError(f"{name}: cannot be opened ({error.strerror})") from None


def suffix_of(name: str) -> str:
    """Of the unpacked file, in lower case: ``.csv`` of ``A.CSV.gz``."""
    path = PurePosixPath(name.lower())
    return path.with_suffix("").suffix if path.suffix in PACKED else path.suffix


def is_recording(name: PurePath, contents: Callable[[], BinaryIO]) -> bool:
    """Whether a file of a folder or an archive is to be read.

    Args:
        name: Below the folder.
        contents: Its bytes, which are looked at only where the name says too little.
    """
    suffix = suffix_of(name.name)
    is_archive = name.suffix.lower() == ARCHIVE
    if is_hidden(name) or is_document(name) or not (is_archive or suffix in SUFFIXES):
        return False
    if name.suffix.lower() not in (*LOOSE, ".json"):
        return True
    with contents() as stream:
        return _reads(stream, suffix)


def is_hidden(name: PurePath) -> bool:
    """Whether a file or a folder that it is in is meant not to be seen."""
    return any(part.startswith((".", *SYSTEM)) and part not in (".", "..") for part in name.parts)


def is_document(name: PurePath) -> bool:
    """Whether it tells of recordings and is none."""
    first = name.name.lower().partition(".")[0]
    return name.name.lower().endswith(TRUTH) or first in DOCUMENTS


def _reads(stream: BinaryIO, suffix: str) -> bool:
    """Whether it holds rows of numbers, or begins like no text; what is long describes nothing."""
    head = stream.read(HEAD)
    if suffix != ".json":
        return looks.has_rows_of_numbers(head) or not looks.is_text(head[: looks.HEAD])
    rest = stream.read(DOCUMENT_BYTES - len(head)) if len(head) == HEAD else b""
    return bool(stream.read(1)) or holds_numbers(head + rest)
