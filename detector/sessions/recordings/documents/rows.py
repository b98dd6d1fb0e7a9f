"""Objects, one a row -> columns: nested ones get dotted names, short lists are vectors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from detector.sessions.recordings.documents.columnar import Columns

Row: TypeAlias = Mapping[str, Any]
WRAPPERS = frozenset({"d", "data", "payload", "values", "fields", "telemetry", "measurements",
                      "result", "results", "value"})  # fmt: skip
MAX_DEPTH = 8  # objects within objects
LONGEST_VECTOR = 16


def leaves(content: Row, prefix: str = "", depth: int = MAX_DEPTH) -> Iterator[tuple[str, Any]]:
    """What an object holds that is no object, by dotted name; nothing below ``MAX_DEPTH``."""
    for key, value in content.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict) and value and depth > 1:
            yield from leaves(value, f"{name}.", depth - 1)
        else:
            yield name, value


def bare(names: Sequence[str]) -> dict[str, str]:
    """Names without the wrapper they are in (``data.x`` is ``x``), where they stay distinct."""
    short = {name: _unwrapped(name) for name in names}
    return short if len(set(short.values())) == len(short) else {name: name for name in names}


def _unwrapped(name: str) -> str:
    first, dot, rest = name.partition(".")
    return rest if dot and first.lower() in WRAPPERS and not rest[0].isdigit() else name


def flat(row: Row, left_out: dict[str, str]) -> dict[str, Any]:
    """One row: single values by name; what can be none is added to ``left_out``."""
    found: dict[str, Any] = {}
    for name, leaf in leaves(row):
        if not isinstance(leaf, list | dict):
            found[name] = leaf
        elif isinstance(leaf, list) and _is_vector(leaf):
            found |= {f"{name}.{k}": value for k, value in enumerate(leaf)}
        elif leaf:
            left_out[name] = "a list within a row" if isinstance(leaf, list) else "nested too deep"
    return found


def _is_vector(leaf: list[Any]) -> bool:
    return len(leaf) <= LONGEST_VECTOR and not any(isinstance(v, list | dict | str) for v in leaf)


def columns_of(rows: Sequence[Row]) -> Columns:
    """Rows as columns; a key that a row has not is missing there."""
    found = Columns({})
    table = [flat(row, found.left_out) for row in rows]
    names = list(dict.fromkeys(name for row in table for name in row))
    short = bare(names)
    found.cells = {short[name]: [row.get(name) for row in table] for name in names}
    return found
