"""Recorded sessions sent again over MQTT, in real time or faster."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import numpy as np
from numpy.typing import NDArray

from simulator import session_files
from simulator.errors import SimulatorError
from simulator.publisher import Publisher
from simulator.session_files import RUNNING_COLUMNS

Array = NDArray[np.float64]

PAUSE_S = 1.0  # between two sessions on the device's clock, well above a sampling gap


@dataclass(frozen=True)
class Session:
    """One file, ready to be sent.

    Attributes:
        name: Stem of the file.
        ts: Shape (n,), seconds.
        columns: What is sent beside the time, each shape (n,); labels never are.
    """

    name: str
    ts: Array
    columns: dict[str, Array]


@dataclass(frozen=True)
class Pace:
    """``speed`` times real time, ``batch`` samples a message, ``loop`` for ever."""

    speed: float = 1.0
    batch: int = 50
    loop: bool = False


def load(path: Path, *, features: list[str] | None, limit_rows: int | None) -> Session:
    """Read what is to be sent of a session file.

    Args:
        path: Session file.
        features: Features to send; all of them if None. A running signal is sent in any case.
        limit_rows: Rows to send; all of them if None.

    Raises:
        SimulatorError: If the file cannot be read or lacks a feature.
    """
    recording = session_files.read(path, limit_rows=limit_rows)
    missing = [name for name in features or [] if name not in recording.features]
    if missing:
        raise SimulatorError(
            f"{path}: no feature {', '.join(missing)}; allowed: {', '.join(recording.features)}"
        )
    columns = {name: recording.features[name] for name in features or recording.features}
    running = recording.column(RUNNING_COLUMNS)
    if running is not None:
        columns[running] = recording.numbers(running)
    return Session(path.stem, recording.ts, columns)


def replay(
    sessions: list[Session],
    publisher: Publisher,
    *,
    device: str,
    pace: Pace,
    stop: Event,
    advance: Callable[[int], object],
) -> None:
    """Send sessions one after the other as one device.

    The first sample of a session is rebased to now and the recorded spacing kept, so at ``speed`` k
    the device's clock runs k times fast; the next session never begins before the last one's end.

    Args:
        sessions: At least one.
        publisher: An open connection.
        device: Name of the machine.
        pace: How fast, in what portions, how often.
        stop: Set it to end early.
        advance: Called with the number of samples sent since the last call.
    """
    last_ts, run = -np.inf, 0
    while not stop.is_set():
        run += 1
        for session in sessions:
            begin = max(time.time(), last_ts + PAUSE_S)
            ts = session.ts - session.ts[0] + begin
            for rows in paced(session.ts, pace, stop):
                columns = {name: column[rows] for name, column in session.columns.items()}
                batch = {"ts": ts[rows].round(6), **columns}
                publisher.publish(device, batch, session=f"{session.name}-{run}")
                last_ts = float(ts[rows].max())
                advance(rows.stop - rows.start)
        if not pace.loop:
            return


def paced(ts: Array, pace: Pace, stop: Event) -> Iterator[slice]:
    """Yield each batch of rows when its last sample is due, on one schedule without drift."""
    begin = time.monotonic()
    for first in range(0, len(ts), pace.batch):
        rows = slice(first, min(first + pace.batch, len(ts)))
        due = begin + float(ts[rows.stop - 1] - ts[0]) / pace.speed
        if stop.wait(max(0.0, due - time.monotonic())):
            return
        yield rows
