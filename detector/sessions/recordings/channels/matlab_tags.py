"""Tags of a MATLAB file of version 5 to 7, looked at before SciPy reads what they announce.

SciPy takes the type of a value as an index without looking whether there is such a type, and a
broken file ends the process instead of being refused. So types, sizes and depth are checked here;
numbers are passed over, packed variables are unpacked one at a time.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from io import BytesIO
from math import prod
from typing import BinaryIO

HEADER = 128
MATRIX, PACKED = 14, 15
NUMBERS = {1, 2, 3, 4, 5, 6, 7, 9, 12, 13}
TEXT = {16, 17, 18}
NESTED = {1, 2, 3}  # cells, structs, objects
CHARS, FIRST_NUMERIC, LAST_NUMERIC, SPARSE = 4, 6, 15, 5
SHARE = 1_032  # zlib packs a byte in no less than this share of one
DEEPEST = 50
COMPLEX = 0x800


@dataclass(frozen=True, slots=True)
class _Tag:
    """What stands before a value.

    Attributes:
        kind: Type of the value.
        start: Where the value begins, bytes.
        end: Where it ends.
        following: Where the next tag begins.
    """

    kind: int
    start: int
    end: int
    following: int


def check_tags(file: BinaryIO) -> None:
    """Look at every tag of a file.

    Args:
        file: The bytes of a file of version 5 to 7; left at no particular place.

    Raises:
        ValueError: If a value has no known type, is larger than what is left, or lies too deep.
    """
    file.seek(HEADER - 2)
    order = "<" if file.read(2) == b"IM" else ">"
    size = file.seek(0, 2)
    place = HEADER
    while place + 8 <= size:
        tag = _tag(file, place, order, size)
        if tag.kind == PACKED:
            _check_packed(file, tag, order)
        elif tag.kind == MATRIX:
            _check_matrix(file, tag, order, 0)
        else:
            raise ValueError(f"type {tag.kind} at byte {place}, allowed: a variable")
        place = tag.end


def _tag(file: BinaryIO, place: int, order: str, end: int) -> _Tag:
    file.seek(place)
    head = file.read(8)
    if len(head) < 8:
        raise ValueError(f"the file ends at byte {place}")
    kind, count = struct.unpack(f"{order}II", head)
    small = kind >> 16  # such a value stands in the tag itself
    if small:
        tag = _Tag(kind & 0xFFFF, place + 4, place + 4 + small, place + 8)
    else:
        tag = _Tag(kind, place + 8, place + 8 + count, place + 8 + count + -count % 8)
    if tag.end > end or small > 4:
        raise ValueError(f"{tag.end - tag.start} bytes told at byte {place}, {end - place} left")
    return tag


def _check_packed(file: BinaryIO, tag: _Tag, order: str) -> None:
    file.seek(tag.start)
    packed = file.read(tag.end - tag.start)
    told = struct.unpack(f"{order}II", zlib.decompressobj().decompress(packed, 8))[1]
    if told > len(packed) * SHARE:
        raise ValueError(f"{told} bytes told at byte {tag.start}, {len(packed)} packed ones there")
    body = zlib.decompressobj().decompress(packed, told + 8)
    inner = _tag(BytesIO(body), 0, order, len(body))
    if inner.kind == MATRIX:
        _check_matrix(BytesIO(body), inner, order, 0)


def _check_matrix(file: BinaryIO, matrix: _Tag, order: str, depth: int) -> None:
    if depth > DEEPEST:
        raise ValueError(f"structs more than {DEEPEST} deep")
    if matrix.start == matrix.end:  # an empty part of a cell array
        return
    flags = _tag(file, matrix.start, order, matrix.end)
    file.seek(flags.start)
    told = struct.unpack(f"{order}I", file.read(4))[0]
    kind = told & 0xFF
    place, part = flags.following, 0
    items = _items(file, _tag(file, place, order, matrix.end), order)
    while place + 8 <= matrix.end:
        tag = _tag(file, place, order, matrix.end)
        allowed = _allowed(kind) if part > 1 else NUMBERS | TEXT  # sizes and name come first
        if tag.kind not in allowed:
            raise ValueError(f"type {tag.kind} at byte {place} in an array of class {kind}")
        if tag.kind == MATRIX:
            _check_matrix(file, tag, order, depth + 1)
        place, part = tag.following, part + 1
    if part < _fewest_parts(kind, bool(told & COMPLEX), items):
        raise ValueError(f"{part} parts at byte {matrix.start} in an array of class {kind}")


def _items(file: BinaryIO, sizes: _Tag, order: str) -> int:
    """How many things the array has by its sizes."""
    file.seek(sizes.start)
    count = (sizes.end - sizes.start) // 4
    return prod(struct.unpack(f"{order}{count}I", file.read(4 * count)))


def _fewest_parts(kind: int, is_complex: bool, items: int) -> int:
    """Sizes and name, then what the class has; without it the next array would be taken."""
    if kind in NESTED:
        return 2 + items
    numbers = 1 + is_complex
    if kind == SPARSE:
        return 4 + numbers
    return 2 + numbers if kind == CHARS or FIRST_NUMERIC <= kind <= LAST_NUMERIC else 2


def _allowed(kind: int) -> set[int]:
    """Types of the parts of an array of some class."""
    if kind == SPARSE or FIRST_NUMERIC <= kind <= LAST_NUMERIC:
        return NUMBERS
    return NUMBERS | TEXT if kind == CHARS else NUMBERS | TEXT | {MATRIX}
