"""Session files of waveforms: Parquet, a tenth of the text's size and read at once.

The columns are those of a CSV session; what stands there as comments is kept beside the table.
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from simulator.errors import SimulatorError

Array = NDArray[np.float64]

SUFFIX = ".parquet"
DIGITS = 7  # decimals, as in text
TYPES = {"ts": "float64", "label": "int8", "session": "int32"}  # the others: float32


def write_columns(path: Path, *, comments: Iterable[str], columns: dict[str, Array]) -> None:
    """Write columns of shape (n,) each; the file appears complete or not at all.

    Raises:
        SimulatorError: If it cannot be written.
    """
    table = pd.DataFrame(
        {name: column.astype(TYPES.get(name, "float32")) for name, column in columns.items()}
    )
    table.attrs = {"comments": [f"# {line}" for line in comments]}
    partial = path.with_name(f".{path.name}.partial")
    try:
        table.to_parquet(partial, index=False, compression="zstd")
        partial.replace(path)
    except OSError as error:
        raise SimulatorError(f"{path}: cannot be written ({error.strerror})") from error
    finally:
        partial.unlink(missing_ok=True)


def read(path: Path, limit_rows: int | None) -> tuple[list[str], pd.DataFrame]:
    """Comments and table of a file, numbers as float64.

    Raises:
        SimulatorError: If it is no Parquet table of numbers, or has no row.
    """
    try:
        table = pd.read_parquet(path)
    except (OSError, ValueError) as error:  # pyarrow's errors are ValueErrors
        reason = " ".join(str(error).split())
        raise SimulatorError(f"{path}: not a Parquet table ({reason})") from error
    words = [name for name in table.columns if not pd.api.types.is_numeric_dtype(table[name])]
    if words:
        raise SimulatorError(
            f"{path}: column {words[0]}: {table[words[0]].dtype}; allowed: numbers"
        )
    if table.empty:
        raise SimulatorError(f"{path}: column names but no data rows")
    numbers = table.head(limit_rows) if limit_rows is not None else table
    exact = {
        str(name): column.to_numpy(np.float64).round(DIGITS if str(name) != "ts" else 9)
        for name, column in numbers.items()
    }
    return list(table.attrs.get("comments", [])), pd.DataFrame(exact)
