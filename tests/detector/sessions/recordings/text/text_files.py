"""Text files made for a test, and what the reader finds in them."""

from __future__ import annotations

import io

import pandas as pd

from detector.sessions.recordings.contract import NO_HINTS, Source
from detector.sessions.recordings.delimited import read

ROWS = "ts,acc,temp\n" + "".join(f"{n / 10},{n / 7:.4f},{20 + n / 100}\n" for n in range(40))


def plain():
    """What the plainest form of ``ROWS`` holds."""
    return pd.read_csv(io.StringIO(ROWS))


def source_of(folder, content):
    """A file with this content."""
    path = folder / "file.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return Source(path.name, path, path.suffix, path.stat().st_size, lambda: path.open("rb"))


def read_text(folder, content, hints=NO_HINTS):
    """The only table of a file, and its rows in one piece."""
    (table,) = read(source_of(folder, content), hints)
    return table, pd.concat(list(table.chunks), ignore_index=True)
