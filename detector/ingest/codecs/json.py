"""JSON: one document, or one a line; NaN and Infinity are taken for missing values."""

from __future__ import annotations

import json
import math

import msgspec

from detector.ingest.envelopes.table import read_document
from detector.ingest.messages.contract import Message, Reading, RefusedPayloadError
from detector.ingest.messages.documents import too_deep
from detector.ingest.messages.values import checked_count
from detector.settings.sources import SourceSettings

_ANY = msgspec.json.Decoder()


class Json:
    """Objects, lists of them, newline-delimited ones, and the known envelopes."""

    def fits(self, message: Message, _: SourceSettings) -> bool:
        """It begins with a brace or a bracket."""
        return message.payload[:64].lstrip()[:1] in (b"{", b"[")

    def read(self, message: Message, source: SourceSettings) -> Reading:
        """Read a message; see ``Codec``."""
        document = parse(message.payload)
        if message.feature is not None and not isinstance(document, dict | list):
            document = {"": document}
        return read_document(document, message, source)


def parse(payload: bytes) -> object:
    """A document; of several lines a list of them.

    Raises:
        RefusedPayloadError: If it is no JSON in UTF-8, or nested too deep.
    """
    try:
        return _ANY.decode(payload)
    except RecursionError:
        raise too_deep() from None
    except msgspec.ValidationError as error:
        line = f"payload: {error}, allowed: finite numbers"
        raise RefusedPayloadError("non-finite", line) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return _parse_again(payload, error)


def _parse_again(payload: bytes, error: Exception) -> object:
    """What is no JSON to the letter: a document a line, or bare NaN and Infinity."""
    if isinstance(error, UnicodeDecodeError):
        line = "payload: not UTF-8, allowed: JSON in UTF-8"
        raise RefusedPayloadError("json", line) from None
    lines = [line for line in payload.splitlines() if line.strip()]
    if len(lines) > 1 and all(line.lstrip()[:1] == b"{" for line in lines):
        checked_count(len(lines))
        return [parse(line) for line in lines]
    if b"NaN" in payload or b"Infinity" in payload or b"nan" in payload:
        return _lenient(payload, error)
    raise _malformed(error)


def _lenient(payload: bytes, error: Exception) -> object:
    text = payload.decode(errors="replace").replace(": nan", ": NaN").replace(":nan", ":NaN")
    try:
        return json.loads(text, parse_constant=_missing, parse_float=_finite)
    except RecursionError:
        raise too_deep() from None
    except ValueError:
        raise _malformed(error) from None


def _missing(_: str) -> None:
    return None


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        line = f"payload: found {text[:40]}, allowed: finite numbers"
        raise RefusedPayloadError("non-finite", line)
    return number


def _malformed(error: Exception) -> RefusedPayloadError:
    return RefusedPayloadError(
        "json", f"payload: {error}, allowed: a JSON object or a list of them"
    )
