"""Frames and series that pandas wrote to HDF5, as far as they can be read without unpickling.

The names of columns are pickled in one of the two layouts; the words are taken out of the pickle
without running it. Columns of Python objects are left out.
"""

from __future__ import annotations

import pickletools
from typing import Any

import h5py
import numpy as np

from detector.sessions.recordings.channels.channel import Array
from detector.sessions.recordings.channels.hdf5_members import (
    Index,
    Member,
    View,
    attribute,
    members,
    unread_dataset,
)
from detector.sessions.recordings.channels.tree import Node, Numbers, Struct, Unread

PICKLED = ("UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "STRING", "BINSTRING", "SHORT_BINSTRING")
OBJECTS = "Python objects, not unpickled"


def frame(group: h5py.Group) -> Struct | None:
    """The columns of a frame or series; None where the group is none.

    Args:
        group: Any group.
    """
    kind = attribute(group, "pandas_type")
    if kind in ("frame_table", "series_table"):
        return _table(dict(members(group)).get("table"))
    if kind == "frame":
        return _fixed(dict(members(group)))
    if kind == "series":
        return _series(group, dict(members(group)))
    return None


def _fixed(parts: dict[str, Member]) -> Struct:
    fields = _index(parts.get("axis1"))
    for k in range(len(parts)):
        names = _items(parts.get(f"block{k}_items"))
        values = parts.get(f"block{k}_values")
        for j, name in enumerate(names):
            fields[name] = _block_column(values, j, len(names))
    return Struct(fields)


def _block_column(values: Member | None, k: int, width: int) -> Node:
    if not isinstance(values, h5py.Dataset) or h5py.check_vlen_dtype(values.dtype):
        return Unread(OBJECTS)
    if why := unread_dataset(values):
        return Unread(why)
    if len(values.shape) != 2 or values.shape[1] != width:
        return Unread("a block of another width than its names")
    dtype = _dtype(values, "value_type")

    def read(index: Index) -> Array:
        return np.asarray(values[index[0], k]).astype(dtype)

    return Numbers(View(values.shape[:1], dtype, read))


def _series(group: h5py.Group, parts: dict[str, Member]) -> Struct:
    values, name = parts.get("values"), attribute(group, "name")
    fields = _index(parts.get("index"))
    whole = isinstance(values, h5py.Dataset) and not h5py.check_vlen_dtype(values.dtype)
    label = name if isinstance(name, str) and name != "N." else "values"
    fields[label] = Numbers(values) if whole else Unread(OBJECTS)
    return Struct(fields)


def _index(member: Member | None) -> dict[str, Node]:
    """The index, where it is one of times; row numbers tell nothing."""
    if not isinstance(member, h5py.Dataset) or unread_dataset(member):
        return {}
    return {"time": _times(member, _dtype(member, "kind"))} if _is_time(member, "kind") else {}


def _times(values: h5py.Dataset | View, dtype: np.dtype[Any]) -> Numbers:
    def read(index: Index) -> Array:
        return np.asarray(values[index]).astype(dtype)

    return Numbers(View(values.shape, dtype, read))


def _is_time(dataset: h5py.Dataset, name: str) -> bool:
    return str(attribute(dataset, name)).startswith("datetime64")


def _dtype(dataset: h5py.Dataset, name: str) -> np.dtype[Any]:
    """The type that was stored as integers: times, in ns where the unit is not told."""
    kind = str(attribute(dataset, name))
    if not kind.startswith("datetime64"):
        stored: np.dtype[Any] = dataset.dtype
        return stored
    return np.dtype(kind.partition(",")[0].rstrip("]") + "]" if "[" in kind else "M8[ns]")


def _items(member: Member | None) -> list[str]:
    if not isinstance(member, h5py.Dataset) or unread_dataset(member):
        return []
    if member.dtype.kind not in "SiuO":
        return []
    words = np.asarray(member[...]).ravel()
    return [w.decode(errors="replace") if isinstance(w, bytes) else str(w) for w in words]


def _table(table: Member | None) -> Struct:
    if not isinstance(table, h5py.Dataset) or unread_dataset(table) or not table.dtype.names:
        return Struct({}, unread={"table": "no table in it"})
    fields: dict[str, Node] = {}
    for name in table.dtype.names:
        if name == "index":
            fields |= _table_index(table)
        else:
            fields |= _table_columns(table, name)
    return Struct(fields)


def _table_index(table: h5py.Dataset) -> dict[str, Node]:
    if not _is_time(table, "index_kind"):
        return {}
    dtype = _dtype(table, "index_kind")
    values = View(table.shape, dtype, lambda rows: np.asarray(table.fields("index")[rows]))
    return {"time": _times(values, dtype)}


def _table_columns(table: h5py.Dataset, name: str) -> dict[str, Node]:
    from detector.sessions.recordings.channels.hdf5_contents import field_of  # noqa: PLC0415

    node, words = field_of(table, name), _pickled_words(table, f"{name}_kind")
    inner = table.dtype[name].shape
    if not isinstance(node, Numbers) or len(inner) != 1:
        return {words[0] if len(words) == 1 else name: node}
    names = words if len(words) == inner[0] else [f"{name}.{k}" for k in range(inner[0])]
    return {label: Numbers(_one_of(node.values, k)) for k, label in enumerate(names)}


def _one_of(values: View, k: int) -> View:
    return View(values.shape[:1], values.dtype, lambda index: values.read((index[0], k)))


def _pickled_words(table: h5py.Dataset, name: str) -> list[str]:
    kept = attribute(table, name)
    if not isinstance(kept, str):
        return []
    try:
        steps = list(pickletools.genops(kept.encode("latin-1")))
    except (ValueError, UnicodeError):
        return []
    return [str(word) for step, word, _ in steps if step.name in PICKLED]
