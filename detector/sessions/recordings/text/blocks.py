"""Blocks of whole lines, in order, from a text that is read once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from detector.errors import SessionFileError
from detector.sessions.recordings.text.encoding import TextStream, count_lines

_LONGEST_LINE = 1 << 26
_BACK = 64  # lines to go back in search of one that ends outside quotes


@dataclass(frozen=True, slots=True)
class Block:
    """Whole lines of a file.

    Attributes:
        text: In UTF-8.
        lines_before: Lines of the file before the first of them.
        is_last: Whether no line follows.
    """

    text: bytes
    lines_before: int
    is_last: bool = False

    def without_lines(self, count: int) -> Block:
        """The block behind its first lines."""
        at = 0
        for _ in range(count):
            at = self.text.index(b"\n", at) + 1
        return Block(self.text[at:], self.lines_before + count, self.is_last)


class LineBlocks:
    """A text in blocks; its beginning can be looked at first."""

    def __init__(self, stream: TextStream, name: str) -> None:
        self._stream, self._name = stream, name
        self._kept = b""
        self._at_end = False

    def head(self, size: int) -> tuple[bytes, bool]:
        """The first bytes, at least ``size`` of them unless that is all.

        Returns:
            The bytes, which come again in the first block, and whether that is all.
        """
        self._fill(size)
        return self._kept, self._at_end

    def blocks(self, size: int, quote: bytes) -> Iterator[Block]:
        """All lines.

        Args:
            size: Bytes of a block, about.
            quote: Around cells, which may have line ends in them.

        Raises:
            SessionFileError: If a line is longer than anything that is text.
        """
        before = 0
        while not self._at_end or self._kept:
            self._fill(size)
            cut = len(self._kept) if self._at_end else _last_end(self._kept, quote)
            if not cut and len(self._kept) > _LONGEST_LINE:
                raise SessionFileError(
                    f"{self._name}: line {before + 1} is longer than {_LONGEST_LINE >> 20} MiB, "
                    "allowed: lines of text"
                )
            if not cut:
                size *= 2
                continue
            text, self._kept = self._kept[:cut], self._kept[cut:]
            yield Block(text, before, is_last=self._at_end)
            before += count_lines(text)

    def _fill(self, size: int) -> None:
        parts, missing = [self._kept], size - len(self._kept)
        while missing > 0 and not self._at_end:
            parts.append(self._stream.read(missing))
            self._at_end = not parts[-1]
            missing -= len(parts[-1])
        self._kept = b"".join(parts)


def _last_end(text: bytes, quote: bytes) -> int:
    """Bytes up to the last line end that is not between quotes; 0 where there is none."""
    end = text.rfind(b"\n") + 1
    if text.count(quote, 0, end) % 2 == 0:
        return end
    cut = end
    for _ in range(_BACK):
        cut = text.rfind(b"\n", 0, cut - 1) + 1
        if not cut:
            break
        if text.count(quote, 0, cut) % 2 == 0:
            return cut
    return end
