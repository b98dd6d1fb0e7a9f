"""What was taken and is not committed yet: from the buffer on its way to the engine."""

from __future__ import annotations

import logging
import math
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from detector.alignment.aligner import Aligner
from detector.engines.contract import ScoringEngine
from detector.ingest.buffer import Receipt, SharedBuffer, TakenBlock
from detector.ingest.connection import ConnectionState
from detector.ingest.mqtt import Subscriber
from detector.records import Frame, ModelCard
from detector.scoring.bundle import Bundle
from detector.sensors.devices import Sensors
from detector.service.clock import ListeningClock
from detector.store.connecting import reason_of
from detector.store.schema import StoreFailure

logger = logging.getLogger(__name__)

HELD_S = 10.0  # of a waveform, while nobody takes; slower samples have more room by the settings


@dataclass
class Unsaved:
    """What was taken and is not committed yet."""

    taken: deque[TakenBlock] = field(default_factory=deque)  # not given to the aligner yet
    blocks: deque[TakenBlock] = field(default_factory=deque)  # not scored yet
    frames: list[tuple[Frame, ModelCard | None]] = field(default_factory=list)
    receipts: deque[tuple[int, Receipt]] = field(default_factory=deque)  # with their lot
    births: dict[str, bytes | None] = field(default_factory=dict)  # by topic
    lot: int = 0  # none of the blocks came with an earlier one
    judged: int = 0  # of the frames: their alarms are stored, they are not

    @property
    def unjudged(self) -> list[tuple[Frame, ModelCard | None]]:
        """Frames whose alarms are not stored."""
        return self.frames[self.judged :]

    @property
    def unscored_samples(self) -> int:
        """Of the blocks; for any thread, so it looks at a whole copy."""
        return sum(len(block.samples) for block in list(self.blocks))

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


class Intake:
    """Takes what arrived, and says what may be acknowledged; for the scoring thread.

    Args:
        buffer: What the network thread fills.
        subscriber: Knows the connection, and acknowledges.
        aligner: Puts samples in order.
        sensors: Hear samples as they came.
        engine: Scores them.
        most: Messages that the broker lets wait.
        ours: Of blocks those of devices that are this detector's; asks the store.

    Attributes:
        unsaved: What was taken.
        clock: Goes while something can come.
    """

    def __init__(
        self,
        buffer: SharedBuffer,
        subscriber: Subscriber,
        aligner: Aligner,
        sensors: Sensors,
        engine: ScoringEngine,
        most: int,
        ours: Callable[[Iterable[TakenBlock]], list[TakenBlock]] = list,
    ) -> None:
        self._buffer, self._subscriber, self._aligner = buffer, subscriber, aligner
        self._sensors, self._engine, self._most = sensors, engine, most
        self._ours = ours
        self.unsaved, self.clock = Unsaved(), ListeningClock()

    def take(self) -> None:
        """Everything that arrived, put in order; what is in order waits to be scored."""
        unsaved = self.unsaved
        if not unsaved.taken:  # else the store could not be asked whose they are
            taken = self._buffer.take()
            unsaved.taken += taken.blocks
            unsaved.receipts += zip(taken.lots, taken.receipts, strict=True)
        unsaved.births |= self._subscriber.births()
        unsaved.taken = deque(self._ours(unsaved.taken))
        now = self.clock.tick(is_listening=self._can_come())
        lots = []
        while unsaved.taken:
            self._aligner.push(unsaved.taken[0], now)
            lots.append(unsaved.taken[0].lot)
            self._sensors.hear(unsaved.taken.popleft())
        before = -math.inf
        if self._engine.oldest_lot is None:  # else it is the engine that keeps receipts back
            before = unsaved.waits_no_more(self._subscriber.hold_at_most)
        waiting = self._aligner.oldest_lot()
        unsaved.lot = min(lots if waiting is None else [*lots, waiting], default=0)
        unsaved.blocks += self._aligner.release(now, before)

    def hold(self, part: Sequence[TakenBlock]) -> None:
        """Make room for what is to come of devices, now that their models are known."""
        for device in {block.device for block in part}:
            self._buffer.hold(device, held_of(self._engine.bundle_of(device)))

    @property
    def is_pressed(self) -> bool:
        """Whether there is more to do already."""
        return bool(self.unsaved.blocks) or self._buffer.wait(0.0, self._subscriber.commit_after)

    def release_all(self) -> None:
        """What waits for other samples waits no more."""
        self.unsaved.blocks += self._aligner.release(self.clock.now, before=math.inf)

    def acknowledge(self) -> None:
        """All messages before the oldest of which anything is not committed."""
        if self.unsaved.blocks:
            return
        lots = (self._aligner.oldest_lot(), self._engine.oldest_lot)
        oldest = min((lot for lot in lots if lot is not None), default=None)
        self._subscriber.ack(self.unsaved.due(oldest))

    def _can_come(self) -> bool:
        """Whether the broker could deliver: not cut off, nor at the end of what it lets wait."""
        is_connected = self._subscriber.connection.state is ConnectionState.CONNECTED
        room = self._most - len(self.unsaved.receipts)
        return is_connected and not self.unsaved.frames and room > 0  # none of a failed commit


def held_of(bundle: Bundle | None) -> int:
    """Samples of a device that should find room in the buffer, by the rate of its model."""
    return 0 if bundle is None else math.ceil(HELD_S / bundle.document.input_period_s)


def kind_of(error: Exception) -> str:
    """What is told now and then: that the store is away, and what nobody has foreseen."""
    return "store fault" if isinstance(error, StoreFailure) else "fault"


def tell(error: Exception, waiting: int) -> None:
    """Say it in the log, inside the ``except``; a store's cause is outside, no traceback helps."""
    if isinstance(error, StoreFailure):
        logger.error("store: cannot be written (%s), %d frames wait", reason_of(error), waiting)
    else:
        logger.exception("scoring: a tick failed", exc_info=error)
