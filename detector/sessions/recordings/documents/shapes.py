"""A whole document -> tables: rows, columns, what pandas writes, and exports that are known."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from detector.errors import SessionFileError
from detector.sessions.recordings.documents.cells import column_of, index_name
from detector.sessions.recordings.documents.columnar import Columns, columnar
from detector.sessions.recordings.documents.parse import decode
from detector.sessions.recordings.documents.platforms import recognised
from detector.sessions.recordings.documents.rows import bare, columns_of, leaves

HEADS = frozenset({"columns", "names", "header", "headers", "fields", "channels"})
INDEX = re.compile(r"-?\d+|\d{4}-\d\d-\d\d.*")
Names = tuple[str, ...] | None


def tables_of(document: object, names: Names, where: str) -> list[Columns]:
    """Every table of a document.

    Args:
        document: As it was decoded.
        names: Of columns, where the document names none.
        where: The file, for the refusal.

    Raises:
        SessionFileError: If it holds none, or its columns need names.
    """
    found = recognised(document)
    if found is None:
        found = _of_list(document, names, where) if isinstance(document, list) else None
    if found is None and isinstance(document, dict):
        found = _of_object(document, names, where)
    for one in found or ():
        lengths = sorted(set(map(len, one.cells.values())))
        if len(lengths) > 1:
            raise SessionFileError(f"{where}: columns of {lengths[0]} to {lengths[-1]} values")
    found = [one for one in found or () if len(one)]
    if not found:
        raise SessionFileError(f"{where}: no row in it, allowed: objects, or lists of one length")
    if len(found) == 1:
        found[0].name = ""
    return found


def holds_numbers(content: bytes) -> bool:
    """Whether a document has two rows with a number in them: no description, no list of names."""
    try:
        tables = tables_of(decode(content, ""), None, "")
    except SessionFileError as refused:
        return "--columns" in str(refused)
    return any(len(one) > 1 and _has_numbers(one) for one in tables)


def _has_numbers(table: Columns) -> bool:
    return any(column_of(list(cells)).dtype != "str" for cells in table.cells.values())


def _of_list(document: list[Any], names: Names, where: str) -> list[Columns]:
    kinds = set(map(type, document)) - {type(None)}
    if not kinds:
        return []
    if kinds == {dict}:
        return [columns_of([row or {} for row in document])]
    if kinds == {list}:
        return [_of_lists([row or [] for row in document], names, where)]
    if kinds <= {int, float, bool}:
        return [Columns({(names or ("value",))[0]: document})]
    words = ", ".join(sorted(kind.__name__ for kind in kinds))
    raise SessionFileError(f"{where}: a list of {words}; allowed: of objects, lists or numbers")


def _of_lists(rows: list[list[Any]], names: Names, where: str) -> Columns:
    """Rows of cells, under the first where that is all words."""
    if all(isinstance(cell, str) for cell in rows[0]) and names is None and len(rows) > 1:
        names, rows = tuple(rows[0]), rows[1:]
    width = max(map(len, rows))
    if names is None:
        raise SessionFileError(f"{where}: columns without names, allowed: --columns with {width}")
    for n, row in enumerate(rows, 1):
        if len(row) != len(names):
            raise SessionFileError(f"{where}: row {n}: {len(row)} cells, allowed: {len(names)}")
    if len(set(names)) < len(names):
        raise SessionFileError(f"{where}: a column's name twice, found {', '.join(names)}")
    return Columns({name: [row[k] for row in rows] for k, name in enumerate(names)})


def _of_object(document: dict[str, Any], names: Names, where: str) -> list[Columns]:
    indexed = _indexed(document)
    if indexed is not None:
        return [indexed]
    found = dict(leaves(document))
    tables = {name: leaf for name, leaf in found.items() if _is_rows(leaf)}
    if tables:
        return _of_tables(found, tables, where)
    heads = [name for name in found if name.lower().rpartition(".")[2] in HEADS]
    cells = {name: leaf for name, leaf in found.items() if _is_lists(leaf)}
    if len(cells) == 1 and len(heads) == 1 and _is_words(found[heads[0]]):
        return [_of_split(found, heads[0], next(iter(cells)), where)]
    return [_of_columns(found)]


def _of_tables(found: dict[str, Any], tables: dict[str, Any], where: str) -> list[Columns]:
    """Lists of objects beside what tells of them."""
    rest = columnar({name: _array(leaf) for name, leaf in found.items() if name not in tables})
    made = []
    for name, rows in tables.items():
        for one in tables_of(rows, None, where):
            one.name = one.name or (name if len(tables) > 1 else "")
            one.rate_hz, one.first = rest.rate_hz, rest.first
            made.append(one)
    words = [one.name for one in made if not _has_numbers(one)]
    kept = [one for one in made if _has_numbers(one)] or made
    for one in kept:
        one.name = one.name if len(kept) > 1 else ""
        one.left_out |= rest.left_out | dict.fromkeys(rest.cells, "beside the rows")
        one.left_out |= dict.fromkeys(words if kept is not made else (), "rows of words")
    return kept


def _of_split(found: dict[str, Any], head: str, cells: str, where: str) -> Columns:
    """Names apart from rows, as pandas writes with ``split``; its index may be the time."""
    table = _of_lists(found[cells], tuple(found[head]), where)
    index = found.get("index")
    if isinstance(index, list) and len(index) == len(table):
        table.cells = _with_index(index, table.cells)
    return table


def _of_columns(found: dict[str, Any]) -> Columns:
    table = columnar({name: _array(leaf) for name, leaf in found.items()})
    short = bare(list(table.cells))
    table.cells = {short[name]: cells for name, cells in table.cells.items()}
    return table


def _array(leaf: Any) -> np.ndarray:  # noqa: ANN401 -- as a document has it
    """Of a list or a single value; lists of lists of one length have two axes."""
    if not isinstance(leaf, list):
        return np.array([None if isinstance(leaf, dict) else leaf], object)
    if _is_lists(leaf) and len({len(row) for row in leaf}) == 1:
        return np.array(leaf, object)
    array = np.empty(len(leaf), object)
    array[:] = leaf
    return array


def _indexed(document: dict[str, Any]) -> Columns | None:
    """Columns by row, or rows by index, as pandas writes by default and with ``orient="index"``."""
    inner = list(document.values())
    if not inner or not all(isinstance(one, dict) and one for one in inner):
        return None
    if any(isinstance(value, dict | list) for one in inner for value in one.values()):
        return None
    if all(map(INDEX.fullmatch, document)):
        return Columns(_with_index(list(document), columns_of(inner).cells))
    keys = list(inner[0])
    if not all(map(INDEX.fullmatch, keys)) or any(list(one) != keys for one in inner):
        return None
    return Columns(_with_index(keys, {n: list(one.values()) for n, one in document.items()}))


def _with_index(index: list[Any], cells: dict[str, Any]) -> dict[str, Any]:
    """Columns behind their index, whose digits may be text as the keys of an object are."""
    if all(isinstance(one, str) and one.lstrip("-").isdigit() for one in index):
        index = [int(one) for one in index]
    name = index_name(index, list(cells))
    return cells if name in cells else {name: index, **cells}


def _is_rows(leaf: object) -> bool:
    return isinstance(leaf, list) and bool(leaf) and all(isinstance(one, dict) for one in leaf)


def _is_lists(leaf: object) -> bool:
    return isinstance(leaf, list) and bool(leaf) and all(isinstance(one, list) for one in leaf)


def _is_words(leaf: object) -> bool:
    return isinstance(leaf, list) and all(isinstance(one, str) for one in leaf)
