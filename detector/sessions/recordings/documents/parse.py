"""Bytes of a document -> its values, NaN and the like too, which is no JSON to the letter."""

from __future__ import annotations

import json

import msgspec

from detector.errors import SessionFileError

_ANY = msgspec.json.Decoder()
ALLOWED = "a JSON document, or one a line"


def decode(content: bytes, where: str) -> object:
    """A document; NaN, Infinity and numbers beyond any float are taken as they are.

    Args:
        content: In UTF-8.
        where: The file, with the line if need be, for the refusal.

    Raises:
        SessionFileError: If it is no JSON, or nested too deep.
    """
    try:
        return _ANY.decode(content)
    except RecursionError:
        raise _too_deep(where) from None
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return _leniently(content, where)


def decode_all(documents: list[bytes]) -> list[object] | None:
    """Documents in one go, which is several times as fast; None where one is not whole."""
    try:
        found = _ANY.decode(b"[" + b",".join(documents) + b"]")
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return found if isinstance(found, list) and len(found) == len(documents) else None


def _leniently(content: bytes, where: str) -> object:
    try:
        return json.loads(content)
    except RecursionError:
        raise _too_deep(where) from None
    except ValueError as error:
        reason = " ".join(str(error).split())
        raise SessionFileError(f"{where}: no JSON ({reason}), allowed: {ALLOWED}") from None


def _too_deep(where: str) -> SessionFileError:
    return SessionFileError(f"{where}: nested too deep, allowed: {ALLOWED}")
