"""Frames of a tick become blocks of some seconds: fewer rows, packed arrays."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from detector.records import Frame
from detector.store.history import rollups
from detector.store.rows.rows import LOOSE, PACKED, frame_of, row_of
from detector.store.schema import Engine, frames

BLOCK_S, BLOCK_SAMPLES = 10.0, 20_000
AT_ONCE = 400  # frames looked at in one step


@dataclass(frozen=True, slots=True)
class Settled:
    """Up to which number frames may be merged; see ``settling.py``.

    Attributes:
        seen: Every viewer has seen frames up to it.
        silent: And for so long that a run which ends there gets no more.
    """

    seen: float
    silent: float


ALL = Settled(math.inf, math.inf)  # where nobody looks and nothing comes


def merge(store: Engine, device: str, settled: Settled) -> int:
    """Merge the oldest loose frames of a device, in one transaction.

    The block has the highest number of its frames, so frames keep their order. Only frames that
    the rollups have counted are merged: these go by number.

    Args:
        store: Open.
        device: Name of the machine.
        settled: Which frames may be.

    Returns:
        How many frames became blocks; 0: there is nothing to do.
    """
    with store.connect() as connection:
        loose = _loose(connection, device, settled.seen)
        due = [run for run in runs(loose) if _is_due(run, settled.silent)]
        if not due:
            return 0
        rows = [row_of(joined(run), PACKED) for run in due]
        numbers = [frame.frame_id for run in due for frame in run]
        connection.rollback()  # a lock of SQLite is held for the writing alone
        deleted = connection.execute(frames.delete().where(frames.c.id.in_(numbers))).rowcount
        if deleted != len(numbers):  # another one has moved some meanwhile
            return 0
        connection.execute(frames.insert(), rows)
        connection.commit()
    return len(numbers)


def runs(found: Iterable[Frame]) -> list[list[Frame]]:
    """Frames in order of commit in groups that can be one block; each frame in one of them.

    A block is of one session, its samples in order, without an anomaly or of nothing but
    frames with the same contributions: those say which feature a marker belongs to.
    """
    made: list[list[Frame]] = []
    newest: dict[str, list[Frame]] = {}
    for frame in found:
        run = newest.get(frame.session)
        if run is None or not _belongs(run, frame):
            run = newest[frame.session] = []
            made.append(run)
        run.append(frame)
    return made


def _is_due(run: list[Frame], silent: float) -> bool:
    """Whether it lasts long enough, or nothing more has come for it."""
    is_full = run[-1].ts[-1] - run[0].ts[0] >= 0.9 * BLOCK_S
    return bool(is_full or (run[-1].frame_id or 0) <= silent)


def joined(run: list[Frame]) -> Frame:
    """Consecutive frames as one, numbered as the newest; it contributes what the highest did."""
    if len(run) == 1:
        return run[0]
    return replace(
        run[-1],
        ts=_joined(run, "ts"),
        values=_joined(run, "values"),
        reconstruction=_joined(run, "reconstruction"),
        score=_joined(run, "score"),
        mse=_joined(run, "mse"),
        judged=_joined(run, "judged"),
        contributions=max(run, key=_highest).contributions,
        arrival=max(frame.arrival for frame in run),
        frame_id=max(frame.frame_id or 0 for frame in run),
    )


def _joined(run: list[Frame], name: str) -> npt.NDArray[Any]:
    return np.concatenate([getattr(frame, name) for frame in run])


def _belongs(run: list[Frame], frame: Frame) -> bool:
    first, last = run[0], run[-1]
    is_alike = first.features == frame.features and first.threshold == frame.threshold
    is_next = frame.ts[0] > last.ts[-1] and frame.ts[-1] < first.ts[0] + BLOCK_S
    samples = sum(len(one.ts) for one in run) + len(frame.ts)
    return is_alike and is_next and samples <= BLOCK_SAMPLES and _tell_alike(first, frame)


def _tell_alike(first: Frame, frame: Frame) -> bool:
    if not first.anomaly.any() and not frame.anomaly.any():
        return True
    return bool(np.array_equal(first.contributions, frame.contributions))


def _highest(frame: Frame) -> float:
    return float(np.nanmax(frame.score)) if np.isfinite(frame.score).any() else -np.inf


def _loose(connection: Connection, device: str, seen: float) -> list[Frame]:
    """The oldest ones, all of them seen and counted."""
    newest = min(rollups.counted_to(connection, device), seen)
    query = (
        sa.select(frames)
        .where(frames.c.device == device, frames.c.packing == LOOSE, frames.c.id <= newest)
        .order_by(frames.c.id)
        .limit(AT_ONCE)
    )
    return [frame_of(row) for row in connection.execute(query)]
