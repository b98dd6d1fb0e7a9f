"""A frame as a row of the store and back; packed where it holds some seconds."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa

from detector.records import Frame
from detector.store.rows.packing import packed, unpacked

LOOSE, PACKED = 0, 1  # how the arrays of a row are kept
ARRAYS = {
    "ts": "<f8",
    "sample_values": "<f4",
    "reconstruction": "<f4",
    "score": "<f4",
    "mse": "<f4",
    "judged": "u1",
    "contributions": "<f4",
}
_STORED = [
    (name, "values" if name == "sample_values" else name, np.dtype(kind))
    for name, kind in ARRAYS.items()
]
WIDE = ("sample_values", "reconstruction")  # (n, F)


def row_of(frame: Frame, packing: int = LOOSE) -> dict[str, Any]:
    """The columns of a frame; its number only where it has one."""
    row: dict[str, Any] = {} if frame.frame_id is None else {"id": frame.frame_id}
    for name, attribute, kind in _STORED:
        values = getattr(frame, attribute).astype(kind, copy=False)
        row[name] = packed(values) if packing == PACKED else values.tobytes()
    row["device"] = frame.device
    row["start"] = float(frame.ts[0])
    row["end"] = float(frame.ts[-1])
    row["session"] = frame.session
    row["n"] = len(frame.ts)
    row["features"] = list(frame.features)
    row["threshold"] = frame.threshold
    row["arrival"] = frame.arrival
    row["packing"] = packing
    return row


def frame_of(row: sa.Row[Any]) -> Frame:
    """The frame of a row."""
    arrays = {name: array_of(row, name) for name in ARRAYS}
    return Frame(
        device=row.device,
        session=row.session,
        features=tuple(row.features),
        ts=arrays["ts"],
        values=arrays["sample_values"],
        reconstruction=arrays["reconstruction"],
        score=arrays["score"],
        mse=arrays["mse"],
        judged=arrays["judged"].astype(np.bool_),
        threshold=row.threshold,
        contributions=arrays["contributions"],
        arrival=row.arrival,
        frame_id=row.id,
    )


def array_of(row: sa.Row[Any], name: str) -> npt.NDArray[Any]:
    """One array of a row that has it, ``n``, ``features`` and ``packing``."""
    kind = ARRAYS[name]
    width = len(row.features)
    shape = (row.n, width) if name in WIDE else (width,) if name == "contributions" else (row.n,)
    data: bytes = getattr(row, name)
    if row.packing == PACKED:
        return unpacked(data, kind, shape)
    return np.frombuffer(data, kind).reshape(shape)
