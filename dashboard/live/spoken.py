"""Messages in the language of who gets them.

What is sent is made once, for all viewers. For those of another language the sentences of the
detector in it are exchanged, wherever they stand; the samples stay as they are.
"""

from __future__ import annotations

from typing import Any

import msgspec

from dashboard.live import wire
from dashboard.words import catalogue, told

SENTENCES = {"sentence", "reason", "outcome", "connection", "error", "provenance"}  # fields


def spoken(language: str, message: bytes, *, has_samples: bool = False) -> bytes:
    """A message with its sentences in a language.

    Args:
        language: One of ``catalogue.languages()``.
        message: As it is sent to those who read English.
        has_samples: It is one of ``wire``, else JSON.
    """
    if language == catalogue.DEFAULT:
        return message
    if has_samples:
        header, samples = wire.opened(message)
        return wire.closed(_exchanged(language, header), samples)
    return msgspec.json.encode(_exchanged(language, msgspec.json.decode(message)))


def _exchanged(language: str, said: Any) -> Any:  # noqa: ANN401 -- JSON
    if isinstance(said, dict):
        return {
            name: told.translated(language, value)
            if name in SENTENCES and isinstance(value, str)
            else _exchanged(language, value)
            for name, value in said.items()
        }
    if isinstance(said, list):
        return [_exchanged(language, one) for one in said]
    return said
