"""What bytes look like: what they begin with, whether they are text, and rows of numbers in it."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence

HEAD = 4096
ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
PACKED = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\x00": "xz",
    b"\x28\xb5\x2f\xfd": "zstandard",
}
HDF5 = b"\x89HDF\r\n\x1a\n"
USER_BLOCKS = (0, 512, 1024, 2048)  # bytes that may stand before an HDF5 file
BOMS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
WIDE = BOMS[1:]  # of UTF-16
FOREIGN = {
    b"%PDF": "a PDF document", b"\x89PNG": "a PNG picture", b"\xff\xd8\xff": "a JPEG picture",
    b"GIF8": "a GIF picture", b"{\\rtf": "a rich text document", b"OggS": "Ogg sound",
    b"ID3": "MP3 sound", b"\x7fELF": "a program", b"SQLite format 3\x00": "an SQLite database",
    b"ARROW1\x00\x00": "an Arrow (Feather) file", b"FEA1": "a Feather file",
    b"PARE": "an encrypted Parquet file", b"Obj\x01": "an Avro file",
    b"MDF     ": "an ASAM MDF measurement", b"UnFinMF ": "an unfinished ASAM MDF measurement",
    b"7z\xbc\xaf\x27\x1c": "a 7-Zip archive", b"Rar!\x1a\x07": "a RAR archive",
    b"\x04\x22\x4d\x18": "an LZ4 file", b"\x1f\x9d": "a file of compress",
    b"%!PS": "a PostScript document", b'"TOB1"': "a Campbell binary file (TOB)",
    b'"TOB2"': "a Campbell binary file (TOB)", b'"TOB3"': "a Campbell binary file (TOB)",
    b"version https://git-lfs": "a Git LFS pointer, not the file itself",
    **{magic: f"a {word} file" for magic, word in PACKED.items()},
}  # fmt: skip
PICKLES = re.compile(rb"\x80[\x02-\x05][\x95}\](cc]")
MARKUP = re.compile(rb"<(!doctype|!--|\?xml|[a-z])", re.IGNORECASE)
UFF = re.compile(rb" {4}-1 *\r?\n {1,5}(15|18|55|58|82|151|164|1858|24\d\d)b?\s")
JSON = re.compile(rb'\{\s*["}]|\[\s*([\[{"\]]|-?\d[\d.eE+-]*\s*[,\]]|null|NaN|true|false)')
NUMBER = re.compile(r"[-+]?(\d+([.,]\d*)?|[.,]\d+)([eE][-+]?\d+)?")
CLOCK = re.compile(r"[\dT:., /+Z-]*\d+[:./-]\d+[\dT:., /+Z-]*( ?[AP]M)?", re.IGNORECASE)
LONGEST_NUMBER = 48  # characters
NOT_TEXT = set(range(32)) - {7, 8, 9, 10, 12, 13, 26, 27}
IN_TEXT = bytes(set(range(256)) - NOT_TEXT)


def foreign(head: bytes) -> str | None:
    """In words what a file is that is known and no recording; None: it may be one.

    Args:
        head: Its first ``HEAD`` bytes.
    """
    for magic, words in FOREIGN.items():
        if head.startswith(magic) and (len(magic) > 4 or not is_text(head) or magic[:1] in b"%{"):
            return words
    if PICKLES.match(head):
        return "a Python pickle, which could run code"
    if head[257:262] == b"ustar":
        return "a tar archive"
    if head[:4] == b"RIFF" and head[8:12] != b"WAVE" and not is_text(head):
        return "a RIFF file, but no sound"
    return "HTML or XML" if MARKUP.match(without_bom(head).lstrip()) else None


def packing_of(head: bytes) -> str | None:
    """How a file is packed, for example ``gzip``; None: not at all, or in an archive."""
    return next((words for magic, words in PACKED.items() if head.startswith(magic)), None)


def of_archive(names: Sequence[str]) -> str:
    """What a zip archive with members of these names is: ``.xlsx``, ``.npz``, ``.zip`` or words."""
    if any(name.startswith("xl/workbook.") for name in names):
        return ".xlsx"
    if "content.xml" in names and "mimetype" in names:
        return ".ods"
    if names and all(name.endswith(".npy") for name in names):
        return ".npz"
    known = {"word/document.xml": "a Word document", "ppt/presentation.xml": "slides"}
    return next((words for name, words in known.items() if name in names), ".zip")


def members(path: str) -> list[str]:
    """Names in a zip archive; none where it cannot be read."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.namelist()
    except (OSError, ValueError, NotImplementedError, zipfile.BadZipFile):
        return []


def without_bom(head: bytes) -> bytes:
    """Text as one byte a character where it is mostly ASCII; UTF-16 loses its zeros."""
    for bom in BOMS:
        if head.startswith(bom):
            rest = head[len(bom) :]
            return rest.replace(b"\x00", b"") if bom in WIDE else rest
    return head


def is_text(head: bytes) -> bool:
    """Whether there is nothing in it that no text has; UTF-16 needs its mark."""
    if head.startswith(WIDE):
        head = without_bom(head)
    return not head.translate(None, delete=IN_TEXT)


def begins_as_json(head: bytes) -> bool:
    """Whether it begins like an object or a list; ``[Header]`` of an instrument does not."""
    return JSON.match(without_bom(head).lstrip()) is not None


def has_rows_of_numbers(head: bytes) -> bool:
    """Whether some of its lines are mostly numbers, as in a recording and not in a letter."""
    text = without_bom(head).replace(b"\x00", b"").decode("latin-1")
    return sum(map(_is_row, text.splitlines()[-1000:])) >= 2


def _is_row(line: str) -> bool:
    cells = [cell for cell in re.split(r"[;,\t| \"]+", line.strip()) if cell]
    return 2 * sum(map(is_number, cells)) > len(cells)


def is_number(text: str) -> bool:
    """Whether it is a number or a time, in any of the usual forms."""
    is_short = len(text) <= LONGEST_NUMBER  # longer ones would take CLOCK for ever
    return is_short and bool(NUMBER.fullmatch(text) or CLOCK.fullmatch(text))
