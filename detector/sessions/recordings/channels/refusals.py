"""Whatever a library says of a broken file becomes one line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pandas as pd

from detector.errors import SessionFileError
from detector.sessions.recordings.contract import Source, Table


@contextmanager
def refused(source: Source, kind: str) -> Iterator[None]:
    """Turn what a parser of foreign bytes raises into a refusal.

    Parsers stumble over hostile bytes in ways they do not list (struct, index, key, memory,
    recursion errors), so everything is caught here; what is inside is a library's call and what
    reads its result.

    Args:
        source: The file.
        kind: In words, for example ``TDMS``.

    Raises:
        SessionFileError: In place of any other exception.
    """
    try:
        yield
    except SessionFileError:
        raise
    except Exception as error:
        lines = str(error).strip().splitlines()
        reason = f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
        raise SessionFileError(
            f"{source.name}: cannot be read as {kind} ({reason[:200]}); "
            f"allowed: a whole {kind} file"
        ) from error


def guarded(tables: Iterator[Table], source: Source, kind: str) -> Iterator[Table]:
    """The same tables; what reading them or their rows raises is a refusal.

    Args:
        tables: Of one file.
        source: The file.
        kind: In words.
    """
    if source.size == 0:
        raise SessionFileError(f"{source.name}: the file is empty; allowed: a {kind} file")
    with refused(source, kind):
        for table in tables:
            table.chunks = _guarded_rows(table.chunks, source, kind)
            yield table


def _guarded_rows(
    chunks: Iterator[pd.DataFrame], source: Source, kind: str
) -> Iterator[pd.DataFrame]:
    with refused(source, kind):
        yield from chunks
