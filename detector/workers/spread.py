"""The engine of several processes: devices shared out among workers, all else in this one.

A worker has the streams of its devices and nothing that is not in the store or here: when it ends,
the next goes on from what is stored and from the frames that are here and not stored yet, and is
given again what its predecessor had not answered. So nothing is scored twice or not at all.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from queue import Empty, SimpleQueue

from detector.account_records import Crew
from detector.engines.contract import Done, Picture, ScoringEngine
from detector.engines.streams import History
from detector.ingest.buffer import TakenBlock
from detector.records import ModelCard
from detector.scoring.bundle import Bundle
from detector.settings.tree import Settings
from detector.store.schema import StoreFailure
from detector.workers.briefing import Briefing, Told
from detector.workers.fatal.given_up import GivenUp
from detector.workers.line import Event, Line
from detector.workers.messages import Answer, Terms, frame_of
from detector.workers.past import pasts_of
from detector.workers.pictures import Pictures
from detector.workers.ready import Ready
from detector.workers.shares import worker_of
from detector.workers.transport import Transport

MOST_WAITING = 20_000  # samples of each worker; beyond it nobody is given more
MOST_OF_ONE = 200_000  # of one that the others are quicker than
ROOM_S = 0.25  # that a tick waits for room
RENEW_S = 2.0  # that a new stream is waited for; whatever follows comes after it


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
        self._ready, self._given_up = Ready(), GivenUp(self.rulings, history)
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
            self._see_to(event)
        if self._unserved:
            raise self._unserved[0][1]
        for block in blocks:
            self._pictures.begin(block.device, block.samples.features)

    def give(self, blocks: Sequence[TakenBlock], lot: int, patience_s: float = 0.0) -> Done:
        """See ``ScoringEngine``."""
        touched: dict[int, Line] = {}
        for block in (replace(one, lot=lot, heard=None) for one in blocks):
            if self._given_up.rests(block):
                self._ready.add([block], self._given_up.next(block))
                continue
            line = self._line_of(block.device)
            self._tell(line, block.device)
            line.add(block)
            touched[line.number] = line
        for line in touched.values():
            line.wake()
        self._wait(patience_s)
        return self._ready.taken()

    def renew(self, device: str) -> None:
        """See ``ScoringEngine``."""
        self._terms = replace(self._terms, outdated=self._terms.outdated - {device})
        self._given_up.retry(device)
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
        waiting = [line.waiting_samples for line in self._lines]
        is_open = not self._must_settle and not self._unserved
        return is_open and min(waiting) < MOST_WAITING and max(waiting) < MOST_OF_ONE

    @property
    def oldest_lot(self) -> int | None:
        """See ``ScoringEngine``."""
        lots = [*self._ready.lots, *(line.oldest_lot for line in self._lines)]
        return min((lot for lot in lots if lot is not None), default=None)

    def committed(self) -> None:
        """See ``ScoringEngine``."""
        self._ready.committed()

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
            given_up=self._given_up.count,
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
        while not all(line.is_idle for line in self._lines):
            may_s = patience_s if self.has_room else ROOM_S
            left_s = began + may_s - time.monotonic()
            if left_s <= 0:
                return
            self._collect(left_s)
        self._must_settle = False

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
        for record in () if answer is None else answer.lines:
            logging.getLogger(record.name).handle(record)
        if answer is None or answer.wants:
            self._see_to(event)
            return
        self._ready.add(event.asked.blocks, [frame_of(one) for one in answer.frames], answer.faults)
        self._given_up.scored(event.asked.blocks)
        self._pictures.take(answer.pictures)
        event.line.done()

    def _see_to(self, event: Event) -> None:
        """Do what a line rests for; later, where the store cannot be read."""
        try:
            if event.answer is not None:
                self._serve(event, event.answer)
            else:
                self._replace(event)
        except StoreFailure as error:
            self._unserved.append((event, error))
        else:
            event.line.resume()

    def _replace(self, event: Event) -> None:
        """A worker has ended, the next knows nothing: it is told all that waits needs."""
        line = event.line
        if event.is_given_up:
            self._give_up(line, event.asked.blocks[0])
        line.told = Told()
        devices = line.again(anew=True)
        self._agree(line)
        for device in devices:
            self._tell(line, device)

    def _give_up(self, line: Line, block: TakenBlock) -> None:
        """Store it unscored, and what follows it where its device rests."""
        given_up = self._given_up
        self._ready.add([block], given_up.take(block, self._ready.unstored))
        given_up.ended(line.number, block)
        for other in line.give_up(given_up.rests):
            self._ready.add([other], given_up.next(other))
        self._pictures.give_up(given_up.picture_of(block.device))

    def _serve(self, event: Event, answer: Answer) -> None:
        """Give a worker the past that it wants."""
        pasts = pasts_of(answer.wants, self._history, self._ready.unstored)
        with event.line.orders() as orders:
            orders.pasts |= self._given_up.without(pasts)
            orders.renew = (*event.asked.request.renew, *orders.renew)
        event.line.again(anew=False)
