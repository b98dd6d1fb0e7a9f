"""What a command prints: a table for people, JSON for programs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from detector.text import encodable, inert


def as_json(content: Any) -> str:  # noqa: ANN401 -- whatever can be said in JSON
    """Indented JSON; what does not print is escaped, so that no terminal obeys it."""
    try:
        encoded = msgspec.json.encode(content)
    except UnicodeEncodeError:
        encoded = msgspec.json.encode(_encodable(msgspec.to_builtins(content)))
    text = msgspec.json.format(encoded, indent=2).decode()
    if text.replace("\n", "").isprintable():
        return text
    return "".join(mark if mark == "\n" or mark.isprintable() else _escaped(mark) for mark in text)


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]], none: str) -> str:
    """Columns as wide as their widest cell; the word ``none`` where there is no row.

    What does not print is shown escaped.
    """
    if not rows:
        return none
    rows = [tuple(map(inert, row)) for row in rows]
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True))
             for row in [head, *rows]]  # fmt: skip
    return "\n".join(line.rstrip() for line in lines)


def moment(ts: float) -> str:
    """A time to the second, in UTC."""
    return datetime.fromtimestamp(ts, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _encodable(content: Any) -> Any:  # noqa: ANN401 -- whatever can be said in JSON
    if isinstance(content, dict):
        return {encodable(str(name)): _encodable(value) for name, value in content.items()}
    if isinstance(content, list | tuple):
        return [_encodable(value) for value in content]
    return encodable(content) if isinstance(content, str) else content


def _escaped(mark: str) -> str:
    """As JSON escapes it: in UTF-16."""
    units = mark.encode("utf-16-be")
    return "".join(f"\\u{units[i : i + 2].hex()}" for i in range(0, len(units), 2))
