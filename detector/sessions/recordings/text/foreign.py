"""What is no delimited text although its name says so, told by how it begins."""

from __future__ import annotations

import re

from detector.errors import SessionFileError

ALLOWED = "allowed: delimited text"
_MOST_CONTROL = 0.05  # share of control characters; bytes at random have 0.1
_SIGNATURES: tuple[tuple[str, bytes], ...] = (
    ("a web page (HTML)", rb"(?i)<(?:!doctype\s+html|html|head|body|script)\b"),
    ("XML", rb"<[!?a-zA-Z]"),
    ("a PDF document", rb"%PDF-"),
    ("a PostScript document", rb"%!PS"),
    ("a rich text document", rb"\{\\rtf"),
    ("JSON", rb"\{\s*[\"}]|\[\s*(?:[\[{\"]|-?[\d.]+\s*[,\]]\s*[-\d\"\[{])"),
    ("a Git LFS pointer, not the file itself", rb"version https://git-lfs"),
    ("a Campbell binary file (TOB)", rb"\"TOB[123]\""),
    ("a ZIP archive or an Excel workbook", rb"PK\x03\x04"),
    ("an old Excel workbook", rb"\xd0\xcf\x11\xe0"),
    ("packed (gzip)", rb"\x1f\x8b"),
    ("an SQLite database", rb"SQLite format 3"),
    ("a Parquet file", rb"PAR1"),
    ("an HDF5 file", rb"\x89HDF"),
    ("a picture", rb"\x89PNG|GIF8|\xff\xd8\xff"),
)
_CONTROL = bytes(code for code in range(32) if code not in b"\t\n\v\f\r\x1a\x1b")


def refuse_foreign(head: bytes, name: str) -> None:
    """Refuse what is known to be something else.

    Args:
        head: The first bytes of the file, before they are decoded.
        name: Of the file.

    Raises:
        SessionFileError: If they are those of another kind of file.
    """
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:200]
    for what, pattern in _SIGNATURES:
        if re.match(pattern, start):
            raise SessionFileError(f"{name}: is {what}, {ALLOWED}")


def refuse_binary(head: bytes, name: str) -> None:
    """Refuse bytes that are no text.

    Args:
        head: The first bytes of the file, in an encoding with one byte a character.
        name: Of the file.

    Raises:
        SessionFileError: If too many of them are control characters.
    """
    controls = len(head) - len(head.translate(None, _CONTROL))
    if controls > _MOST_CONTROL * len(head):
        raise SessionFileError(
            f"{name}: is binary, {controls} of its first {len(head)} bytes are control characters; "
            f"{ALLOWED}"
        )
