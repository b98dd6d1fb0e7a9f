"""How a reload's answer is put into words."""

from __future__ import annotations

from collections.abc import Sequence


def folded(lines: Sequence[str]) -> list[str]:
    """The first of many lines, with how many more there are."""
    if len(lines) < 2:
        return list(lines)
    return [f"{lines[0]} (and {len(lines) - 1} more)"]
