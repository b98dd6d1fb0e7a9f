"""Tables as files: what would fail is refused before the work, nothing is left half written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from detector.errors import ExportError

if TYPE_CHECKING:
    import pandas as pd

SUFFIXES = (".csv", ".parquet")


def refuse_out(out: Path, *, is_forced: bool) -> None:
    """Refuse a file that could not be written, before anything is read.

    Args:
        out: What ``--out`` names.
        is_forced: Whether a file that is there may be replaced.

    Raises:
        ExportError: If its kind is unknown, it exists, or its folder does not.
    """
    if out.suffix not in SUFFIXES:
        found = out.suffix or "no suffix"
        raise ExportError(f"--out {out}: found {found}, allowed: {', '.join(SUFFIXES)}")
    if out.is_dir() or (out.exists() and not is_forced):
        allowed = "a file" if out.is_dir() else "another name, or --force to replace it"
        raise ExportError(f"--out {out}: exists, allowed: {allowed}")
    if not out.parent.is_dir():
        raise ExportError(f"--out {out}: no folder {out.parent}, allowed: one that exists")


def refuse_input(out: Path, files: Sequence[Path]) -> None:
    """Refuse to write over what is read.

    Raises:
        ExportError: If ``out`` is one of the files.
    """
    if out.exists() and any(file.exists() and out.samefile(file) for file in files):
        raise ExportError(f"--out {out}: is one of the files to read, allowed: another name")


@contextmanager
def replacing(out: Path) -> Iterator[Path]:
    """A path to write to, which takes the name ``out`` once all is written.

    Raises:
        ExportError: If it cannot be written.
    """
    unfinished = out.with_name(f".{out.name}.part")
    try:
        yield unfinished
        unfinished.replace(out)
    except OSError as error:
        raise ExportError(f"--out {out}: cannot be written ({error.strerror})") from None
    finally:
        unfinished.unlink(missing_ok=True)


def write_table(table: pd.DataFrame, out: Path) -> None:
    """Write a table as the suffix says.

    Raises:
        ExportError: If it cannot be written.
    """
    with replacing(out) as path:
        if out.suffix == ".parquet":
            table.to_parquet(path, index=False)
        else:
            table.to_csv(path, index=False)
