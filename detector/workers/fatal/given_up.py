"""What becomes of blocks that end their worker: stored unscored, everything else goes on."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from detector.engines.contract import Picture, picture_of
from detector.engines.rulings import SettingsRulings
from detector.engines.streams import History
from detector.ingest.buffer import TakenBlock
from detector.records import Frame, is_backlog_label
from detector.scoring.bundle import Bundle
from detector.scoring.unscored import UnscoredStream
from detector.workers.fatal.suspects import Key, key_of
from detector.workers.messages import Past, frame_of, packed_frame
from detector.workers.past import pasts_of

logger = logging.getLogger(__name__)

IN_A_ROW = 2  # blocks of a stream; then it is its model, or the machine, and no single block
REST_S = 60.0  # that such a stream is not tried
REASON = "a block of it ends the worker that scores it"


class GivenUp:
    """For the scoring thread.

    Args:
        rulings: What holds for each device.
        history: Reads what is stored.

    Attributes:
        count: Blocks so far.
    """

    def __init__(self, rulings: SettingsRulings, history: History) -> None:
        self._rulings, self._history = rulings, history
        self._streams: dict[Key, UnscoredStream] = {}
        self._in_a_row: Counter[Key] = Counter()
        self._until: dict[Key, float] = {}  # of those that rest
        self._sessions: dict[str, str] = {}  # newest of each device's live blocks
        self.count = 0

    def take(self, block: TakenBlock, unstored: Sequence[Frame]) -> list[Frame]:
        """A block without scores, the first of its stream or the next that ends a worker.

        Args:
            block: That is given up.
            unstored: Frames that came back and are not known to be stored.

        Raises:
            StoreFailure: If what is stored cannot be read: nothing has happened.
        """
        key = key_of(block)
        if not self._goes_on(block):
            self._streams[key] = self._begun(block, unstored)
        return self.next(block)

    def next(self, block: TakenBlock) -> list[Frame]:
        """The same for one that follows on such a block."""
        device, is_late = key = key_of(block)
        made = self._streams[key].frames(block.samples, block.arrival, broken=block.broken)
        self.count += 1
        model = self._rulings.model_of(device)
        if isinstance(model, Bundle) and model.front is not None and model.front.keeps != "samples":
            return []  # of waveforms columns alone are stored, and nobody has made them
        if made and not is_late:
            self._sessions[device] = made[-1].session
        threshold = self._rulings.threshold_of(device)
        return [replace(frame, threshold=threshold) for frame in made]

    def ended(self, worker: int, block: TakenBlock) -> None:
        """A worker has ended at a block: it is told, and its stream may rest."""
        key, samples = key_of(block), block.samples
        self._in_a_row[key] += 1
        rests = self._in_a_row[key] >= IN_A_ROW
        if rests:
            self._until[key] = time.monotonic() + REST_S
        logger.warning(
            "worker %d: it has ended at a block of %s again and again, session %s, from %s: %d "
            "samples are stored unscored%s",
            worker + 1, block.device, samples.session or "without a name",
            datetime.fromtimestamp(samples.ts[0], UTC).isoformat(timespec="milliseconds"),
            len(samples), f", and what comes in the next {REST_S:g} s" if rests else "",
        )  # fmt: skip

    def rests(self, block: TakenBlock) -> bool:
        """Whether a block is not to be tried for now; then ``next`` takes it."""
        until = self._until.get(key_of(block)) if self._until else None
        return until is not None and time.monotonic() < until and self._goes_on(block)

    def retry(self, device: str) -> None:
        """Something has changed: no block of it rests any longer."""
        for key in ((device, False), (device, True)):
            self._until.pop(key, None)

    def scored(self, blocks: Sequence[TakenBlock]) -> None:
        """A worker could do with these."""
        if not self._streams:
            return
        for key in {key_of(block) for block in blocks} & set(self._streams):
            del self._streams[key]
            self._in_a_row.pop(key, None)
            self._until.pop(key, None)
            if not key[1]:
                self._sessions.pop(key[0], None)

    def picture_of(self, device: str) -> Picture | None:
        """How the stream of a device stands here; None: it has none here."""
        stream = self._streams.get((device, False))
        return None if stream is None else picture_of(stream)

    def without(self, pasts: Mapping[str, Past]) -> dict[str, Past]:
        """Pasts that new streams can go on from without what was given up but its last time."""
        return {device: self._shortened(device, past) for device, past in pasts.items()}

    def _shortened(self, device: str, past: Past) -> Past:
        newest = frame_of(past.tail[-1]) if past.tail and device in self._sessions else None
        if newest is None or newest.session != self._sessions[device]:
            return past
        last = slice(len(newest.ts) - 1, None)
        only = replace(
            newest, ts=newest.ts[last], values=newest.values[last], score=newest.score[last],
            reconstruction=newest.reconstruction[last], mse=newest.mse[last],
            judged=newest.judged[last], due=None,
        )  # fmt: skip
        return Past((), [packed_frame(only)])

    def _goes_on(self, block: TakenBlock) -> bool:
        stream = self._streams.get(key_of(block))
        return stream is not None and stream.features == block.samples.features

    def _begun(self, block: TakenBlock, unstored: Sequence[Frame]) -> UnscoredStream:
        rules, samples = self._rulings.sessions, block.samples
        made = UnscoredStream(block.device, samples.features, rules, REASON)
        if is_backlog_label(samples.session):
            return made
        tail = pasts_of({block.device: (1, 1)}, self._history, unstored)[block.device].tail
        if tail:  # what the broker sends again is stored already; a clock may have gone back
            newest = frame_of(tail[-1])
            until = float(newest.ts[-1])
            if samples.ts[-1] >= until - rules.late_s:
                made.segmenter.resume(newest.session, stored_until=until)
        return made
