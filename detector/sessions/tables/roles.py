"""What each column of a table is: time, label, session, feature, or nothing of the machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from detector.errors import SessionFileError
from detector.sessions.tables.candidates import ChosenTime
from detector.sessions.tables.columns.names import (
    CHANGE_POINT,
    COUNTERS,
    LABELS,
    RECONSTRUCTED,
    SESSION,
    WRITTEN,
    Column,
)
from detector.text import listed

RUNNING = ("rpm", "running")  # running signals: kept, but no model feature
INFLUX = frozenset({"result", "table", "_start", "_stop", "_measurement", "_field"})
BY_SCORE = "written by `score` or `export`"
JUDGEMENT = "anomaly"  # beside a score and a threshold a model's own, no ground truth


@dataclass(slots=True)
class Roles:
    """Columns by what they are.

    Attributes:
        time: Where there is one.
        features: Those that may be one, in order.
        label: Says which rows are faulty.
        session: Names each row's session.
        left_out: The others, with the reason.
    """

    time: ChosenTime
    features: list[Column] = field(default_factory=list)
    label: Column | None = None
    session: Column | None = None
    left_out: dict[str, str] = field(default_factory=dict)


def roles_of(
    columns: Sequence[Column],
    cells: pd.DataFrame,
    time: ChosenTime,
    features: Sequence[str] | None,
    where: str,
) -> Roles:
    """Tell the columns of a wide table apart.

    Args:
        columns: As in ``cells``.
        cells: The first rows.
        time: Its time.
        features: Names to keep besides a running signal; None keeps all.
        where: The file, for refusals.

    Raises:
        SessionFileError: If it has not all of ``features``.
    """
    roles = Roles(time, left_out={column.shown: why for column, why in time.left_out})
    others = {column.place for column, _ in time.left_out} | {c.place for c in time.columns}
    is_influx = any(column.heading == "_time" for column in columns)
    wanted = set(features or ())
    is_scored = {"score", "threshold"} <= {column.name for column in columns}
    for column in columns:
        if is_scored and column.name == JUDGEMENT:
            roles.left_out[column.shown] = BY_SCORE
            continue
        if column.place in others or _is_mark(column, roles):
            continue
        is_kept = column.name in wanted
        why = None if is_kept else _reason_out(column, cells.iloc[:, column.place], is_influx)
        if why is None:
            roles.features.append(column)
        else:
            roles.left_out[column.shown] = why
    if features is not None:
        roles.features = _chosen(roles.features, features, where)
    return roles


def _is_mark(column: Column, roles: Roles) -> bool:
    """Whether a column is the label or the session, and takes its place."""
    if column.key == SESSION and roles.session is None:
        roles.session = column
        return True
    if column.key in LABELS:
        if roles.label is None:
            roles.label = column
        elif column.key == LABELS[0]:
            roles.left_out[roles.label.shown] = "another label"
            roles.label = column
        else:
            roles.left_out[column.shown] = "another label"
        return True
    return False


def _reason_out(column: Column, cells: pd.Series, is_influx: bool) -> str | None:
    if column.name in WRITTEN or column.name.endswith(RECONSTRUCTED):
        return BY_SCORE
    if column.key == CHANGE_POINT:
        return "marks changes, no signal"
    if is_influx and column.heading in INFLUX:
        return "of InfluxDB's own"
    if column.key in COUNTERS and _counts_rows(cells):
        return "row number"
    if column.name:
        return None
    return "without a name" if cells.notna().any() else "empty, without a name"


def _counts_rows(cells: pd.Series) -> bool:
    """Whether numbers go up by one from row to row."""
    numbers = pd.to_numeric(cells, errors="coerce").to_numpy(np.float64)
    return len(numbers) > 1 and bool((np.diff(numbers) == 1).all())


def _chosen(present: list[Column], features: Sequence[str], where: str) -> list[Column]:
    by_name = {column.name: column for column in present}
    missing = [name for name in features if name not in by_name]
    if missing:
        raise SessionFileError(
            f"{where}: no column {', '.join(missing)}; found {listed(list(by_name), 40)}"
        )
    running = [c for c in present if c.name in RUNNING and c.name not in features]
    return [*(by_name[name] for name in features), *running]
