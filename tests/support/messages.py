"""Messages through a real buffer and the aligner, on a clock of the test's own."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from detector.alignment.aligner import Aligner
from detector.alignment.rules import Rules
from detector.ingest.buffer import Receipt, SharedBuffer
from detector.records import Samples

T0 = 1_700_000_000.0
TICK_S = 0.1


def message(ts, session=None, **channels):
    """Samples as a codec makes them of one message."""
    ts = np.atleast_1d(np.asarray(ts, np.float64))
    columns = [np.broadcast_to(np.float32(values), ts.shape) for values in channels.values()]
    return Samples(tuple(channels), ts, np.stack(columns, axis=1).astype(np.float32), session)


@dataclass
class Line:
    """One device's way from its messages to what leaves the aligner."""

    rules: Rules
    last: object = None
    spans: list = field(default_factory=list)
    now: float = 0.0
    sent: int = 0  # messages, each a lot

    def __post_init__(self):
        self.buffer = SharedBuffer(200_000, 10, lot=1)
        self.aligner = Aligner(lambda _: self.rules, lambda _: self.last, lambda *_: self.spans)
        self.out = []  # (when, block)

    def send(self, *messages):
        """Messages that arrive together, then a tick."""
        for samples in messages:
            self.buffer.append("m", samples, T0 + self.now, Receipt(1, self.sent))
            self.sent += 1
        for block in self.buffer.take().blocks:
            self.aligner.push(block, self.now)
        blocks = self.aligner.release(self.now)
        self.out += [(self.now, block) for block in blocks]
        return blocks

    def play(self, timed):
        """Messages by arrival time, a tick every ``TICK_S``; then silence."""
        waiting = sorted(timed, key=lambda pair: pair[0])
        while waiting:
            due = [samples for at, samples in waiting if at <= self.now]
            waiting = waiting[len(due) :]
            self.send(*due)
            self.now += TICK_S
        return self.rest()

    def rest(self, seconds=5.0):
        """Ticks without messages."""
        for _ in range(round(seconds / TICK_S)):
            self.send()
            self.now += TICK_S
        return self

    def table(self, *, backlog=False):
        """Features, times and values of all that left, in order."""
        blocks = [b for _, b in self.out if str(b.samples.session).endswith("~backlog") is backlog]
        features = blocks[-1].samples.features if blocks else ()
        wide = [block.samples.with_features(features) for block in blocks]
        ts = np.concatenate([one.ts for one in wide]) if wide else np.empty(0)
        values = np.concatenate([one.values for one in wide]) if wide else np.empty((0, 0))
        return features, ts, values
