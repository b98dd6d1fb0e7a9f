"""What databases, dashboards and homes export, recognised by its keys.

Channels that have times of their own come in long form (time, name, value) and are widened later,
by one rule for every kind of file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeAlias

from detector.sessions.recordings.documents.columnar import Columns

Found: TypeAlias = list[Columns] | None
Point: TypeAlias = tuple[Any, str, Any]


def recognised(document: object) -> Found:
    """Tables of an export that is known; None: it is none."""
    return next((found for read in PLATFORMS if (found := read(document)) is not None), None)


def _influx(document: object) -> Found:
    """InfluxDB 1: ``results[].series[]`` with ``columns`` and ``values``."""
    series = [
        one
        for result in _objects(_at(document, "results"))
        for one in _objects(result.get("series"))
        if isinstance(one.get("columns"), list) and isinstance(one.get("values"), list)
    ]
    return [_of_series(one) for one in series] or None


def _of_series(series: dict[str, Any]) -> Columns:
    names, rows = series["columns"], series["values"]
    tags = ",".join(f"{key}={value}" for key, value in (series.get("tags") or {}).items())
    name = ",".join(part for part in (str(series.get("name") or ""), tags) if part)
    cells = {str(name): [_cell(row, k) for row in rows] for k, name in enumerate(names)}
    return Columns(cells, name, "of InfluxDB")


def _cell(row: Any, k: int) -> Any:  # noqa: ANN401 -- as a document has it
    return row[k] if isinstance(row, list) and k < len(row) else None


def _grafana(document: object) -> Found:
    """Data frames: a panel's, or the answer to a query."""
    answers = _at(document, "results")
    frames = _objects(document) if isinstance(document, list) else [
        frame
        for answer in (answers.values() if isinstance(answers, dict) else ())
        for frame in _objects(_at(answer, "frames"))
    ]  # fmt: skip
    if not frames or not all(map(_is_frame, frames)):
        return None
    if len(frames) == 1:
        return [_of_frame(frames[0])]
    return [_long((point for frame in frames for point in _points(frame)), "of Grafana")]


def _is_frame(frame: dict[str, Any]) -> bool:
    fields, values = _at(_at(frame, "schema"), "fields"), _at(_at(frame, "data"), "values")
    is_whole = isinstance(fields, list) and isinstance(values, list) and len(fields) == len(values)
    return is_whole and all(isinstance(one, list) for one in values or ())


def _of_frame(frame: dict[str, Any]) -> Columns:
    names = [_named(one) for one in frame["schema"]["fields"]]
    found = Columns(dict(zip(names, frame["data"]["values"], strict=True)), form="of Grafana")
    for name, one in zip(names, frame["schema"]["fields"], strict=True):
        if unit := (one.get("config") or {}).get("unit"):
            found.units[name] = str(unit)
    return found


def _named(one: dict[str, Any]) -> str:
    config = one.get("config") or {}
    labels = ",".join(f"{key}={value}" for key, value in (one.get("labels") or {}).items())
    told = config.get("displayNameFromDS") or config.get("displayName")
    return str(told or ",".join(part for part in (str(one.get("name", "")), labels) if part))


def _points(frame: dict[str, Any]) -> Iterator[Point]:
    fields, values = frame["schema"]["fields"], frame["data"]["values"]
    times = [k for k, one in enumerate(fields) if one.get("type") == "time"][:1]
    for k, one in enumerate(fields):
        if times and k != times[0]:
            yield from (
                (t, _named(one), v) for t, v in zip(values[times[0]], values[k], strict=False)
            )


def _targets(document: object) -> Found:
    """Graphite, and data sources of Grafana that speak as it does."""
    series = _objects(document) if isinstance(document, list) else []
    if not series or not all(isinstance(one.get("datapoints"), list) for one in series):
        return None
    points = (
        (_cell(point, 1), str(one.get("target", "")), _cell(point, 0))
        for one in series
        for point in one["datapoints"]
    )
    return [_long(points, "of Graphite")]


def _prometheus(document: object) -> Found:
    """A range of a query: a matrix."""
    content = _at(document, "data")
    if _at(content, "resultType") != "matrix":
        return None
    points = (
        (_cell(pair, 0), _metric(one.get("metric") or {}), _cell(pair, 1))
        for one in _objects(_at(content, "result"))
        for pair in one.get("values") or ()
    )
    return [_long(points, "of Prometheus")]


def _metric(labels: dict[str, Any]) -> str:
    rest = ",".join(f"{key}={value}" for key, value in labels.items() if key != "__name__")
    return ",".join(part for part in (str(labels.get("__name__", "")), rest) if part)


def _home_assistant(document: object) -> Found:
    """History: states in a list an entity; only the first must name it."""
    lists = document if isinstance(document, list) else []
    groups = lists if lists and all(isinstance(one, list) for one in lists) else [lists]
    first = next((one for group in groups for one in _objects(group)), {})
    if not {"entity_id", "state"} <= first.keys():
        return None
    states = [state for group in groups for state in _states(_objects(group))]
    found = _transposed(states, ("last_changed", "entity_id", "state", "unit"), "of Home Assistant")
    if not any(found.cells["unit"]):
        del found.cells["unit"]
    return [found]


def _states(states: Iterable[dict[str, Any]]) -> Iterator[tuple[Any, ...]]:
    entity, unit = None, None
    for state in states:
        entity = state.get("entity_id", entity)
        unit = (state.get("attributes") or {}).get("unit_of_measurement", unit)
        yield (state.get("last_changed") or state.get("last_updated"), entity, state.get("state"),
               unit)  # fmt: skip


def _by_name(document: object) -> Found:
    """A list of timed values under each name: ThingsBoard, and states over a socket of a home."""
    series = document if isinstance(document, dict) else {}
    rows = [(name, one) for name, some in series.items() for one in _objects(some)]
    keys = {frozenset(one) - {"a"} for _, one in rows}
    if not rows or len(rows) != sum(
        len(some) if isinstance(some, list) else 1 for some in series.values()
    ):
        return None
    if keys <= {frozenset({"ts", "value"})}:
        return [_long(((one["ts"], name, one["value"]) for name, one in rows), "of ThingsBoard")]
    if all({"s", "lu"} <= key <= {"s", "lu", "lc"} for key in keys):
        states = [(one.get("lc", one["lu"]), name, one["s"]) for name, one in rows]
        return [_transposed(states, ("last_changed", "entity_id", "state"), "of Home Assistant")]
    return None


def _long(points: Iterable[Point], form: str) -> Columns:
    return _transposed(list(points), ("time", "name", "value"), form)


def _transposed(rows: list[tuple[Any, ...]], names: tuple[str, ...], form: str) -> Columns:
    return Columns({name: [row[k] for row in rows] for k, name in enumerate(names)}, form=form)


def _at(content: object, key: str) -> Any:  # noqa: ANN401 -- as a document has it
    return content.get(key) if isinstance(content, dict) else None


def _objects(some: object) -> list[dict[str, Any]]:
    return [one for one in some if isinstance(one, dict)] if isinstance(some, list) else []


PLATFORMS: tuple[Callable[[object], Found], ...] = (
    _influx, _grafana, _targets, _prometheus, _home_assistant, _by_name,
)  # fmt: skip
