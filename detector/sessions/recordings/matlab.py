"""MATLAB files: versions 4 to 7 through SciPy; 7.3, which is HDF5, in ``matlab_hdf5``.

A variable is a channel, a matrix one a column, a struct what stands side by side.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from scipy import sparse
from scipy.io import loadmat, whosmat
from scipy.io.matlab import MatlabFunction, MatlabObject, MatlabOpaque, matfile_version

from detector.errors import SessionFileError
from detector.sessions.recordings.channels.channel import Array, Channel, Scope
from detector.sessions.recordings.channels.grouping import tables_of
from detector.sessions.recordings.channels.matlab_tags import check_tags
from detector.sessions.recordings.channels.refusals import guarded
from detector.sessions.recordings.channels.told import from_datenum, is_time
from detector.sessions.recordings.channels.tree import Items, Node, Numbers, Struct, Text, Unread
from detector.sessions.recordings.channels.walking import scopes_of
from detector.sessions.recordings.contract import Hints, Source, Table

HDF5 = b"\x89HDF\r\n\x1a\n"
PACKED = 1_032  # zlib packs a byte in no less than a 1032nd of one
OBJECT = "a MATLAB table or object, allowed: arrays and structs, see table2struct"
UNREAD = {"opaque": OBJECT, "object": OBJECT, "function": "a function", "sparse": "sparse"}
NUMBER_BYTES = {"double": 8, "single": 4, "int64": 8, "uint64": 8, "int32": 4, "uint32": 4,
                "int16": 2, "uint16": 2}  # fmt: skip


def read(source: Source, hints: Hints) -> Iterator[Table]:
    """The tables of a MATLAB file, whatever its version.

    Args:
        source: The file.
        hints: Rate and rows.

    Raises:
        SessionFileError: If it is broken or holds no numbers that could be samples.
    """
    return guarded(_read(source, hints), source, "MATLAB")


def _read(source: Source, hints: Hints) -> Iterator[Table]:
    if _is_hdf5(source):
        from detector.sessions.recordings.channels.matlab_hdf5 import variables  # noqa: PLC0415

        scopes = scopes_of(variables(source))
    else:
        scopes = scopes_of(_variables(source))
    yield from tables_of((_with_datenums(scope) for scope in scopes), source.name, hints)


def _is_hdf5(source: Source) -> bool:
    with source.open() as file:
        head = file.read(512 + len(HDF5))
    return head.startswith(HDF5) or head[512:] == HDF5


def _with_datenums(scope: Scope) -> Scope:
    scope.channels = [_as_time(channel) for channel in scope.channels]
    return scope


def _as_time(channel: Channel) -> Channel:
    if channel.times is not None:
        return replace(channel, times=from_datenum(channel.times))
    named = is_time(channel.name) or "datenum" in channel.name.lower()
    return from_datenum(channel) if named else channel


def _variables(source: Source) -> Struct:
    with source.open() as file:
        if matfile_version(file)[0] == 1:
            check_tags(file)
            file.seek(0)
        listed = whosmat(file)
        unread = {name: UNREAD[kind] for name, _, kind in listed if kind in UNREAD}
        names = [n for n, _, _ in listed if n not in unread and not n.startswith("__")]
        _check_sizes(source, listed)
        file.seek(0)
        with warnings.catch_warnings(record=True):
            loaded = loadmat(file, variable_names=names) if names else {}
    return Struct({name: _node(loaded[name]) for name in names if name in loaded}, unread=unread)


def _check_sizes(source: Source, listed: list[tuple[str, tuple[int, ...], str]]) -> None:
    """Refuse arrays that cannot be in a file of this length, before room is made for them."""
    for name, shape, kind in listed:
        told = float(np.prod([float(n) for n in shape])) * (kind in NUMBER_BYTES)
        if source.size is not None and told > float(source.size) * PACKED:
            raise SessionFileError(
                f"{source.name}: {name} has {' x '.join(map(str, shape))} numbers, more than its "
                f"{source.size} bytes can hold; allowed: a whole MATLAB file"
            )


def _node(value: object) -> Node:
    if isinstance(value, MatlabOpaque | MatlabObject | MatlabFunction):
        return Unread(OBJECT)
    if sparse.issparse(value):
        return Unread("sparse")
    array = np.asarray(value)
    if array.dtype.names:
        return _struct(array)
    if array.dtype.kind == "O":
        return Items(tuple(_node(item) for item in array.ravel(order="F")))
    return Text(_rows(array)) if array.dtype.kind in "US" else Numbers(array)


def _rows(array: Array) -> tuple[str, ...]:
    return tuple(str(word).strip() for word in array.ravel())


def _struct(array: Array) -> Node:
    structs = [
        Struct({name: _node(item[name]) for name in array.dtype.names or ()})
        for item in array.ravel(order="F")
    ]
    return structs[0] if len(structs) == 1 else Items(tuple(structs))
