"""Every kind of file that is read: a new one is one file beside this and one line here."""

from __future__ import annotations

from importlib import import_module

from detector.errors import SessionFileError
from detector.sessions.contents import looks
from detector.sessions.recordings.contract import Kind, Reader, Source

TEXT = Kind(
    "delimited text", (".csv", ".tsv", ".txt", ".dat", ".asc"), "delimited", is_streamed=True
)
JSON = Kind("JSON", (".json", ".jsonl", ".ndjson"), "json_lines", is_streamed=True)
UFF = Kind("UFF", (".uff", ".unv", ".bunv"), "uff", "pyuff")
HDF5 = Kind("HDF5", (".h5", ".hdf5", ".hdf", ".he5"), "hdf5", "h5py", (looks.HDF5,))
KINDS: tuple[Kind, ...] = (
    TEXT,
    Kind("Parquet", (".parquet", ".pq"), "parquet", magic=(b"PAR1",)),
    Kind("Excel", (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods"), "excel", "python-calamine",
         (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",)),
    JSON,
    Kind("NumPy", (".npz", ".npy"), "arrays", magic=(b"\x93NUMPY",)),
    Kind("MATLAB", (".mat",), "matlab", magic=(b"MATLAB 5.0", b"MATLAB 7.3")),
    Kind("sound", (".wav", ".flac", ".rf64", ".w64", ".aif", ".aiff"), "sound", "soundfile",
         (b"RIFF", b"RF64", b"fLaC", b"riff", b"FORM")),
    Kind("TDMS", (".tdms",), "tdms", "nptdms", (b"TDSm",)),
    UFF,
    HDF5,
)  # fmt: skip
SUFFIXES = tuple(suffix for kind in KINDS for suffix in kind.suffixes)
BY_SUFFIX = {suffix: kind for kind in KINDS for suffix in kind.suffixes}
ALLOWED = ", ".join(kind.name for kind in KINDS)
CELL_MARKS = (b",", b";", b"\t")


def kind_of(source: Source) -> Kind:
    """What kind of file it is: by what it begins with, else by its name.

    Raises:
        SessionFileError: If it is empty, or something that is no recording.
    """
    with source.open() as stream:
        head = stream.read(looks.HEAD)
    if not head:
        raise SessionFileError(f"{source.name}: empty, allowed: {ALLOWED}")
    if head.startswith(looks.ZIP):
        return _of_zip(source)
    kind = _by_magic(head, source.suffix)
    if kind is not None:
        return kind
    words = looks.foreign(head)
    if words is not None:
        raise SessionFileError(f"{source.name}: is {words}, allowed: {ALLOWED}")
    return _by_name(head, source)


def _by_magic(head: bytes, suffix: str) -> Kind | None:
    for kind in KINDS:
        for magic in kind.magic:
            is_certain = len(magic) > 4 or suffix in kind.suffixes or not looks.is_text(head)
            if head.startswith(magic) and is_certain:
                return None if looks.foreign(head) else kind
    if looks.UFF.match(head):
        return UFF
    return HDF5 if any(head[at:].startswith(looks.HDF5) for at in looks.USER_BLOCKS) else None


def _of_zip(source: Source) -> Kind:
    """A spreadsheet or arrays; where its list of members is cut off, what its name says."""
    names = looks.members(str(source.path))
    what = looks.of_archive(names) if names else source.suffix
    kind = BY_SUFFIX.get(what)
    if kind is None or kind.is_streamed:
        words = "a zip archive" if what in (".zip", "") or kind else what
        raise SessionFileError(
            f"{source.name}: is {words}{'' if names else ' that is empty, cut off or damaged'}"
            f", allowed here: {ALLOWED}"
        )
    return kind


def _by_name(head: bytes, source: Source) -> Kind:
    """A name counts where the content can be of that kind; any text is rows or JSON."""
    named = BY_SUFFIX.get(source.suffix)
    if looks.is_text(head) and (named is None or named.is_streamed or named.magic):
        is_json = looks.begins_as_json(head) or (named is JSON and not _has_cells(head))
        return JSON if is_json else TEXT
    if named is None:
        found = f"begins with {head[:8].hex(' ')}"
        raise SessionFileError(f"{source.name}: no known kind, {found}; allowed: {ALLOWED}")
    return named


def _has_cells(head: bytes) -> bool:
    first = looks.without_bom(head).lstrip().splitlines()[:1]
    return any(mark in line for line in first for mark in CELL_MARKS)


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
