"""Between the buffer and the streams: each device's samples in order, joined, and no sooner lost.

A sample waits in memory until its row leaves, so the message that brought it may be acknowledged
only then: ``oldest_lot`` says from which lot on.

What is older than a device's newest sample by more than a late message could be is a backlog,
sent after a time without connection: a lane of its own, so the live one is not disturbed. When
nothing live comes any more while the backlog goes on, the device's clock was set back, and the
backlog is what is live.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Callable

import numpy as np

from detector.alignment.lane import Lane, Ready
from detector.alignment.rows import Rows
from detector.alignment.rules import Rules
from detector.ingest.buffer import TakenBlock
from detector.records import Frame, Samples, backlog_label

TAKEOVER_S = 10.0  # without a live sample, and the backlog is what is live
FORGOTTEN_S = 60.0  # without a sample, and a backlog is over

RulesOf = Callable[[str], Rules]
Last = Callable[[str], Frame | None]  # a device's newest stored frame of its live samples
Stored = Callable[[str, float, float], list[tuple[float, float]]]  # spans between two times


class Aligner:
    """The samples of all devices on their way to be scored; for the scoring thread.

    Args:
        rules_of: How a device is aligned.
        last: Where an earlier run stopped.
        stored: What of a time is in the store already, so that a backlog is not stored twice.
    """

    def __init__(self, rules_of: RulesOf, last: Last, stored: Stored) -> None:
        self._rules_of, self._last, self._stored = rules_of, last, stored
        self._devices: dict[str, _Device] = {}
        self._busy: dict[str, _Device] = {}  # those with samples that wait
        self._passed: list[TakenBlock] = []  # what nothing held up

    def push(self, block: TakenBlock, now: float) -> None:
        """Take what was taken from the buffer, each device's in order of arrival.

        The store is asked first: where that fails, nothing has happened.

        Args:
            block: Of one device.
            now: Seconds of a clock that never jumps.
        """
        device = self._devices.get(block.device)
        if device is None:
            device = self._begin(block.device)
        passed = device.push(block, now)
        if passed is None:
            self._busy[block.device] = device
        else:
            self._passed.append(passed)

    def release(self, now: float, before: float = -np.inf) -> list[TakenBlock]:
        """What may go on at once and what has waited long enough, each device's in order.

        Args:
            now: As in ``push``.
            before: What earlier lots brought waits no more.
        """
        ready, self._passed = self._passed, []
        for name, device in list(self._busy.items()):
            ready += device.release(now, before)
            if device.oldest_lot is None:
                del self._busy[name]
        return ready

    def oldest_lot(self) -> int | None:
        """The oldest lot with samples that wait; None when none do."""
        lots = [device.oldest_lot for device in self._busy.values()]
        return min((lot for lot in lots if lot is not None), default=None)

    def follow(self) -> None:
        """Ask for the rules of each device again: the settings, or its model, have changed."""
        for name, device in self._devices.items():
            device.follow(self._rules_of(name))

    def counters(self, device: str) -> Counter[str]:
        """What was late or repeated, by name."""
        known = self._devices.get(device)
        return Counter() if known is None else known.counters

    def _begin(self, name: str) -> _Device:
        device = _Device(name, self._rules_of(name), self._stored)
        last = self._last(name)
        if last is not None:
            device.live.resume(last.features, float(last.ts[-1]), last.values[-1])
        self._devices[name] = device
        return device


class _Device:
    """The live lane of one device, and its backlog while there is one."""

    def __init__(self, name: str, rules: Rules, stored: Stored) -> None:
        self.name = name
        self.counters: Counter[str] = Counter()
        self._rules = rules
        self._stored = stored
        self.live = Lane(rules, self.counters)
        self._backlog: Lane | None = None
        self._spans: list[tuple[float, float]] = []  # of the backlog's time, in the store
        self._channels: tuple[str, ...] = ()
        self._broken = False

    @property
    def oldest_lot(self) -> int | None:
        lanes = [self.live] if self._backlog is None else [self.live, self._backlog]
        return min((lane.oldest_lot for lane in lanes if lane.oldest_lot is not None),
                   default=None)  # fmt: skip

    def follow(self, rules: Rules) -> None:
        """Go by these rules; nothing happens where they are the same."""
        if rules == self._rules:
            return
        self._rules = rules
        self.live.follow(rules)
        if self._backlog is not None:
            self._backlog.follow(rules)

    def push(self, block: TakenBlock, now: float) -> TakenBlock | None:
        """Take a block; returns it where it may go on as it is."""
        if block.heard is None and self.live.pass_on(block.samples):
            self.live.heard_at = now
            return block
        self._broken |= block.broken
        samples = self._in_order(block.samples)
        rows = _rows_of(samples, block, now)
        is_old = rows.ts < self.live.newest_out - self._rules.late_s
        if is_old.any():
            self._push_backlog(samples.features, rows[is_old], now)
        if not is_old.all():
            self.live.push(samples.features, rows[~is_old])
        return None

    def release(self, now: float, before: float) -> list[TakenBlock]:
        ready = [self._block(one) for one in self.live.release(now, before)]
        backlog = self._backlog
        if backlog is None:
            return ready
        ready += [self._block(one, is_backlog=True) for one in backlog.release(now, before)]
        if backlog.oldest_lot is not None:
            return ready
        if backlog.heard_at - self.live.heard_at > TAKEOVER_S:
            self.live, self._backlog = backlog, None
        elif now - backlog.heard_at > FORGOTTEN_S:
            self._backlog = None
        return ready

    def _push_backlog(self, channels: tuple[str, ...], rows: Rows, now: float) -> None:
        lane = self._backlog
        is_over = lane is not None and now - lane.heard_at > FORGOTTEN_S
        if lane is None or is_over or rows.ts.min() < lane.newest_out - self._rules.late_s:
            self._spans = self._stored(self.name, float(rows.ts.min()), self.live.newest_out)
            lane = self._backlog = Lane(self._rules, self.counters)
        known = np.zeros(len(rows), np.bool_)
        for start, end in self._spans:
            known |= (rows.ts >= start) & (rows.ts <= end)
        self.counters["duplicate"] += int(known.sum())
        self.counters["backlog"] += int((~known).sum())
        if not known.all():
            lane.push(channels, rows[~known])

    def _in_order(self, samples: Samples) -> Samples:
        """With the channels in the order they were first heard, whoever reorders them."""
        if samples.features == self.live.channels:
            return samples
        known = {*self.live.channels, *self._channels}
        before = tuple(dict.fromkeys((*self.live.channels, *self._channels)))
        self._channels = before + tuple(name for name in samples.features if name not in known)
        return samples.with_features(self._channels)

    def _block(self, ready: Ready, *, is_backlog: bool = False) -> TakenBlock:
        samples = ready.samples
        if is_backlog:
            samples = dataclasses.replace(samples, session=backlog_label(samples.session))
        broken, self._broken = self._broken, False
        return TakenBlock(self.name, samples, ready.arrival, broken)


def _rows_of(samples: Samples, block: TakenBlock, now: float) -> Rows:
    n = len(samples)
    heard = block.heard
    if heard is None or samples is not block.samples:
        heard = _heard(samples, block)
    return Rows(
        samples.ts,
        samples.values,
        heard,
        np.full(n, samples.session, np.object_),
        np.full(n, now),
        np.full(n, block.arrival),
        np.full(n, block.lot),
    )


def _heard(samples: Samples, block: TakenBlock) -> np.ndarray:
    """Which channels were in the messages, in the order of ``samples``."""
    place = {name: column for column, name in enumerate(block.samples.features)}
    heard = np.zeros(samples.values.shape, np.bool_)
    for column, name in enumerate(samples.features):
        if name in place:
            heard[:, column] = True if block.heard is None else block.heard[:, place[name]]
    return heard
