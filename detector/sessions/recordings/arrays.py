"""NumPy: NPZ, whose arrays of one length are columns, and NPY, which is read in pieces."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterator
from pathlib import PurePath
from tokenize import TokenError
from typing import Any, BinaryIO

import numpy as np
import pandas as pd

from detector.errors import SessionFileError
from detector.sessions.contents import looks
from detector.sessions.contents.bounded import DAMAGED, Budget, damaged, unpacking
from detector.sessions.recordings.contract import Hints, Source, Table
from detector.sessions.recordings.documents.columnar import Columns, columnar

ROWS = 100_000  # of a chunk
NPY = ".npy"
HEADS = ("columns", "names", "header", "features", "channels")
OBJECTS = "Python objects, which could run code"
BROKEN = (ValueError, OSError, EOFError, MemoryError, SyntaxError, TypeError, KeyError,
          OverflowError, RecursionError, TokenError, *DAMAGED)  # fmt: skip


def read(source: Source, hints: Hints) -> Iterator[Table]:
    """The arrays of a NumPy file as one table; see ``Reader``."""
    left_out: dict[str, str] = {}
    with source.open() as stream:
        is_archive = stream.read(4).startswith(looks.ZIP)
    try:
        arrays = _of_archive(source, left_out) if is_archive else _of_file(source, left_out)
    except BROKEN as error:
        reason = " ".join(str(error).split())[:160] or type(error).__name__
        raise SessionFileError(
            f"{source.name}: no whole NumPy file ({reason}), allowed: NPY, NPZ"
        ) from None
    found = columnar(_renamed(_fields(arrays, left_out), hints, source.name))
    found.left_out |= left_out
    if not found.cells:
        why = "; ".join(f"{name or 'it'} holds {words}" for name, words in found.left_out.items())
        raise SessionFileError(
            f"{source.name}: no columns ({why or 'no arrays'}), allowed: numbers"
        )
    yield _table(found, hints, "NPZ" if is_archive else "NPY")


def _of_file(source: Source, left_out: dict[str, str]) -> dict[str, np.ndarray]:
    stem = PurePath(source.name).name.partition(".")[0]
    with source.open() as stream:
        shape, dtype = _header(stream)
        held = (source.size or 0) - stream.tell()
    if dtype.hasobject:
        left_out[stem] = OBJECTS
        return {}
    size = math.prod(shape) * dtype.itemsize
    if size != held:  # more: several arrays, one behind the other
        raise ValueError(f"{held:,} bytes where one array has {size:,}")
    return {stem: np.load(source.path, mmap_mode="r" if size else None, allow_pickle=False)}


def _header(stream: BinaryIO) -> tuple[tuple[int, ...], np.dtype[Any]]:
    version = np.lib.format.read_magic(stream)
    is_first = version == (1, 0)
    formats = np.lib.format
    told = formats.read_array_header_1_0 if is_first else formats.read_array_header_2_0
    shape, _, dtype = told(stream)
    return shape, dtype


def _of_archive(source: Source, left_out: dict[str, str]) -> dict[str, np.ndarray]:
    budget = Budget(source.name, source.size or 0)
    arrays: dict[str, np.ndarray] = {}
    with zipfile.ZipFile(source.path) as archive:
        for member in archive.infolist():
            name = member.filename.removesuffix(NPY)
            try:
                array = _of_member(archive, member, budget)
            except DAMAGED as error:
                raise damaged(f"{source.name}/{member.filename}", error) from None
            if array is None:
                left_out[name] = OBJECTS
            else:
                arrays[name] = array
    return arrays


def _of_member(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, budget: Budget
) -> np.ndarray | None:
    """None: it holds objects. What it says of its size is held against what it may be."""
    with archive.open(member) as packed:
        shape, dtype = _header(packed)  # type: ignore[arg-type]
    if dtype.hasobject:
        return None
    size = math.prod(shape) * dtype.itemsize
    if size > member.file_size:
        raise EOFError
    budget.reach(member.header_offset, size)
    with archive.open(member) as packed:
        stream = unpacking(packed, member.filename, budget, member.header_offset)
        return np.asarray(np.lib.format.read_array(stream, allow_pickle=False))


def _fields(arrays: dict[str, np.ndarray], left_out: dict[str, str]) -> dict[str, np.ndarray]:
    """Arrays of one type each: the fields of records apart, and only what can be a column."""
    found: dict[str, np.ndarray] = {}
    for name, array in arrays.items():
        prefix = f"{name}." if len(arrays) > 1 else ""
        fields = array.dtype.names
        parts = {f"{prefix}{one}": array[one] for one in fields} if fields else {name: array}
        for part, values in parts.items():
            if values.dtype.kind in "biufMmUS":
                found[part] = values
            else:
                left_out[part] = f"cells of type {values.dtype}"
    return found


def _renamed(arrays: dict[str, np.ndarray], hints: Hints, name: str) -> dict[str, np.ndarray]:
    """The columns of a single array under the names that are told, beside it or by the caller."""
    wide = [one for one, array in arrays.items() if array.ndim == 2]
    heads = [one for one in HEADS if one in arrays and arrays[one].dtype.kind in "US"]
    names = hints.columns
    if names is None and len(wide) == 1 and heads:
        names = tuple(map(str, _plain(arrays.pop(heads[0]))))
    if names is None or len(wide) != 1:
        return arrays
    array = arrays[wide[0]]
    if array.shape[1] != len(names):
        array = array.T
    if array.shape[1] != len(names) or len(set(names)) < len(names):
        raise SessionFileError(
            f"{name}: {wide[0]} has the shape {arrays[wide[0]].shape}, allowed: one name for each "
            f"of its columns, found {', '.join(names)}"
        )
    rest = {one: other for one, other in arrays.items() if one != wide[0]}
    return {**rest, **dict(zip(names, array.T, strict=True))}


def _table(found: Columns, hints: Hints, form: str) -> Table:
    return Table(
        _chunks(found, hints.limit_rows),
        format=form,
        units={name: "s" for name, cells in found.cells.items() if cells.dtype.kind == "m"},
        rate_hz=found.rate_hz,
        first=found.first,
        left_out=found.left_out,
    )


def _chunks(found: Columns, limit_rows: int | None) -> Iterator[pd.DataFrame]:
    n = len(found) if limit_rows is None else min(len(found), limit_rows)
    for start in range(0, n, ROWS):
        part = slice(start, min(start + ROWS, n))
        yield pd.DataFrame({name: _plain(cells[part]) for name, cells in found.cells.items()})


def _plain(cells: np.ndarray) -> Any:  # noqa: ANN401 -- an array of any type
    """In the machine's own order of bytes; text as text, spans of time in seconds."""
    if cells.dtype.kind == "m":
        seconds = cells / np.timedelta64(1, "s")
        return np.asarray(seconds, np.float64)
    if cells.dtype.kind in "US":
        text = np.char.decode(cells, "utf-8", "replace") if cells.dtype.kind == "S" else cells
        return pd.array(text.tolist(), dtype="str")
    if cells.dtype.kind == "b":
        return cells.astype(np.int8)
    wide = np.float64 if cells.dtype.itemsize > 8 else cells.dtype.newbyteorder("=")
    return np.array(cells, dtype=wide)
