"""Buckets as bytes: each column with its bytes sorted by significance, which compresses well."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np

from detector.store.history.buckets import BY_FEATURE, Buckets
from detector.store.rows.packing import LEVEL, of_sorted_bytes, sorted_bytes

# How each column is kept; times as the number of the bucket in its block.
KEPT = {
    "ts": "<u2", "samples": "<u4", "low": "<f4", "high": "<f4", "total": "<f8", "counts": "<u4",
    "score": "<f4", "anomalies": "<u4", "judged": "<u4", "threshold": "<f8",
}  # fmt: skip
READ = {"<f4": np.float32, "<f8": np.float64, "<u4": np.int64, "<u2": np.float64}


def packed(buckets: Buckets, start: float, width_s: int) -> bytes:
    """One block of buckets.

    Args:
        buckets: All within the block.
        start: Where the block begins.
        width_s: Of a bucket.
    """
    numbers = (buckets.ts - start) / width_s
    columns = {name: getattr(buckets, name) for name in KEPT} | {"ts": numbers}
    return zlib.compress(
        b"".join(sorted_bytes(columns[name].astype(kind)) for name, kind in KEPT.items()), LEVEL
    )


def unpacked(
    data: bytes, features: tuple[str, ...], n: int, start: float, width_s: int, arrival: float
) -> Buckets:
    """The buckets of a block.

    Args:
        data: From ``packed``.
        features: Names of their columns.
        n: How many.
        start: Where the block begins.
        width_s: Of a bucket.
        arrival: Of the newest sample of the block.
    """
    raw, at, columns = zlib.decompress(data), 0, dict[str, Any]()
    for name, kind in KEPT.items():
        shape = (n, len(features)) if name in BY_FEATURE else (n,)
        size = int(np.prod(shape)) * np.dtype(kind).itemsize
        columns[name] = of_sorted_bytes(raw[at : at + size], kind, shape).astype(READ[kind])
        at += size
    columns |= {"ts": columns["ts"] * width_s + start, "arrival": np.full(n, arrival)}
    return Buckets(features=features, **columns)
