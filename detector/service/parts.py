"""A backlog in parts: a tick lasts about a second, however slow the model is; what waits."""

from __future__ import annotations

import logging
import math
from collections import deque
from dataclasses import dataclass, field, replace

from detector.ingest.buffer import Receipt, TakenBlock
from detector.records import Frame, ModelCard, Samples
from detector.scoring.fleet import Stream
from detector.scoring.unscored import UnscoredStream
from detector.store.connecting import reason_of
from detector.store.schema import StoreFailure

logger = logging.getLogger(__name__)

LONG_S = 1.0  # a tick that took longer makes the next one smaller; the lease waits for its end
SHORT_S = 0.25
LEAST, FIRST = 64, 1000
HELD_S = 10.0  # of a waveform, while nobody takes; slower samples have more room by the settings


@dataclass
class Unsaved:
    """What was taken and is not committed yet."""

    taken: deque[TakenBlock] = field(default_factory=deque)  # not given to the aligner yet
    blocks: deque[TakenBlock] = field(default_factory=deque)  # not scored yet
    frames: list[tuple[Frame, ModelCard | None]] = field(default_factory=list)
    receipts: deque[tuple[int, Receipt]] = field(default_factory=deque)  # with their lot
    births: dict[str, bytes | None] = field(default_factory=dict)  # by topic
    judged: int = 0  # of the frames: their alarms are stored, they are not

    @property
    def unjudged(self) -> list[tuple[Frame, ModelCard | None]]:
        """Frames whose alarms are not stored."""
        return self.frames[self.judged :]

    def done(self) -> None:
        """All frames and births are committed."""
        self.frames, self.births, self.judged = [], {}, 0

    def due(self, oldest: int | None) -> list[Receipt]:
        """Takes the receipts of all lots before the oldest that waits; None: of all."""
        found = []
        while self.receipts and (oldest is None or self.receipts[0][0] < oldest):
            found.append(self.receipts.popleft()[1])
        return found

    def waits_no_more(self, limit: int) -> float:
        """Number of the first lot that may wait, of as many as leave the broker room to go on."""
        if len(self.receipts) <= limit:
            return -math.inf
        return self.receipts[-limit // 2][0] if limit > 1 else math.inf


class Parts:
    """Decides how many samples the next tick scores.

    Args:
        most: Samples.
    """

    def __init__(self, most: int) -> None:
        self._most, self._size = most, min(FIRST, most)
        self._was_full = False

    def took(self, seconds: float) -> None:
        """How long the tick of the last part was."""
        if seconds > LONG_S:
            self._size = max(self._size // 2, LEAST)
        elif seconds < SHORT_S and self._was_full:
            self._size = min(self._size * 2, self._most)

    def next(self, blocks: deque[TakenBlock]) -> list[TakenBlock]:
        """Take samples from the left of ``blocks``, of the last block what still has room."""
        part: list[TakenBlock] = []
        room = self._size
        while blocks and room > 0:
            block = blocks.popleft()
            if len(block.samples) > room:
                blocks.appendleft(_slice(block, slice(room, None), broken=False))
                block = _slice(block, slice(room), broken=block.broken)
            part.append(block)
            room -= len(block.samples)
        self._was_full = room <= 0
        return part


def held_of(stream: Stream | None) -> int:
    """Samples of a device that should find room in the buffer, by the rate of its model."""
    if stream is None or isinstance(stream, UnscoredStream):
        return 0
    return math.ceil(HELD_S / stream.bundle.document.input_period_s)


def _slice(block: TakenBlock, rows: slice, *, broken: bool) -> TakenBlock:
    whole = block.samples
    samples = Samples(whole.features, whole.ts[rows], whole.values[rows], whole.session)
    heard = None if block.heard is None else block.heard[rows]
    return replace(block, samples=samples, heard=heard, broken=broken)


def kind_of(error: Exception) -> str:
    """What is told now and then: that the store is away, and what nobody has foreseen."""
    return "store fault" if isinstance(error, StoreFailure) else "fault"


def tell(error: Exception, waiting: int) -> None:
    """Say it in the log, inside the ``except``; a store's cause is outside, no traceback helps."""
    if isinstance(error, StoreFailure):
        logger.error("store: cannot be written (%s), %d frames wait", reason_of(error), waiting)
    else:
        logger.exception("scoring: a tick failed", exc_info=error)
