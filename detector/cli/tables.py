"""What a command prints: a table for people, JSON for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec


def as_json(content: Any) -> str:  # noqa: ANN401 -- whatever can be said in JSON
    """Indented JSON."""
    return msgspec.json.format(msgspec.json.encode(content), indent=2).decode()


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]], none: str) -> str:
    """Columns as wide as their widest cell; the word ``none`` where there is no row."""
    if not rows:
        return none
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True))
             for row in [head, *rows]]  # fmt: skip
    return "\n".join(line.rstrip() for line in lines)
