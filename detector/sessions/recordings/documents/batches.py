"""Messages that hold several samples each, as they are recorded one a line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from detector.sessions.recordings.documents.rows import Row, leaves

TIMES = frozenset({"ts", "time", "times", "timestamp", "timestamps", "t", "datetime"})


def rows_of(content: Row, left_out: dict[str, str]) -> Iterator[Row]:
    """An object as one row, or as one for each of its times; single values are those of all.

    Args:
        content: ``{"ts": 1.0, "x": 2.0}``, or ``{"ts": [1.0, 1.1], "x": [2.0, 2.1]}``.
        left_out: Lists of another length are added with the reason.
    """
    found = dict(leaves(content))
    n = next((len(leaf) for name, leaf in found.items() if _is_times(name, leaf)), None)
    if n is None:
        yield content
        return
    lists = {name: leaf for name, leaf in found.items() if isinstance(leaf, list)}
    left_out |= {
        name: f"{len(leaf)} values for {n} times" for name, leaf in lists.items() if len(leaf) != n
    }
    single = {name: leaf for name, leaf in found.items() if name not in lists}
    columns = {name: leaf for name, leaf in lists.items() if len(leaf) == n}
    for k in range(n):
        yield {**single, **{name: leaf[k] for name, leaf in columns.items()}}


def _is_times(name: str, leaf: Any) -> bool:  # noqa: ANN401 -- as a document has it
    return isinstance(leaf, list) and name.rpartition(".")[2].lower() in TIMES
