"""Parquet, in batches: vectors and records become columns of their own, an index is a column."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pyarrow.types as is_type

from detector.errors import SessionFileError
from detector.sessions.recordings.contract import Hints, Source, Table

ROWS = 100_000  # of a batch
INDEX = "__index_level_"  # what pandas calls an index without a name
MOST_WIDE = 256  # columns of one vector
EXACT = 2**53  # up to here a float tells whole numbers apart
BROKEN = (pa.ArrowException, OSError, ValueError, KeyError, MemoryError)
PLAIN = (is_type.is_integer, is_type.is_floating, is_type.is_timestamp, is_type.is_string,
         is_type.is_large_string)  # fmt: skip
CASTS = (
    (is_type.is_boolean, pa.int8()),
    (is_type.is_decimal, pa.float64()),
    (is_type.is_date, pa.timestamp("ms")),
    (is_type.is_time, pa.string()),
    (is_type.is_null, pa.float64()),
)
PER_SECOND = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}
Array: TypeAlias = Any  # pyarrow's, which has no types


def read(source: Source, hints: Hints) -> Iterator[Table]:
    """The table of a Parquet file; see ``Reader``."""
    try:
        file = pq.ParquetFile(source.path, pre_buffer=False, page_checksum_verification=True)
    except BROKEN as error:
        raise _broken(source, error) from None
    with file:
        names = _names(file.schema_arrow)
        if len(set(names)) < len(names):
            raise SessionFileError(f"{source.name}: a column twice, found {', '.join(names)[:200]}")
        table = Table(iter(()), format="Parquet")
        for name, field in zip(names, file.schema_arrow, strict=True):
            if unit := (field.metadata or {}).get(b"unit"):
                table.units[name] = unit.decode(errors="replace")
        table.chunks = _chunks(file, source, hints, table, names)
        yield table


def _broken(source: Source, error: Exception) -> SessionFileError:
    reason = " ".join(str(error).split())[:160].rstrip(". ") or type(error).__name__
    return SessionFileError(f"{source.name}: no whole Parquet file ({reason}), allowed: Parquet")


def _names(schema: Any) -> list[str]:  # noqa: ANN401 -- pyarrow's
    """Of its columns; an index without a name is the time, or has none where it counts rows."""
    names = list(schema.names)
    for k, name in enumerate(names):
        if name.startswith(INDEX):
            is_time = is_type.is_timestamp(schema.field(k).type) and "time" not in names
            names[k] = "time" if is_time else ("" if "" not in names else name)
    return names


def _chunks(
    file: Any,  # noqa: ANN401 -- pyarrow's
    source: Source,
    hints: Hints,
    table: Table,
    names: list[str],
) -> Iterator[pd.DataFrame]:
    left = file.metadata.num_rows if hints.limit_rows is None else hints.limit_rows
    try:
        for batch in file.iter_batches(ROWS):
            part = batch.slice(0, left)
            yield _frame(dict(zip(names, part.columns, strict=True)), table)
            left -= len(part)
            if left <= 0:
                return
    except BROKEN as error:
        raise _broken(source, error) from None


def _frame(columns: dict[str, Array], table: Table) -> pd.DataFrame:
    plain = {
        name: array
        for given, column in columns.items()
        for name, array in _columns(given, column, table)
    }
    return pd.DataFrame({name: array.to_pandas() for name, array in plain.items()}, copy=False)


def _columns(name: str, array: Array, table: Table) -> Iterator[tuple[str, Array]]:
    """One column as columns of numbers, times or text; what is none is left out."""
    kind = array.type
    if is_type.is_dictionary(kind):
        yield from _columns(name, array.dictionary_decode(), table)
    elif is_type.is_struct(kind):
        for k in range(kind.num_fields):
            inner = pc.struct_field(array, [k])
            yield from _columns(f"{name}.{kind.field(k).name}", inner, table)
    elif is_type.is_fixed_size_list(kind) and kind.list_size <= MOST_WIDE:
        for k in range(kind.list_size):
            yield from _columns(f"{name}.{k}", pc.list_element(array, k), table)
    else:
        single = _single(name, array, table)
        if single is not None:
            yield name, single


def _single(name: str, array: Array, table: Table) -> Array | None:
    kind = array.type
    for fits, target in CASTS:
        if fits(kind):
            return array.cast(target, safe=False)
    if is_type.is_duration(kind):
        table.units[name] = "s"
        return pc.divide(
            array.cast(pa.int64()).cast(pa.float64(), safe=False), PER_SECOND[kind.unit]
        )
    if not any(fits(kind) for fits in PLAIN):
        table.left_out[name] = f"cells of type {kind}"
        return None
    return array.cast(pa.string()) if _loses_digits(array) else array


def _loses_digits(array: Array) -> bool:
    """Whether whole numbers with missing ones between them are too large for floats."""
    if not is_type.is_integer(array.type) or not array.null_count:
        return False
    limits = pc.min_max(array).as_py()
    return limits["max"] is not None and not -EXACT <= limits["min"] <= limits["max"] <= EXACT
