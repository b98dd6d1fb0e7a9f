"""What stands in an HDF5 file: members of groups, attributes, and what cannot be read of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import prod
from types import EllipsisType
from typing import Any, TypeAlias

import h5py
import numpy as np

from detector.sessions.recordings.channels.channel import Array
from detector.sessions.recordings.contract import Source

Member: TypeAlias = h5py.Group | h5py.Dataset | str  # a text says why it is not read
Index: TypeAlias = tuple[Any, ...]
CACHE_BYTES = 32 << 20
MOST_MEMBERS = 10_000
MOST_ATTRIBUTE = 1_000  # numbers or words in an attribute
PACKED, LEAST = 10_000, 1 << 20  # no packing makes less of a number of bytes than this share


@dataclass(frozen=True, slots=True)
class View:
    """Part of a dataset, or its values as something else, read by slices like itself.

    Attributes:
        shape: Of what is read.
        dtype: Of what is read.
        read: The values at an index of slices and numbers, one for each side.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    read: Callable[[Index], Array]

    def __getitem__(self, index: Index | EllipsisType) -> Array:
        whole = tuple(slice(None) for _ in self.shape)
        return self.read(whole if isinstance(index, EllipsisType) else index)


def opened(source: Source) -> h5py.File:
    """The file; it is closed with the last that refers to it.

    Args:
        source: The file.
    """
    return h5py.File(source.path, "r", rdcc_nbytes=CACHE_BYTES, locking=False)


def members(group: h5py.Group) -> Iterator[tuple[str, Member]]:
    """Members of a group by name; a link to somewhere else is not followed.

    Args:
        group: The group.
    """
    for k, name in enumerate(group):
        if k == MOST_MEMBERS:
            yield "…", f"{len(group) - k} more members, allowed: {MOST_MEMBERS}"
            return
        yield name, _member(group, name)


def _member(group: h5py.Group, name: str) -> Member:
    link = group.get(name, getlink=True)
    if not isinstance(link, h5py.HardLink):
        where = link.filename if isinstance(link, h5py.ExternalLink) else link.path
        return f"a link to {where}, not followed"
    member = group[name]
    return member if isinstance(member, h5py.Group | h5py.Dataset) else "a type"


def address(member: h5py.Group | h5py.Dataset) -> int:
    """Where the member stands in its file, whatever name led to it."""
    return int(h5py.h5o.get_info(member.id).addr)


def attribute(member: Member, name: str) -> object:
    """An attribute as text, a number or an array of these; None: there is none that is short.

    Args:
        member: Whose.
        name: Of the attribute.
    """
    if isinstance(member, str) or name not in member.attrs:
        return None
    kept = member.attrs.get_id(name)
    if kept.dtype.kind not in "iufSO" or kept.shape is None or prod(kept.shape) > MOST_ATTRIBUTE:
        return None
    value = member.attrs[name]
    return text(value) if isinstance(value, bytes | str | np.ndarray) else value


def text(value: object) -> object:
    """Text of bytes, and an array's one value without the array."""
    if isinstance(value, np.ndarray):
        return text(value.reshape(-1)[0]) if value.size == 1 else [text(v) for v in value.ravel()]
    return value.decode(errors="replace") if isinstance(value, bytes) else value


def unread_dataset(dataset: h5py.Dataset) -> str:
    """Why a dataset is not read; empty where it can be.

    Args:
        dataset: The dataset; none of its values is read.
    """
    if dataset.shape is None:
        return "empty"
    if dataset.is_virtual or dataset.external:
        return "its values are in another file"
    missing = [code for code in _filters(dataset) if not h5py.h5z.filter_avail(code)]
    if missing:
        return f"packed with filter {missing[0]}, which is not installed"
    claimed, stored = dataset.nbytes, dataset.id.get_storage_size()
    if dataset.size and not stored:
        return "nothing was written"
    if max(claimed, _chunk_bytes(dataset)) > stored * (PACKED if _filters(dataset) else 4) + LEAST:
        return f"{' x '.join(map(str, dataset.shape))} values, but {stored} bytes are stored"
    return ""


def _filters(dataset: h5py.Dataset) -> list[int]:
    made = dataset.id.get_create_plist()
    return [made.get_filter(k)[0] for k in range(made.get_nfilters())]


def _chunk_bytes(dataset: h5py.Dataset) -> int:
    return prod(dataset.chunks) * dataset.dtype.itemsize if dataset.chunks else 0
