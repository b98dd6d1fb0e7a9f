"""Whose archive it is: two stores never share one, for each deletes what it does not know."""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from detector.errors import StoreError
from detector.store.archive.place import Place, shown
from detector.store.schema import Engine, archive

MARK = "_faultline-archive.txt"  # whoever reads a folder as a table leaves out what begins so


def claim(store: Engine, place: Place, where: str) -> None:
    """Make an archive this store's, the first time.

    Args:
        store: Open; this process holds its lease.
        place: The archive.
        where: Of it, for people.

    Raises:
        StoreError: If it is another store's, or cannot be used.
    """
    with store.begin() as connection:
        owner = _owner(connection)
    try:
        found = _mark(place)
        if found is None:
            place.write(MARK, f"{owner}\n".encode())
    except OSError as error:
        raise StoreError(
            f"store.archive: {shown(where)} cannot be used ({error.strerror or error}), allowed: a "
            "folder that can be written"
        ) from None
    if found is not None and found != owner:
        raise StoreError(
            f"store.archive: found {shown(where)}, the archive of another store, allowed: one of "
            "its own"
        )


def _owner(connection: Connection) -> str:
    found = connection.execute(sa.select(archive.c.owner)).scalar()
    if found is None:
        found = secrets.token_hex(16)
        connection.execute(archive.insert().values(owner=found))
    return str(found)


def _mark(place: Place) -> str | None:
    try:
        return place.read(MARK).decode(errors="replace").strip()
    except FileNotFoundError:
        return None
