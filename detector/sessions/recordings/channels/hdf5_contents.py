"""An HDF5 file as nested named values: groups, arrays, compound tables, attributes.

Packed values of the CF conventions (``scale_factor``, ``add_offset``, ``_FillValue``) are unpacked.
"""

from __future__ import annotations

import h5py
import numpy as np

from detector.sessions.recordings.channels.channel import Array
from detector.sessions.recordings.channels.hdf5_frames import frame
from detector.sessions.recordings.channels.hdf5_members import (
    Index,
    Member,
    View,
    address,
    attribute,
    members,
    unread_dataset,
)
from detector.sessions.recordings.channels.told import STARTS, folded, moment
from detector.sessions.recordings.channels.tree import Node, Numbers, Struct, Unread

UNITS = ("unit", "units", "Unit", "Units", "unit_string", "UNITS")
NAMES = ("names", "columns", "column_names", "channels", "channel_names", "labels", "features")
MOST_ATTRIBUTES = 200


def contents(group: h5py.Group, seen: set[int] | None = None) -> Struct:
    """What a group holds.

    Args:
        group: The group, or the file.
        seen: Addresses of what was read before; each is read once.
    """
    seen = {address(group)} if seen is None else seen
    fields: dict[str, Node] = {}
    for name, member in members(group):
        fields[name] = Unread(member) if isinstance(member, str) else _once(member, seen)
    return Struct(fields, told=_told(group), first=_first(group))


def _once(member: h5py.Group | h5py.Dataset, seen: set[int]) -> Node:
    if (where := address(member)) in seen:
        return Unread("the same under another name")
    seen.add(where)
    if isinstance(member, h5py.Dataset):
        return dataset_node(member)
    return frame(member) or contents(member, seen)


def dataset_node(dataset: h5py.Dataset) -> Node:
    """A dataset as an array, as words, or as a struct where it is a table of its own.

    Args:
        dataset: The dataset.
    """
    if why := unread_dataset(dataset):
        return Unread(why)
    if dataset.dtype.names:
        return _compound(dataset)
    if dataset.dtype.kind in "SO":
        return _words(dataset)
    return Numbers(
        _unpacked(dataset),
        unit=_unit(dataset),
        told=_told(dataset),
        first=_first(dataset),
        names=_names(dataset),
    )


def _compound(dataset: h5py.Dataset) -> Struct:
    fields: dict[str, Node] = {name: field_of(dataset, name) for name in dataset.dtype.names}
    return Struct(fields, told=_told(dataset), first=_first(dataset))


def field_of(dataset: h5py.Dataset, name: str) -> Node:
    """One field of a compound dataset.

    Args:
        dataset: The dataset.
        name: Of the field.
    """
    base, inner = dataset.dtype[name].base, dataset.dtype[name].shape
    sides = len(dataset.shape)
    is_text = base.kind == "S" or h5py.check_string_dtype(base) is not None
    if base.names or (base.kind == "O" and not is_text):
        return Unread("values in values")

    def read(index: Index) -> Array:
        rows = np.asarray(dataset.fields(name)[index[:sides]])
        values = rows[(Ellipsis, *index[sides:])] if inner else rows
        return _decoded(values) if is_text else values

    return Numbers(View(dataset.shape + inner, np.dtype("O") if is_text else base, read))


def _words(dataset: h5py.Dataset) -> Node:
    if dataset.dtype.kind != "S" and h5py.check_string_dtype(dataset.dtype) is None:
        return Unread("references or arrays of various lengths")

    def read(index: Index) -> Array:
        return _decoded(np.asarray(dataset[index]))

    return Numbers(View(dataset.shape, np.dtype("O"), read))


def _decoded(values: Array) -> Array:
    flat = [v.decode(errors="replace") if isinstance(v, bytes) else v for v in values.ravel()]
    decoded = np.empty(len(flat), object)
    decoded[:] = flat
    return decoded.reshape(values.shape)


def _unpacked(dataset: h5py.Dataset) -> h5py.Dataset | View:
    factor, offset = (_number(dataset, name) for name in ("scale_factor", "add_offset"))
    missing = _number(dataset, "_FillValue")
    if dataset.dtype.kind not in "iuf" or (factor is None and offset is None and missing is None):
        return dataset

    def read(index: Index) -> Array:
        raw = np.asarray(dataset[index])
        values = raw.astype(np.float64)
        values[raw == missing] = np.nan
        return np.asarray(
            values * (1.0 if factor is None else factor) + (0.0 if offset is None else offset)
        )

    return View(dataset.shape, np.dtype(np.float64), read)


def _number(member: Member, name: str) -> float | None:
    value = attribute(member, name)
    try:
        return float(value) if isinstance(value, str | int | float | np.number) else None
    except ValueError:
        return None


def _unit(dataset: h5py.Dataset) -> str:
    found = (attribute(dataset, name) for name in UNITS)
    return next((value.strip() for value in found if isinstance(value, str)), "")


def _names(dataset: h5py.Dataset) -> tuple[str, ...]:
    """Names of a matrix's columns: an attribute, or a dimension scale of words."""
    for name in NAMES:
        value = attribute(dataset, name)
        if isinstance(value, list) and all(isinstance(word, str) for word in value):
            return tuple(value)
    if len(dataset.shape) == 2:
        return _scale_words(dataset)
    return ()


def _scale_words(dataset: h5py.Dataset) -> tuple[str, ...]:
    for dimension in dataset.dims:
        for scale in dimension.values():
            node = dataset_node(scale)
            if isinstance(node, Numbers) and node.values.dtype.kind == "O" and node.size < 1000:
                return tuple(str(word) for word in node.values[...].ravel())
    return ()


def _told(member: h5py.Group | h5py.Dataset) -> dict[str, float]:
    """Attributes that are numbers; ``rate`` beside values is their sampling rate."""
    names = list(member.attrs)[:MOST_ATTRIBUTES]
    numbers = {name: _number(member, name) for name in names}
    return {
        "rate_hz" if folded(name) == "rate" else name: value
        for name, value in numbers.items()
        if value is not None
    }


def _first(member: h5py.Group | h5py.Dataset) -> float | None:
    names = [name for name in list(member.attrs)[:MOST_ATTRIBUTES] if folded(name) in STARTS]
    return next((first for n in names if (first := moment(attribute(member, n)))), None)
