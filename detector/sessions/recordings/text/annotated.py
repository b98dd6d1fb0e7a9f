"""InfluxDB's annotated CSV: small tables in one file, each below lines that begin with ``#``."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator

from detector.sessions.recordings.text.blocks import Block
from detector.sessions.recordings.text.header import refuse_twice
from detector.sessions.recordings.text.layout import Layout
from detector.sessions.recordings.text.numbers import Style
from detector.sessions.recordings.text.separators import COMMA

_BEGINS = re.compile(rb"\s*#(?:group|datatype|default)\b")
_ANNOTATIONS = re.compile(rb"(?m)(?:^#.*(?:\n|\Z))+")
QUOTE = '"'


def is_annotated(head: bytes) -> bool:
    """Whether a file begins with annotations."""
    return _BEGINS.match(head) is not None


def sections(blocks: Iterable[Block]) -> Iterator[tuple[bytes, Block]]:
    """Part a file into its tables.

    Args:
        blocks: Of the file.

    Yields:
        The header, and lines below it; the next of the same header may belong to another table
        of the same columns.
    """
    header, awaited = b"", False
    for block in blocks:
        for piece, is_below in _pieces(block):
            awaited |= is_below
            lines = len(piece.text) - len(piece.text.lstrip(b"\r\n"))
            rest = piece.without_lines(piece.text[:lines].count(b"\n"))
            if awaited and rest.text:
                header, awaited = rest.text.partition(b"\n")[0].rstrip(b"\r"), False
                rest = rest.without_lines(min(1, rest.text.count(b"\n")))
            if rest.text.strip() and rest.text.strip() != header:
                yield header, rest


def _pieces(block: Block) -> Iterator[tuple[Block, bool]]:
    """What is between annotations, and whether it is below some."""
    at, line, is_below = 0, block.lines_before, False
    for found in _ANNOTATIONS.finditer(block.text):
        text = block.text[at : found.start()]
        yield Block(text, line), is_below
        line += text.count(b"\n") + found[0].count(b"\n")
        at, is_below = found.end(), True
    yield Block(block.text[at:], line, block.is_last), is_below


def layout_below(header: bytes, line: int, name: str) -> Layout:
    """The layout of the rows below a header.

    Args:
        header: As it stands.
        line: Of the file, for the refusal.
        name: Of the file.

    Raises:
        SessionFileError: If two columns have one name.
    """
    names = next(csv.reader([header.decode()]), [])
    refuse_twice(names, f"{name}: line {line}")
    return Layout(COMMA, QUOTE, tuple(names), ".", (Style(),) * len(names), line, header=header)
