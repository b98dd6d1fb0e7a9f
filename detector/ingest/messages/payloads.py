"""The bytes of a message before anything is read in them."""

from __future__ import annotations

import zlib

from detector.ingest.messages.contract import RefusedPayloadError

MAX_BYTES = 1 << 20  # of a payload, also unpacked
GZIP = b"\x1f\x8b"
BOM = b"\xef\xbb\xbf"


def unpacked(payload: bytes) -> bytes:
    """Without gzip.

    Raises:
        RefusedPayloadError: If it is broken, or unpacks to more than ``MAX_BYTES``.
    """
    if not payload.startswith(GZIP):
        return payload
    unzip = zlib.decompressobj(wbits=31)
    try:
        content = unzip.decompress(payload, MAX_BYTES + 1)
    except zlib.error as error:
        line = f"payload: broken gzip ({error}), allowed: a whole one"
        raise RefusedPayloadError("format", line) from None
    if len(content) > MAX_BYTES:
        raise too_large(len(content))
    return content


def bare(payload: bytes) -> bytes:
    """Without byte-order mark, and, in front of text, without trailing NUL and newline."""
    content = payload.removeprefix(BOM)
    if content[:1] in (b"{", b"[") or content[:1].isalnum():
        return content.rstrip(b"\0\r\n\t ")
    return content


def too_large(n_bytes: int) -> RefusedPayloadError:
    """The refusal of so many bytes."""
    return RefusedPayloadError("size", f"payload: {n_bytes} bytes, allowed: {MAX_BYTES}")
