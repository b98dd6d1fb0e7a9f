"""Variables of MATLAB 7.3 files: HDF5 in which arrays stand the other way round.

A struct is a group, a cell array a dataset of references, text an array of code units; what is
not MATLAB's own (a plain HDF5 file with this suffix) is read like any other HDF5 file.
"""

from __future__ import annotations

from math import prod

import h5py
import numpy as np

from detector.sessions.recordings.channels.hdf5_contents import contents
from detector.sessions.recordings.channels.hdf5_members import (
    Member,
    address,
    attribute,
    members,
    opened,
    unread_dataset,
)
from detector.sessions.recordings.channels.tree import Items, Node, Numbers, Struct, Text, Unread
from detector.sessions.recordings.contract import Source

MOST_TEXT, MOST_PARTS = 10_000, 1_000
NUMBERS = {
    "double", "single", "logical", "int8", "int16", "int32", "int64",
    "uint8", "uint16", "uint32", "uint64",
}  # fmt: skip


def variables(source: Source) -> Struct:
    """The variables of a file.

    Args:
        source: The file.
    """
    file = opened(source)
    if not any(attribute(member, "MATLAB_class") for _, member in members(file)):
        return contents(file)
    return _struct(file, frozenset())


def _struct(group: h5py.Group, above: frozenset[int]) -> Struct:
    fields = {
        name: _node(member, above) for name, member in members(group) if not name.startswith("#")
    }
    return Struct(fields)


def _node(member: Member, above: frozenset[int]) -> Node:
    if isinstance(member, str):
        return Unread(member)
    kind = str(attribute(member, "MATLAB_class") or "")
    if (where := address(member)) in above:
        return Unread("part of itself")
    if isinstance(member, h5py.Group):
        return _group(member, kind, above | {where})
    return _dataset(member, kind, above | {where})


def _group(group: h5py.Group, kind: str, above: frozenset[int]) -> Node:
    if kind and kind != "struct":
        return Unread(_foreign(kind))
    fields = dict(members(group))
    arrays = [f for f in fields.values() if _holds_references(f)]
    if arrays and len(arrays) == len(fields):
        return _struct_array(group, fields, above)
    return _struct(group, above)


def _holds_references(member: Member) -> bool:
    if not isinstance(member, h5py.Dataset) or attribute(member, "MATLAB_class"):
        return False
    return h5py.check_ref_dtype(member.dtype) is not None


def _struct_array(group: h5py.Group, fields: dict[str, Member], above: frozenset[int]) -> Node:
    columns = {name: _referred(dataset, above) for name, dataset in fields.items()}
    count = min(len(column) for column in columns.values())
    return Items(tuple(Struct({name: c[k] for name, c in columns.items()}) for k in range(count)))


def _referred(dataset: h5py.Dataset, above: frozenset[int]) -> list[Node]:
    if prod(dataset.shape) > MOST_PARTS:
        return [Unread(f"{prod(dataset.shape)} parts, allowed: {MOST_PARTS}")]
    references = np.asarray(dataset[...]).reshape(-1)
    return [_node(dataset.file[r], above) if r else Unread("empty") for r in references]


def _dataset(dataset: h5py.Dataset, kind: str, above: frozenset[int]) -> Node:
    if why := unread_dataset(dataset):
        return Unread(why)
    if attribute(dataset, "MATLAB_empty"):
        return Unread("empty")
    if kind == "char":
        return _text(dataset)
    if kind == "cell":
        return Items(tuple(_referred(dataset, above)))
    if kind and kind not in NUMBERS:
        return Unread(_foreign(kind))
    return Unread("complex numbers") if dataset.dtype.names else Numbers(dataset, reversed=True)


def _foreign(kind: str) -> str:
    if kind == "function_handle":
        return "a function"
    return f"a MATLAB {kind}, allowed: arrays and structs, see table2struct"


def _text(dataset: h5py.Dataset) -> Node:
    if dataset.size > MOST_TEXT or dataset.dtype.kind != "u":
        return Unread("text")
    units = np.atleast_2d(np.asarray(dataset[...])).T  # (rows, length): MATLAB's way round
    return Text(tuple("".join(chr(unit) for unit in row).strip() for row in units.tolist()))
