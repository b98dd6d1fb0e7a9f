"""Where the files beside the tables are kept."""

from __future__ import annotations

from pathlib import Path

from detector.store.connecting import file_of
from detector.store.schema import Engine

ARCHIVE = "archive"


def archive_place(store: Engine, archive: str | None) -> str:
    """Folder or fsspec URL of closed hours and flight records, without a slash at its end.

    Args:
        store: Open.
        archive: What the settings name; None: beside the SQLite file, or in the working folder
            where the store is no file.
    """
    if archive is not None:
        return archive.rstrip("/") or "/"
    file = file_of(store)
    return str(Path(ARCHIVE) if file is None else file.with_name(ARCHIVE))
