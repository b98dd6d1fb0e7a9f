"""Frames as tables of one schema, and what writes them; pyarrow takes a moment to import."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from detector.records import Frame


def schema_of(names: tuple[str, ...]) -> pa.Schema:
    """The columns of ``score``, with the session; values are float32 as they are stored."""
    fields = [("ts", pa.float64()), ("session", pa.string())]
    fields += [(name, pa.float32()) for name in names]
    fields += [(f"{name}_reconstruction", pa.float32()) for name in names]
    fields += [(name, pa.float32()) for name in ("score", "mse")]
    return pa.schema([*fields, ("threshold", pa.float64()), ("anomaly", pa.int8())])


WIDE = {"ts": pa.float64(), "threshold": pa.float64(), "samples": pa.int64(),
        "anomalies": pa.int64()}  # fmt: skip


def rollup_schema(columns: list[str]) -> pa.Schema:
    """The columns of ``export --every``; values are float32 as they are stored."""
    return pa.schema([(name, WIDE.get(name, pa.float32())) for name in columns])


def table_of(columns: dict[str, Any], schema: pa.Schema) -> pa.Table:
    """A table of a schema; NaN is an empty cell."""
    arrays = [pa.array(columns[field.name], field.type, from_pandas=True) for field in schema]
    return pa.Table.from_arrays(arrays, schema=schema)


def writer_for(suffix: str, path: Path, schema: pa.Schema) -> Any:  # noqa: ANN401 -- pyarrow's
    """What writes tables of a schema to ``path``."""
    if suffix == ".parquet":
        return pa.parquet.ParquetWriter(path, schema, compression="zstd")
    return pa.csv.CSVWriter(path, schema)


class Rows:
    """Samples of frames, collected for one table.

    Args:
        schema: From ``schema_of``.
        names: All features; one that a frame has not is missing there.

    Attributes:
        count: Samples added in all.
    """

    def __init__(self, schema: pa.Schema, names: tuple[str, ...]) -> None:
        self.schema = schema
        self.count = 0
        self._names = names
        self._waiting: list[pa.Table] = []
        self._rows = 0

    def __len__(self) -> int:
        return self._rows

    def add(self, frame: Frame, part: slice) -> None:
        """Add the samples of a frame that lie in ``part``."""
        n = part.stop - part.start
        columns: list[Any] = [frame.ts[part], [frame.session] * n]
        columns += [self._of(frame, frame.values, name, part) for name in self._names]
        columns += [self._of(frame, frame.reconstruction, name, part) for name in self._names]
        columns += [_or_none(frame.score[part]), _or_none(frame.mse[part])]
        columns += [np.full(n, frame.threshold), frame.anomaly[part].astype(np.int8)]
        arrays = [
            column if isinstance(column, pa.Array) else pa.array(column, field.type)
            for column, field in zip(columns, self.schema, strict=True)
        ]
        self._waiting.append(pa.Table.from_arrays(arrays, schema=self.schema))
        self._rows += n
        self.count += n

    def taken(self) -> pa.Table:
        """All that was added since the last time."""
        table = pa.concat_tables(self._waiting)
        self._waiting, self._rows = [], 0
        return table

    def _of(self, frame: Frame, values: Any, name: str, part: slice) -> Any:  # noqa: ANN401
        if name not in frame.features:
            return pa.nulls(part.stop - part.start, pa.float32())
        return _or_none(values[part, frame.features.index(name)])


def _or_none(values: Any) -> Any:  # noqa: ANN401
    """A missing value is an empty cell."""
    return pa.array(values, pa.float32(), from_pandas=True)
