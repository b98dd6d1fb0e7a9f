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
WIDE = ("sample_values", "reconstruction")  # (n, F)


def row_of(frame: Frame, packing: int = LOOSE) -> dict[str, Any]:
    """The columns of a frame; its number only where it has one."""
    arrays = {
        name: _bytes(_array(frame, name).astype(kind), packing) for name, kind in ARRAYS.items()
    }
    number = {} if frame.frame_id is None else {"id": frame.frame_id}
    return number | arrays | {
        "device": frame.device,
        "start": float(frame.ts[0]),
        "end": float(frame.ts[-1]),
        "session": frame.session,
        "n": len(frame.ts),
        "features": list(frame.features),
        "threshold": frame.threshold,
        "arrival": frame.arrival,
        "packing": packing,
    }  # fmt: skip


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


def _array(frame: Frame, name: str) -> npt.NDArray[Any]:
    found: npt.NDArray[Any] = getattr(frame, "values" if name == "sample_values" else name)
    return found


def _bytes(values: npt.NDArray[Any], packing: int) -> bytes:
    return packed(values) if packing == PACKED else values.tobytes()


def array_of(row: sa.Row[Any], name: str) -> npt.NDArray[Any]:
    """One array of a row that has it, ``n``, ``features`` and ``packing``."""
    kind = ARRAYS[name]
    width = len(row.features)
    shape = (row.n, width) if name in WIDE else (width,) if name == "contributions" else (row.n,)
    data: bytes = getattr(row, name)
    if row.packing == PACKED:
        return unpacked(data, kind, shape)
    return np.frombuffer(data, kind).reshape(shape)
