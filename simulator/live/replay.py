"""Recorded sessions sent again over MQTT, in real time or faster."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Event

import numpy as np
from numpy.typing import NDArray

from simulator.errors import SimulatorError
from simulator.faults.inject import FAULTS
from simulator.live.announcing import Announcer
from simulator.live.publisher import Publisher
from simulator.live.replay_run import SessionRun
from simulator.live.replay_session import Session
from simulator.live.requests import LiveRequests
from simulator.recordings import files, truth
from simulator.recordings.fault_request import healthy_rows
from simulator.recordings.files import RUNNING_COLUMNS

Array = NDArray[np.float64]

MESSAGE_S = 0.1  # of a waveform in one message
LEAST_BATCH = 50  # samples a message
GAP = 3.0  # periods; beyond, a burst ended, and no message holds two
PAUSE_S = 1.0  # between two sessions, by the device's clock and in fact; well above a sampling gap


@dataclass(frozen=True)
class Pace:
    """How a session is sent.

    Attributes:
        speed: Times real time.
        batch: Samples a message; None: at least ``LEAST_BATCH``, of waveforms ``MESSAGE_S``.
        loop: Whether to begin again for ever.
        bursts: Whether a message has one time and a rate instead of a time for each sample.
    """

    speed: float = 1.0
    batch: int | None = None
    loop: bool = False
    bursts: bool = False

    def samples(self, rate_hz: float) -> int:
        """Most samples of a message."""
        return self.batch or max(LEAST_BATCH, round(MESSAGE_S * rate_hz))


def load(path: Path, *, features: list[str] | None, limit_rows: int | None) -> Session:
    """Read what is to be sent of a session file, and its ground truth.

    The truth is the document beside the file; without one the label tells of faults.

    Args:
        path: Session file.
        features: Features to send; all of them if None. A running signal is sent in any case.
        limit_rows: Rows to send; all of them if None.

    Raises:
        SimulatorError: If the file or its truth cannot be read, or lacks a feature.
    """
    recording = files.read(path, limit_rows=limit_rows)
    missing = [name for name in features or [] if name not in recording.features]
    if missing:
        raise SimulatorError(
            f"{path}: no feature {', '.join(missing)}; allowed: {', '.join(recording.features)}"
        )
    columns = {name: recording.features[name] for name in features or recording.features}
    running = recording.column(RUNNING_COLUMNS)
    if running is not None:
        columns[running] = recording.numbers(running)
    known, label = truth.find(path), recording.label()
    episodes = truth.from_label(recording.ts, label) if known is None else known.episodes
    faults = truth.place(episodes, recording.ts, label)
    return Session(path.stem, recording.ts, columns, faults, healthy_rows(recording))


def replay(
    sessions: list[Session],
    publisher: Publisher,
    *,
    device: str,
    pace: Pace,
    stop: Event,
    advance: Callable[[int], object],
    requests: LiveRequests | None = None,
) -> None:
    """Send sessions one after the other as one device.

    The first sample of a session is rebased to now and the recorded spacing kept, so at ``speed`` k
    the device's clock runs k times fast; the next session never begins before the last one's end.
    Which faults start and end with a batch is told right after it.

    Args:
        sessions: At least one.
        publisher: An open connection.
        device: Name of the machine.
        pace: How fast, in what portions, how often.
        stop: Set it to end early.
        advance: Called with the number of samples sent since the last call.
        requests: Faults asked for meanwhile.
    """
    last_ts, run = -np.inf, 0
    while not stop.is_set():
        run += 1
        for session in sessions:
            if last_ts > -np.inf and stop.wait(PAUSE_S / pace.speed):
                return  # or the clock would run ahead by a pause with every session
            begin = max(time.time(), last_ts + PAUSE_S)
            last_ts = begin + float(session.due.max())
            announcer = Announcer(publisher, device, tuple(FAULTS), session.features)
            sending = SessionRun(
                session,
                name=f"{session.name}-{run}",
                begin=begin,
                publisher=publisher,
                device=device,
                requests=requests,
                bursts=pace.bursts,
            )
            for rows in paced(session.due, pace, stop):
                sending.send(rows)
                if requests is not None:
                    announcer.tell()
                advance(rows.stop - rows.start)
            sending.close()
        if not pace.loop:
            return


def paced(due: Array, pace: Pace, stop: Event) -> Iterator[slice]:
    """Yield each batch of rows when its last sample is due, on one schedule without drift."""
    begin = time.monotonic()
    for rows in batches(due, pace):
        when = begin + float(due[rows.stop - 1]) / pace.speed
        if stop.wait(max(0.0, when - time.monotonic())):
            return
        yield rows


def batches(due: Array, pace: Pace) -> Iterator[slice]:
    """The rows of each message; none goes over a gap, or the rest of a burst would wait."""
    steps = np.diff(due)
    period_s = float(np.median(steps)) if len(steps) else 1.0
    ends = [*(np.flatnonzero(steps > GAP * period_s) + 1).tolist(), len(due)]
    size = pace.samples(1.0 / max(period_s, 1e-9))
    first = 0
    for end in ends:
        yield from (slice(at, min(at + size, end)) for at in range(first, end, size))
        first = end
