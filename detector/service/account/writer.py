"""The detector's account of itself, from memory to the store: every few seconds, by the tick."""

from __future__ import annotations

import logging
import os
import platform
import socket
import time
from collections.abc import Callable

from detector import version
from detector.account_records import Account, SourceAccount
from detector.folding import Folding
from detector.ingest.buffer import SharedBuffer
from detector.ingest.connection import Connection
from detector.ingest.sources import Sources
from detector.service.account.log_tail import LogTail
from detector.service.account.process import Rates, memory_bytes
from detector.service.figures import PipelineFigures
from detector.store.connecting import reason_of
from detector.store.schema import Engine, StoreFailure
from detector.store.told import facts
from detector.store.writing import writing

logger = logging.getLogger(__name__)

EVERY_S = 2.0
TELL_S = 60.0  # between two lines on a store that cannot be written
CPU = " cpu"  # no topic begins with a blank
LIBRARIES = ("torch", "numpy", "paho-mqtt", "SQLAlchemy")


class AccountWriter:
    """Writes for other processes to read; a store that fails is tried again.

    Args:
        store: Open; this process holds its lease.
        sources: Count messages and samples.
        buffer: Counts what waits.
        connection: How it stands.
        broker: Its address, without secrets.
        tail: The last warnings; None: nobody keeps them.
        name: Of the detector.
    """

    def __init__(
        self,
        store: Engine,
        sources: Sources,
        buffer: SharedBuffer,
        *,
        connection: Callable[[], Connection],
        broker: str,
        tail: LogTail | None,
        name: str = "",
    ) -> None:
        self._store, self._sources, self._buffer = store, sources, buffer
        self._connection, self._broker, self._tail = connection, broker, tail
        self._name = name
        self._started_at, self._due = time.time(), 0.0
        self._rates, self._told = Rates(), Folding(1, TELL_S)
        self._versions = versions()

    def begin(self) -> None:
        """Forget what an earlier run told, but for its last warnings."""
        with self._store.begin() as connection:
            if self._tail is not None:
                self._tail.recall(facts.log(connection, self._name))
            facts.clear(connection, self._name)

    def write(self, figures: Callable[[], PipelineFigures]) -> None:
        """Write how it stands, unless that was just done."""
        now = time.monotonic()
        if now < self._due:
            return
        self._due = now + EVERY_S
        lines = None if self._tail is None else self._tail.changed()
        try:
            with writing(self._store) as connection:
                facts.write(connection, facts.ACCOUNT, self._account(figures()), self._name)
                if lines is not None:
                    facts.write(connection, facts.LOG, lines, self._name)
        except StoreFailure as error:
            if self._tail is not None and lines is not None:
                self._tail.again()
            if (more := self._told.tail("store")) is not None:
                logger.warning("account: store: %s%s", reason_of(error), more)

    def _account(self, figures: PipelineFigures) -> Account:
        connection, waiting = self._connection(), self._buffer.totals()["waiting_samples"]
        sources, cpu_share = self._lately()
        return Account(
            at=time.time(), pid=os.getpid(), host=socket.gethostname(),
            started_at=self._started_at, versions=self._versions, memory_bytes=memory_bytes(),
            cpu_share=cpu_share, broker=self._broker, connection=connection.state.value,
            reason=connection.reason, since=connection.since, lag_s=figures.lag_s,
            committed_at=figures.committed_at,
            waiting_samples=waiting + figures.unscored_samples,
            unsaved_frames=figures.unsaved_frames, sources=sources,
        )  # fmt: skip

    def _lately(self) -> tuple[tuple[SourceAccount, ...], float]:
        """Every source with its rates, and the share of a core."""
        tallies = self._sources.tallies
        formats = {one.topic: one.format for one in self._sources.settings}
        counted = {f"m {topic}": float(one.messages) for topic, one in tallies.items()}
        counted |= {f"s {topic}": float(one.samples) for topic, one in tallies.items()}
        rates = self._rates.look({**counted, CPU: time.process_time()})
        sources = tuple(
            SourceAccount(
                topic, formats.get(topic, "auto"), one.messages, one.samples,
                rates[f"m {topic}"], rates[f"s {topic}"], dict(one.refused),
            )
            for topic, one in tallies.items()
        )  # fmt: skip
        return sources, rates[CPU]


def versions() -> dict[str, str]:
    """Of this program and what it rests on."""
    found = {"faultline": version.own(), "python": platform.python_version()}
    return found | {name: version.of(name) for name in LIBRARIES}
