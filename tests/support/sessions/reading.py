"""What a reader of one kind of file makes of a file, all rows read."""

from __future__ import annotations

from importlib import import_module

import pandas as pd

from detector.sessions.recordings.contract import Hints, Source


def source_of(path):
    """A file as a reader is given it."""
    return Source(path.name, path, path.suffix, path.stat().st_size, lambda: path.open("rb"))


def tables_in(module, path, **hints):
    """Pairs of a table and all its rows, as a module of the readers finds them."""
    read = import_module(f"detector.sessions.recordings.{module}").read
    tables = list(read(source_of(path), Hints(**hints)))
    return [(table, pd.concat(list(table.chunks))) for table in tables]


def the_table_in(module, path, **hints):
    """The only table and its rows."""
    [found] = tables_in(module, path, **hints)
    return found
