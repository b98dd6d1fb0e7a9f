"""A worker: streams of devices that are asked and answer; how it is reached is not known here."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from functools import partial
from logging.handlers import QueueHandler
from typing import Any

from detector.engines.contract import picture_of
from detector.engines.streams import Streams
from detector.ingest.buffer import TakenBlock
from detector.records import Frame
from detector.scoring.bundle import Bundle
from detector.workers.messages import Answer, Past, Request, block_of, frame_of, packed_frame
from detector.workers.told import ToldRulings

logger = logging.getLogger(__name__)


class _PastWantedError(Exception):
    """A new stream needs frames that only the detector can read."""


class Worker:
    """Answers one request after the other.

    Args:
        unpack: Makes a model of a parcel.
        lines: Collects what is logged.
    """

    def __init__(self, unpack: Callable[[Any], Bundle], lines: Lines) -> None:
        self._rulings, self._lines = ToldRulings(unpack), lines
        self._streams = Streams(self._rulings, self._past_of)
        self._pasts: dict[str, Past] = {}
        self._wants: dict[str, tuple[int, int]] = {}

    def answer(self, request: Request) -> Answer:
        """Do what is asked; a fault is logged and counted, as one of the scoring thread is."""
        began, scored_s = time.perf_counter(), self._streams.scoring_s
        answer = Answer()
        try:
            self._hear(request)
            blocks = [block_of(packed) for packed in request.blocks]
            if not self._begin(request.renew, blocks):
                answer.wants = dict(self._wants)
            else:
                answer.frames = [packed_frame(frame) for frame in self._streams.score(blocks)]
        except Exception:
            logger.exception("scoring: a worker failed at %d blocks", len(request.blocks))
            answer.faults = 1
        devices = dict.fromkeys([*(block[0] for block in request.blocks), *request.renew])
        live = self._streams.live
        answer.pictures = [picture_of(live[device]) for device in devices if device in live]
        answer.scoring_s = self._streams.scoring_s - scored_s
        answer.busy_s = time.perf_counter() - began
        answer.lines = self._lines.taken()
        return answer

    def _hear(self, request: Request) -> None:
        self._rulings.hear(request.models, request.words)
        if request.terms is not None:
            self._rulings.agree(request.terms)
            self._streams.take_up(request.terms.outdated)
        for device in request.words:
            self._streams.follow_rule(device)
        if request.trusts_clocks:
            self._streams.trust_clocks()
        self._streams.thin(request.factor)
        self._pasts = request.pasts
        self._streams.known.update(request.known)

    def _begin(self, renewed: Sequence[str], blocks: Sequence[TakenBlock]) -> bool:
        """Make the new streams that need a past; returns whether all of it is there."""
        self._wants = {}
        steps = [
            *(partial(self._streams.renew, device) for device in renewed),
            *(partial(self._streams.begin, [block]) for block in blocks),
        ]
        for step in steps:
            try:
                step()
            except _PastWantedError:
                continue
        return not self._wants

    def _past_of(self, device: str, first: int, newest: int) -> tuple[list[Frame], list[Frame]]:
        past = self._pasts.get(device)
        if past is None:
            self._wants[device] = first, newest
            raise _PastWantedError
        return [frame_of(one) for one in past.start], [frame_of(one) for one in past.tail]


class Lines(QueueHandler):
    """Keeps log lines until they are taken along."""

    def __init__(self) -> None:
        super().__init__(None)  # type: ignore[arg-type] # ``enqueue`` alone uses it
        self._kept: list[logging.LogRecord] = []

    def enqueue(self, record: logging.LogRecord) -> None:
        """Keep one."""
        self._kept.append(record)

    def taken(self) -> list[logging.LogRecord]:
        """All since the last time."""
        kept, self._kept = self._kept, []
        return kept
