"""Session files of waveforms: Parquet, a tenth of the text's size and read at once.

The columns are those of a CSV session; what stands there as comments is kept beside the table.
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import parquet

from simulator.errors import SimulatorError

Array = NDArray[np.float64]

SUFFIX = ".parquet"
DIGITS = 7  # decimals, as in text
COMMENTS = b"comments"
UNITS = {"acc_x": "g", "acc_y": "g", "acc_z": "g", "rpm": "1/min", "temp_c": "°C"}
TYPES = {"ts": "float64", "label": "int8", "session": "int32"}  # the others: float32


def write_columns(path: Path, *, comments: Iterable[str], columns: dict[str, Array]) -> None:
    """Write columns of shape (n,) each; the file appears complete or not at all.

    Raises:
        SimulatorError: If it cannot be written.
    """
    schema = pa.schema(
        [_field(name) for name in columns],
        {COMMENTS: "\n".join(f"# {line}" for line in comments).encode()},
    )
    arrays = {name: pa.array(column).cast(_type(name)) for name, column in columns.items()}
    partial = path.with_name(f".{path.name}.partial")
    try:
        parquet.write_table(pa.table(arrays, schema=schema), partial, compression="zstd")
        partial.replace(path)
    except OSError as error:
        raise SimulatorError(f"{path}: cannot be written ({error.strerror})") from error
    finally:
        partial.unlink(missing_ok=True)


def _type(name: str) -> pa.DataType:
    return pa.type_for_alias(TYPES.get(name, "float32"))


def _field(name: str) -> pa.Field:
    unit = UNITS.get(name)
    return pa.field(name, _type(name), metadata=None if unit is None else {"unit": unit})


def read(path: Path, limit_rows: int | None) -> tuple[list[str], pd.DataFrame]:
    """Comments and table of a file, numbers as float64.

    Raises:
        SimulatorError: If it is no Parquet table of numbers, or has no row.
    """
    try:
        table = parquet.read_table(path)
    except (OSError, pa.ArrowException) as error:
        reason = " ".join(str(error).split())
        raise SimulatorError(f"{path}: not a Parquet table ({reason})") from error
    words = [field for field in table.schema if not _is_number(field.type)]
    if words:
        raise SimulatorError(f"{path}: column {words[0].name}: {words[0].type}; allowed: numbers")
    if not len(table):
        raise SimulatorError(f"{path}: column names but no data rows")
    numbers = table.slice(0, limit_rows)
    exact = {name: _exact(name, numbers[name]) for name in numbers.column_names}
    comments = (table.schema.metadata or {}).get(COMMENTS, b"").decode()
    return comments.splitlines(), pd.DataFrame(exact)


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_floating(kind) or pa.types.is_integer(kind))


def _exact(name: str, column: pa.ChunkedArray) -> Array:
    """As float64, with the decimals that were written; float32 has others behind them."""
    values = column.cast(pa.float64()).to_numpy()
    return np.asarray(values if name == "ts" else values.round(DIGITS))
