"""Frames of one device as a Parquet file and back, exact to the bit.

Columns: ``time`` (UTC, to the nanosecond), the features, ``score``, ``mse``, ``judged``,
``anomaly``, ``threshold``, ``session``, and ``<feature>_reconstruction``, which is null but around
alarms. A nanosecond tells every float64 of a date from its neighbours; of a clock that began at 0,
which is finer, ``ts`` has the exact times.
"""

from __future__ import annotations

import io
import math
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from detector.records import Flags, Frame, Times, Values

MARK = b"faultline"  # key of what is said of a file beside its columns
OURS = ("time", "ts", "score", "mse", "judged", "anomaly", "threshold", "session")
NS = 1_000_000_000
PIECE = 4096  # samples of a frame that is read
GROUP = 32_768  # samples that are read together: of an hour, who needs minutes reads those
FLAT = ("threshold", "session", "judged", "anomaly")  # the same over long stretches


class About(msgspec.Struct, frozen=True):
    """What is said of a file beside its columns.

    Attributes:
        device: Name of the machine, which a path may have cut.
        features: The F names; a column is called ``feature:NAME`` where the name is taken.
        arrival: Of the newest sample, detector clock.
    """

    device: str
    features: tuple[str, ...]
    arrival: float


def write(found: Sequence[Frame], kept: Flags) -> bytes:
    """A file of frames.

    Args:
        found: Of one device and with the same features, in order of time, at least one.
        kept: Shape (n,), samples whose reconstruction is kept.
    """
    about = About(found[0].device, found[0].features, max(frame.arrival for frame in found))
    columns = _columns(found, kept)
    table = pa.table(columns).replace_schema_metadata({MARK: msgspec.json.encode(about)})
    packed = [name for name, column in columns.items() if pa.types.is_floating(column.type)]
    split = [name for name in packed if name not in FLAT]
    buffer = io.BytesIO()
    pq.write_table(
        table, buffer, row_group_size=GROUP, compression="zstd", use_dictionary=list(FLAT[:2]),
        write_statistics=["time"],
        column_encoding={"time": "DELTA_BINARY_PACKED"} | dict.fromkeys(split, "BYTE_STREAM_SPLIT"),
    )  # fmt: skip
    return buffer.getvalue()


def read(content: bytes, start: float = -math.inf, end: float = math.inf) -> Iterator[Frame]:
    """The frames of a file, in pieces; reconstructions that were not kept are missing.

    Args:
        content: All of the file.
        start: UTC seconds; pieces that end before it may be left out.
        end: Pieces that begin after it may be left out.

    Raises:
        OSError: If the content is damaged, or no file of ours.
    """
    try:
        file = pq.ParquetFile(io.BytesIO(content))
        about = msgspec.json.decode((file.schema_arrow.metadata or {})[MARK], type=About)
        table = file.read_row_groups(_groups(file, start, end))
    except (pa.ArrowException, KeyError, msgspec.DecodeError) as error:
        raise OSError(f"damaged or no file of an archive ({_line(error)})") from None
    yield from _frames(table, about)


def read_scores(
    content: bytes, late: Collection[str], start: float = -math.inf, end: float = math.inf
) -> tuple[Times, Values, Flags]:
    """Times, scores and what was judged, without what is in other columns.

    Args:
        content: All of the file.
        late: Sessions that are left out.
        start: As for ``read``, as ``end``.
        end: Not in it.

    Raises:
        OSError: If the content is damaged, or no file of ours.
    """
    try:
        file = pq.ParquetFile(io.BytesIO(content))
        present = [name for name in ("ts", "time") if name in file.schema_arrow.names][:1]
        wanted = [*present, "score", "judged", *(("session",) if late else ())]
        table = file.read_row_groups(_groups(file, start, end), columns=wanted)
        ts, score, judged = _times(table), _floats(table, "score"), table["judged"].to_numpy()
    except (pa.ArrowException, KeyError) as error:
        raise OSError(f"damaged or no file of an archive ({_line(error)})") from None
    if not late:
        return ts, score, judged
    live = ~np.isin(table["session"].to_numpy(), list(late))
    return ts[live], score[live], judged[live]


def _groups(file: pq.ParquetFile, start: float, end: float) -> list[int]:
    """Those with samples of a time; all where it is not told exactly."""
    every = range(file.metadata.num_row_groups)
    if "ts" in file.schema_arrow.names:
        return list(every)
    return [i for i in every if _touches(file.metadata.row_group(i).column(0), start, end)]


