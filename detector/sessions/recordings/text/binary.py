"""Bytes that are no text, whatever they are called."""

from __future__ import annotations

from detector.errors import SessionFileError

ALLOWED = "allowed: delimited text"
_MOST_CONTROL = 0.05  # share of control characters; bytes at random have 0.1
_CONTROL = bytes(code for code in range(32) if code not in b"\t\n\v\f\r\x1a\x1b")


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
