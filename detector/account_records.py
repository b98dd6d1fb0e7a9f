"""What the running detector says of itself, for whoever looks after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class SourceAccount:
    """One source of messages.

    Attributes:
        topic: Its template.
        format: A codec's name, or ``auto``.
        messages: Read or refused since the start.
        samples: Read from them.
        messages_per_s: Lately.
        samples_per_s: Lately.
        refused: Messages by kind of reason.
    """

    topic: str
    format: str
    messages: int
    samples: int
    messages_per_s: float
    samples_per_s: float
    refused: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Account:
    """The process, its connection and its queues; times are UTC seconds.

    Attributes:
        at: When this was written.
        pid: Of the process.
        host: Its computer.
        started_at: When it began.
        versions: Of Faultline, Python and the libraries that count, by name.
        memory_bytes: Resident; None: not known here.
        cpu_share: Of one core, lately.
        broker: Its address, without secrets.
        connection: State of the connection.
        reason: One line on it.
        since: When it came to this state.
        lag_s: From arrival to commit, of the newest commit with samples; None before.
        committed_at: When the newest commit was made; None before.
        waiting_samples: Received and not scored yet.
        unsaved_frames: Scored and not committed yet.
        sources: In the order of the settings.
    """

    at: float
    pid: int
    host: str
    started_at: float
    versions: dict[str, str]
    memory_bytes: int | None
    cpu_share: float
    broker: str
    connection: str
    reason: str
    since: float
    lag_s: float | None
    committed_at: float | None
    waiting_samples: int
    unsaved_frames: int
    sources: tuple[SourceAccount, ...] = ()


@dataclass(frozen=True, slots=True)
class LogLine:
    """A warning or an error of the detector's log.

    Attributes:
        at: UTC seconds.
        level: ``WARNING``, ``ERROR`` or ``CRITICAL``.
        where: Name of the logger.
        text: One line, safe to show.
        count: How often it came in a row.
    """

    at: float
    level: str
    where: str
    text: str
    count: int = 1


class Load(NamedTuple):
    """Seconds so far of one worker: with something to do, and of these in windows."""

    busy_s: float
    scoring_s: float


@dataclass(frozen=True, slots=True)
class Crew:
    """The processes that score, for whoever looks after them.

    Attributes:
        workers: Wanted; 0: the detector scores by itself.
        alive: Of these.
        restarts: Since the start.
        waiting_samples: Given to them and not scored yet.
        loads: Of each.
        given_up: Blocks that ended a worker again and again, stored unscored.
    """

    workers: int = 0
    alive: int = 0
    restarts: int = 0
    waiting_samples: int = 0
    loads: Sequence[Load] = field(default=())
    given_up: int = 0

    @property
    def counters(self) -> dict[str, int]:
        """For whoever looks at the detector's counters; none where it scores by itself."""
        if not self.workers:
            return {}
        return {"workers": self.workers, "workers_alive": self.alive,
                "worker_restarts": self.restarts, "blocks_given_up": self.given_up}  # fmt: skip