def _touches(times: pq.ColumnChunkMetaData, start: float, end: float) -> bool:
    told = times.statistics
    if told is None or not told.has_min_max:
        return True
    first, last = _seconds(np.array([told.min_raw, told.max_raw]))
    return bool(first <= end and last >= start)


def column_of(feature: str) -> str:
    """What the column of a feature is called."""
    is_taken = feature in OURS or feature.startswith("feature:") or feature.endswith(ENDING)
    return f"feature:{feature}" if is_taken else feature


ENDING = "_reconstruction"


def _columns(found: Sequence[Frame], kept: Flags) -> dict[str, pa.Array]:
    ts = np.concatenate([frame.ts for frame in found])
    values = np.concatenate([frame.values for frame in found])
    features, lengths = found[0].features, [len(frame.ts) for frame in found]
    columns = {"time": pa.array(_nanoseconds(ts), pa.timestamp("ns", tz="UTC"))}
    if not np.array_equal(_seconds(_nanoseconds(ts)), ts):
        columns["ts"] = pa.array(ts)
    columns |= {column_of(name): pa.array(values[:, i]) for i, name in enumerate(features)}
    for name in ("score", "mse", "judged", "anomaly"):
        columns[name] = pa.array(np.concatenate([getattr(frame, name) for frame in found]))
    columns["threshold"] = pa.array(np.repeat([frame.threshold for frame in found], lengths))
    sessions = np.repeat(np.array([frame.session for frame in found], object), lengths)
    columns["session"] = pa.array(sessions, pa.string())
    told = np.concatenate([frame.reconstruction for frame in found])
    return columns | {
        column_of(name) + ENDING: pa.array(told[:, i], mask=~kept)
        for i, name in enumerate(features)
    }


def _frames(table: pa.Table, about: About) -> Iterator[Frame]:
    ts = _times(table)
    values = _matrix(table, about.features, "")
    shown = _matrix(table, about.features, ENDING)
    score, mse = _floats(table, "score"), _floats(table, "mse")
    judged = table["judged"].to_numpy()
    threshold = table["threshold"].to_numpy()
    session = table["session"].to_numpy()
    nothing = np.zeros(len(about.features), np.float32)
    for part in _pieces(threshold, session):
        yield Frame(
            device=about.device, session=session[part.start], features=about.features,
            ts=ts[part], values=values[part], reconstruction=shown[part], score=score[part],
            mse=mse[part], judged=judged[part], threshold=float(threshold[part.start]),
            contributions=nothing, arrival=about.arrival,
        )  # fmt: skip


def _pieces(threshold: Times, session: np.ndarray) -> Iterator[slice]:
    """Stretches of one session and threshold."""
    changes = (threshold[1:] != threshold[:-1]) | (session[1:] != session[:-1])
    edges = [0, *(np.flatnonzero(changes) + 1).tolist(), len(threshold)]
    for first, last in pairwise(edges):
        for start in range(first, last, PIECE):
            yield slice(start, min(start + PIECE, last))


def _times(table: pa.Table) -> Times:
    if "ts" in table.column_names:
        exact: Times = table["ts"].to_numpy()
        return exact
    return _seconds(table["time"].cast(pa.int64()).to_numpy())


def _matrix(table: pa.Table, features: tuple[str, ...], ending: str) -> Values:
    """Shape (n, F); of columns that are not there, nothing was kept."""
    made = np.full((table.num_rows, len(features)), np.nan, np.float32)
    for i, name in enumerate(features):
        if (column := column_of(name) + ending) in table.column_names:
            made[:, i] = _floats(table, column)
    return made


def _floats(table: pa.Table, column: str) -> Values:
    found: Values = table[column].to_numpy().astype(np.float32, copy=False)
    return found


def _nanoseconds(ts: Times) -> np.ndarray:
    """Shape (n,); a time that no date can tell is the nearest that one can."""
    told = np.clip(ts, -9.2e9, 9.2e9)
    whole = np.floor(told)  # a product with the whole of it would not be exact
    return whole.astype(np.int64) * NS + np.rint((told - whole) * NS).astype(np.int64)


def _seconds(nanoseconds: np.ndarray) -> Times:
    whole, part = np.divmod(nanoseconds, NS)
    return np.asarray(whole + part / NS)


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:120]
