"""``export --every``: a device's past as one row a bucket of time, from whatever tier holds it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from detector.cli.writing.outputs import replacing
from detector.errors import ExportError
from detector.store.history import reading
from detector.store.history.history import every
from detector.store.history.rollups import TIERS
from detector.store.history.tiers import Pieces
from detector.store.schema import Connection
from detector.text import counted

SLOW_S = 1.0  # after which progress shows
WHAT = ("min", "mean", "max")  # of each feature


def write_every(
    connection: Connection, out: Path, device: str, tier: str, start: float, end: float
) -> str:
    """Write one row a bucket; returns what was written.

    Args:
        connection: To the store.
        out: The file.
        device: Name of the machine.
        tier: Name of one of ``TIERS``.
        start: UTC seconds, finite, as ``end``.
        end: Not in it.

    Raises:
        ExportError: If it cannot be written, or two columns had one name.
    """
    names = reading.features_between(connection, device, start, end)
    _refuse_alike(device, columns_of(names))
    found = every(connection, device, TIERS[tier], start, end)
    bar = tqdm(total=round((end - start) / TIERS[tier]), unit="row", unit_scale=True, leave=False,
               delay=SLOW_S, disable=not sys.stderr.isatty())  # fmt: skip
    with replacing(out) as unfinished, bar:
        rows, wider = _write(unfinished, out.suffix, names, _watched(found, bar), TIERS[tier])
    told = f"{counted(rows, 'row')} of {tier}, {counted(len(names), 'feature')}"
    gone = f"; {counted(wider, 'row')} wider where finer ones are gone (bucket_s)" if wider else ""
    return f"written: {out}, {told}{gone}"


def columns_of(names: tuple[str, ...]) -> list[str]:
    """Names of all columns of features with these names."""
    of_features = [f"{name}_{what}" for name in names for what in WHAT]
    return ["ts", "bucket_s", "samples", *of_features, "score_max", "threshold", "anomalies",
            "running_share"]  # fmt: skip


def _refuse_alike(device: str, columns: list[str]) -> None:
    if alike := sorted({name for name in columns if columns.count(name) > 1}):
        raise ExportError(
            f"--device {device}: two columns would be named {', '.join(alike)}, "
            "allowed: an export without --every"
        )


def _watched(found: Iterator[Pieces], bar: Any) -> Iterator[Pieces]:  # noqa: ANN401 -- tqdm's
    for pieces in found:
        yield pieces
        bar.update(len(pieces.buckets))


def _write(
    path: Path, suffix: str, names: tuple[str, ...], found: Iterator[Pieces], width_s: int
) -> tuple[int, int]:
    """Rows written, and how many of them are of wider buckets."""
    from detector.cli.writing.export_tables import rollup_schema, table_of, writer_for

    schema = rollup_schema(columns_of(names))
    writer = writer_for(suffix, path, schema)
    rows = wider = 0
    try:
        for pieces in found:
            writer.write(table_of(_columns(pieces, names), schema))
            rows += len(pieces.buckets)
            wider += int(np.count_nonzero(pieces.width_s > width_s))
    finally:
        writer.close()
    return rows, wider


def _columns(pieces: Pieces, names: tuple[str, ...]) -> dict[str, Any]:
    made = pieces.buckets.with_features(names)
    columns: dict[str, Any] = {
        "ts": made.ts, "bucket_s": pieces.width_s, "samples": made.samples,
        "score_max": made.score, "threshold": made.threshold, "anomalies": made.anomalies,
        "running_share": made.judged / made.samples,
    }  # fmt: skip
    for what, values in zip(WHAT, (made.low, made.mean, made.high), strict=True):
        columns |= {f"{name}_{what}": values[:, i] for i, name in enumerate(names)}
    return columns
