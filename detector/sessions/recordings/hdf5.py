"""HDF5 files: arrays of one length in a group, compound tables, what pandas wrote."""

from __future__ import annotations

from collections.abc import Iterator

from detector.sessions.recordings.channels.grouping import tables_of
from detector.sessions.recordings.channels.hdf5_contents import contents
from detector.sessions.recordings.channels.hdf5_frames import frame
from detector.sessions.recordings.channels.hdf5_members import opened
from detector.sessions.recordings.channels.refusals import guarded
from detector.sessions.recordings.channels.walking import scopes_of
from detector.sessions.recordings.contract import Hints, Source, Table


def read(source: Source, hints: Hints) -> Iterator[Table]:
    """The tables of an HDF5 file, read slice by slice.

    Args:
        source: The file.
        hints: Rate and rows.

    Raises:
        SessionFileError: If it is broken or holds no numbers that could be samples.
    """
    return guarded(_read(source, hints), source, "HDF5")


def _read(source: Source, hints: Hints) -> Iterator[Table]:
    file = opened(source)
    yield from tables_of(scopes_of(frame(file) or contents(file)), source.name, hints)
