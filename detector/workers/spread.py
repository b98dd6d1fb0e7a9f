"""The engine of several processes: devices shared out among workers, all else in this one.

A worker has the streams of its devices and nothing that is not in the store or here: when it ends,
the next goes on from what is stored and from the frames that are here and not stored yet, and is
given again what its predecessor had not answered. So nothing is scored twice or not at all.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from queue import Empty, SimpleQueue

from detector.account_records import Crew
from detector.engines.contract import Done, Picture, ScoringEngine
from detector.engines.streams import History
from detector.ingest.buffer import TakenBlock
from detector.records import Frame, ModelCard
from detector.scoring.bundle import Bundle
from detector.settings.tree import Settings
from detector.store.schema import StoreFailure
from detector.workers.briefing import Briefing, Told
from detector.workers.line import Event, Line, Transport
from detector.workers.messages import Terms, frame_of
from detector.workers.past import pasts_of
from detector.workers.pictures import Pictures
from detector.workers.shares import worker_of

logger = logging.getLogger(__name__)

MOST_WAITING = 20_000  # samples of one worker; beyond it nobody is given more
ROOM_S = 0.25  # that a tick waits for room
RENEW_S = 2.0  # that a new stream is waited for; whatever follows comes after it


@dataclass(slots=True)
class _Ready:
    """What came back and was not taken yet."""

    blocks: list[TakenBlock] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)
    faults: int = 0


class SpreadFleet(ScoringEngine):
    """See ``ScoringEngine``.

    Args:
        settings: Rules for devices, sessions and batches.
        history: Reads back where an earlier run stopped.
        thresholds: Per device, what an operator last set.
        transport: How workers are reached.
        workers: >= 1.
    """

    def __init__(
        self,
        settings: Settings,
        history: History,
        thresholds: dict[str, float],
        transport: Transport,
        workers: int,
    ) -> None:
        super().__init__(settings, thresholds)
        self._history, self._transport = history, transport
        self._briefing = Briefing(self.rulings, transport.keep)
        self._events: SimpleQueue[Event] = SimpleQueue()
        self._lines = [Line(n, transport.link(n), self._events) for n in range(workers)]
        self._terms = Terms(settings.sessions, settings.detector.chunk)
        self._pictures = Pictures(self.rulings)
        self._ready = _Ready()
        self._fresh: list[Frame] = []  # came back, and are not known to be stored
        self._unserved: list[tuple[Event, StoreFailure]] = []  # the store could not be read
        self._factor, self._must_settle = 1, False
        for line in self._lines:
            self._agree(line)
            line.start()

    def begin(self, blocks: Sequence[TakenBlock]) -> None:
        """See ``ScoringEngine``; workers ask for the past of a device when they meet it."""
        self._collect(0.0)
        unserved, self._unserved = self._unserved, []
        for event, _ in unserved:
            self._serve(event)
        if self._unserved:
            raise self._unserved[0][1]
        for block in blocks:
            self._pictures.begin(block.device, block.samples.features)

    def give(self, blocks: Sequence[TakenBlock], lot: int, patience_s: float = 0.0) -> Done:
        """See ``ScoringEngine``."""
        touched: dict[int, Line] = {}
        for block in blocks:
            line = self._line_of(block.device)
            self._tell(line, block.device)
            line.add(replace(block, lot=lot, heard=None))
            touched[line.number] = line
        for line in touched.values():
            line.wake()
        self._wait(patience_s)
        ready, self._ready = self._ready, _Ready()
        return Done(ready.blocks, ready.frames, ready.faults)

    def renew(self, device: str) -> None:
        """See ``ScoringEngine``."""
        self._terms = replace(self._terms, outdated=self._terms.outdated - {device})
        if self._pictures.of.pop(device, None) is None:
            return
        line = self._line_of(device)
        self._tell(line, device)
        with line.orders() as orders:
            orders.renew = (*orders.renew, device)
        line.wake()
        ends = time.monotonic() + RENEW_S
        while not line.is_idle and (left_s := ends - time.monotonic()) > 0:
            self._collect(left_s)
            if self._unserved:
                self.begin(())

    def take_up(self, settings: Settings, outdated: Iterable[str]) -> None:
        """See ``ScoringEngine``."""
        self.rulings.settings = settings
        self._terms = Terms(settings.sessions, settings.detector.chunk, frozenset(outdated))
        for line in self._lines:
            self._agree(line)
            line.told.devices = dict.fromkeys(line.told.devices)

    def follow_rule(self, device: str) -> None:
        """See ``ScoringEngine``: with the next samples."""
        line = self._line_of(device)
        if device in line.told.devices:
            line.told.devices[device] = None

    def thin(self, factor: int) -> None:
        """See ``ScoringEngine``: with the next samples."""
        if factor != self._factor:
            self._factor = factor
            for line in self._lines:
                with line.orders() as orders:
                    orders.factor = factor

    def trust_clocks(self) -> None:
        """See ``ScoringEngine``."""
        for line in self._lines:
            with line.orders() as orders:
                orders.trusts_clocks = True
        self._pictures.trust_clocks()

    @property
    def devices(self) -> Sequence[str]:
        """See ``ScoringEngine``."""
        return list(self._pictures.of)

    def picture(self, device: str) -> Picture | None:
        """See ``ScoringEngine``."""
        return self._pictures.of.get(device)

    def card_of(self, device: str) -> ModelCard | None:
        """See ``ScoringEngine``."""
        picture = self._pictures.of.get(device)
        return None if picture is None else picture.card

    def bundle_of(self, device: str) -> Bundle | None:
        """See ``ScoringEngine``."""
        return self._pictures.bundle_of(device)

    def explain(self, device: str, reason: str) -> None:
        """See ``ScoringEngine``."""
        self._pictures.explain(device, reason)

    def outlook(self, device: str, features: tuple[str, ...]) -> Bundle | str:
        """See ``ScoringEngine``."""
        return self._pictures.outlook(device, features)

    @property
    def scoring_s(self) -> float:
        """See ``ScoringEngine``: none here."""
        return 0.0

    @property
    def has_room(self) -> bool:
        """See ``ScoringEngine``."""
        if self._must_settle or self._unserved:
            return False
        return all(line.waiting_samples < MOST_WAITING for line in self._lines)

    @property
    def oldest_lot(self) -> int | None:
        """See ``ScoringEngine``."""
        lots = [line.oldest_lot for line in self._lines]
        lots += [block.lot for block in self._ready.blocks]
        return min((lot for lot in lots if lot is not None), default=None)

    def committed(self) -> None:
        """See ``ScoringEngine``."""
        self._fresh = list(self._ready.frames)

    def settle(self) -> None:
        """See ``ScoringEngine``."""
        self._must_settle = True

    def crew(self) -> Crew:
        """See ``ScoringEngine``."""
        return Crew(
            workers=len(self._lines),
            alive=sum(line.is_up for line in self._lines),
            restarts=sum(line.restarts for line in self._lines),
            waiting_samples=sum(line.waiting_samples for line in self._lines),
            loads=[line.load for line in self._lines],
        )

    def close(self) -> None:
        """See ``ScoringEngine``."""
        for line in self._lines:
            line.close()
        self._transport.close()

    def _line_of(self, device: str) -> Line:
        return self._lines[worker_of(device, len(self._lines))]

    def _agree(self, line: Line) -> None:
        with line.orders() as orders:
            orders.terms = self._terms

    def _tell(self, line: Line, device: str) -> None:
        with line.orders() as orders:
            self._briefing.tell(line.told, orders, device, self._pictures.of.get(device))

    def _wait(self, patience_s: float) -> None:
        """Take what comes, for as long as there is a reason to."""
        began = time.monotonic()
        self._collect(0.0)
        while not self._is_idle:
            may_s = patience_s if self.has_room else ROOM_S
            left_s = began + may_s - time.monotonic()
            if left_s <= 0:
                return
            self._collect(left_s)
        self._must_settle = False

    @property
    def _is_idle(self) -> bool:
        return all(line.is_idle for line in self._lines)

    def _collect(self, timeout_s: float) -> None:
        """Take what has come; where that is nothing, wait for the first."""
        try:
            event = self._events.get(timeout=timeout_s) if timeout_s else self._events.get_nowait()
            while True:
                self._take(event)
                event = self._events.get_nowait()
        except Empty:
            pass

    def _take(self, event: Event) -> None:
        answer = event.answer
        if answer is None:
            self._replace(event.line)
            return
        for record in answer.lines:
            logging.getLogger(record.name).handle(record)
        if answer.wants:
            self._serve(event)
            return
        frames = [frame_of(packed) for packed in answer.frames]
        self._ready.blocks += event.asked.blocks
        self._ready.frames += frames
        self._ready.faults += answer.faults
        self._fresh += frames
        self._pictures.take(answer.pictures)
        event.line.done()

    def _replace(self, line: Line) -> None:
        """A worker has ended, the next knows nothing: it is told all that waits needs."""
        line.told = Told()
        devices = line.again(anew=True)
        self._agree(line)
        for device in devices:
            self._tell(line, device)
        line.resume()

    def _serve(self, event: Event) -> None:
        """Give a worker the past that it wants; later, where the store cannot be read."""
        answer = event.answer
        assert answer is not None
        try:
            pasts = pasts_of(answer.wants, self._history, self._fresh)
        except StoreFailure as error:
            self._unserved.append((event, error))
            return
        with event.line.orders() as orders:
            orders.pasts |= pasts
            orders.renew = (*event.asked.request.renew, *orders.renew)
        event.line.again(anew=False)
        event.line.resume()
