"""Bytes of a file to UTF-8 with one kind of line end, whatever it was written in."""

from __future__ import annotations

import codecs
from typing import BinaryIO

import numpy as np

from detector.errors import SessionFileError
from detector.sessions.recordings.text.binary import ALLOWED, refuse_binary

_MARKS: tuple[tuple[bytes, str, str], ...] = (
    (codecs.BOM_UTF8, "utf-8", "UTF-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le", "UTF-32"),  # begins like UTF-16: asked first
    (codecs.BOM_UTF32_BE, "utf-32-be", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16"),
)
_FALLBACK = "Windows-1252"
_HEAD = 1 << 16
_DOS_END = b"\x1a"


class TextStream:
    """The text of a file, in UTF-8.

    The encoding is told by the byte order mark, by where the zeros of UTF-16 stand, and else is
    UTF-8 until a byte proves otherwise, which is Windows-1252 as long as nothing spoke for UTF-8.

    Attributes:
        encoding: In words; settled once all is read.
        notes: What was found on the way.
    """

    def __init__(self, stream: BinaryIO, name: str) -> None:
        """Look at the first bytes.

        Raises:
            SessionFileError: If they are those of another kind of file.
        """
        self._stream, self._name = stream, name
        self.notes: list[str] = []
        self._lines = 0
        self._zeros = 0
        head = stream.read(_HEAD)
        mark, codec, self.encoding = _encoding_of(head)
        if codec == "utf-8":
            refuse_binary(head.rstrip(b"\0"), name)
        self._decoder = codecs.getincrementaldecoder(codec)()
        self._is_utf8, self._is_proven = codec == "utf-8", bool(mark)
        self._waiting = head[len(mark) :]
        self._ends = _line_ends(head)

    def read(self, size: int) -> bytes:
        """The next bytes of text, about ``size``; none at the end.

        Raises:
            SessionFileError: If they are no text.
        """
        while True:
            raw = self._waiting or self._stream.read(size)
            self._waiting = b""
            text = self._without_zeros(self._decoded(raw))
            text = text.replace(*self._ends) if self._ends else text
            self._lines += count_lines(text)
            if text or not raw:
                return text

    def _decoded(self, raw: bytes) -> bytes:
        if self._is_utf8 and raw.isascii() and not self._decoder.getstate()[0]:
            return raw
        before = self._decoder.getstate()[0]
        try:
            text = self._decoder.decode(raw)
        except UnicodeDecodeError as error:
            is_mixed = self._is_proven or not (before + raw)[: error.start].isascii()
            if not self._is_utf8 or is_mixed:
                raise self._refused(error, before + raw) from None
            return self._fall_back(before + raw)
        self._is_proven |= self._is_utf8 and not text.isascii()
        return text.encode("utf-8", "replace")

    def _fall_back(self, raw: bytes) -> bytes:
        self._is_utf8, self.encoding = False, _FALLBACK
        codec = "cp1252" if _is_cp1252(raw) else "latin-1"
        self._decoder = codecs.getincrementaldecoder(codec)("replace")
        return self._decoder.decode(raw).encode()

    def _refused(self, error: UnicodeDecodeError, raw: bytes) -> SessionFileError:
        line = self._lines + raw[: error.start].count(b"\n") + 1
        found = raw[error.start : error.start + 1].hex()
        return SessionFileError(
            f"{self._name}: line {line}: byte 0x{found} is not {self.encoding}, "
            "allowed: one encoding throughout"
        )

    def _without_zeros(self, text: bytes) -> bytes:
        """A logger that loses its power leaves zeros at the end; anywhere else they are no text."""
        kept = text.rstrip(b"\0")
        if b"\0" in kept or (self._zeros and kept.rstrip(_DOS_END)):
            line = self._lines + kept.partition(b"\0")[0].count(b"\n") + 1
            raise SessionFileError(
                f"{self._name}: line {line}: is binary, found a NUL byte, {ALLOWED}"
            )
        if len(kept) < len(text) and not self._zeros:
            self.notes.append("left out NUL bytes at the end: the file was cut off in writing")
        self._zeros += len(text) - len(kept)
        return kept.removesuffix(_DOS_END)


def count_lines(text: bytes) -> int:
    """Line ends in a text; several times as quick as ``bytes.count`` on short lines."""
    return int(np.count_nonzero(np.frombuffer(text, np.uint8) == ord("\n")))


def _encoding_of(head: bytes) -> tuple[bytes, str, str]:
    """Byte order mark, codec, and its name in words."""
    for mark, codec, words in _MARKS:
        if head.startswith(mark):
            return mark, codec, words
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if odd > 0.4 * len(head) / 2 and even < 0.05 * len(head) / 2:
        return b"", "utf-16-le", "UTF-16"
    if even > 0.4 * len(head) / 2 and odd < 0.05 * len(head) / 2:
        return b"", "utf-16-be", "UTF-16"
    return b"", "utf-8", "UTF-8"


def _line_ends(head: bytes) -> tuple[bytes, bytes] | None:
    """What else ends lines: a lone CR of old systems, or a CR that was doubled in copying."""
    plain = head.replace(b"\0", b"")
    if b"\r\r\n" in plain:
        return b"\r\r\n", b"\n"
    return (b"\r", b"\n") if b"\r" in plain and b"\n" not in plain else None


def _is_cp1252(raw: bytes) -> bool:
    return not any(code in raw for code in (0x81, 0x8D, 0x8F, 0x90, 0x9D))
