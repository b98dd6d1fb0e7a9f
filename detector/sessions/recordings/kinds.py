"""Every kind of file that is read: a new one is one file beside this and one line here."""

from __future__ import annotations

from importlib import import_module

from detector.errors import SessionFileError
from detector.sessions.recordings.contract import Kind, Reader

TEXT = Kind("delimited text", (".csv", ".tsv", ".txt", ".dat", ".asc"), "delimited")
KINDS: tuple[Kind, ...] = (
    TEXT,
    Kind("Parquet", (".parquet", ".pq"), "parquet", magic=(b"PAR1",)),
    Kind("Excel", (".xlsx", ".xls", ".xlsb", ".ods"), "excel", "python-calamine",
         (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",)),
    Kind("JSON", (".json", ".jsonl", ".ndjson"), "json_lines"),
    Kind("NumPy", (".npz", ".npy"), "arrays", magic=(b"\x93NUMPY",)),
    Kind("MATLAB", (".mat",), "matlab", magic=(b"MATLAB 5.0", b"MATLAB 7.3")),
    Kind("sound", (".wav", ".flac", ".rf64", ".w64", ".aif", ".aiff"), "sound", "soundfile",
         (b"RIFF", b"RF64", b"fLaC", b"riff", b"FORM")),
    Kind("TDMS", (".tdms",), "tdms", "nptdms", (b"TDSm",)),
    Kind("UFF", (".uff", ".unv", ".bunv"), "uff", "pyuff"),
    Kind("HDF5", (".h5", ".hdf5", ".hdf", ".he5"), "hdf5", "h5py", (b"\x89HDF\r\n\x1a\n",)),
)  # fmt: skip
SUFFIXES = tuple(suffix for kind in KINDS for suffix in kind.suffixes)


def reader_of(kind: Kind, name: str) -> Reader:
    """What reads files of a kind.

    Args:
        kind: One of ``KINDS``.
        name: Of the file, for the refusal.

    Raises:
        SessionFileError: If its library is not installed.
    """
    try:
        reader: Reader = import_module(f"detector.sessions.recordings.{kind.module}").read
    except ImportError as error:
        missing = (error.name or "").partition(".")[0]
        raise SessionFileError(
            f"{name}: {kind.name} is read with {kind.library or missing}, which is not installed; "
            "allowed: pip install 'faultline[files]'"
        ) from None
    return reader
