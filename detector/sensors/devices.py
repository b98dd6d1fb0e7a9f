"""The sensors of all devices, beside the scoring: what comes is heard twice.

As it comes, for what its times say; and in order and joined, for what its values say. Whether a
model scores the device makes no difference. What was sent after its time says nothing of now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from detector.ingest.buffer import TakenBlock
from detector.records import Frame, Samples, is_backlog_label, label_of
from detector.sensors.clock import ClockWatch
from detector.sensors.normal import SensorNormal
from detector.sensors.trouble import Trouble
from detector.sensors.watch import SensorWatch

RESUMED = 3000  # stored samples that a device goes on from after a restart

NormalOf: TypeAlias = Callable[[str], SensorNormal | None]
# device, samples of the beginning, newest samples -> frames of its newest session
History: TypeAlias = Callable[[str, int, int], tuple[list[Frame], list[Frame]]]


@dataclass(frozen=True, slots=True)
class Word:
    """What is to be said of a device.

    Attributes:
        device: Name of the machine.
        trouble: What is wrong; None: nothing any more.
        ts: Newest sample time.
    """

    device: str
    trouble: Trouble | None
    ts: float


class Sensors:
    """For the scoring thread.

    Args:
        normal_of: What was learnt of the sensors of a device; None: nothing.
        history: Reads back what was stored.
        stored: By device, what ``SensorWatch.stored`` gave an earlier run.
    """

    def __init__(
        self, normal_of: NormalOf, history: History, stored: Mapping[str, dict[str, Any]]
    ) -> None:
        self._normal_of, self._history, self._stored = normal_of, history, dict(stored)
        self._watches: dict[str, SensorWatch] = {}
        self._clocks: dict[str, ClockWatch] = {}
        self._newest: dict[str, float] = {}
        self._changed: set[str] = set()

    def hear(self, block: TakenBlock) -> None:
        """Take samples as they came."""
        clock = self._clocks.setdefault(block.device, ClockWatch())
        if clock.hear(block.samples.ts, block.arrival, is_whole=block.heard is None):
            self._changed.add(block.device)

    def begin(self, blocks: Iterable[TakenBlock]) -> None:
        """Go on where an earlier run stopped, for devices not seen yet; reads the store."""
        for block in blocks:
            if block.device not in self._watches and not _is_late(block):
                self._watches[block.device] = self._resumed(block.device, block.samples.features)
                self._changed.add(block.device)

    def look(self, blocks: Iterable[TakenBlock]) -> None:
        """Take samples in order, the same that are scored, after ``begin``."""
        for block in blocks:
            if not _is_late(block):
                self._newest[block.device] = float(block.samples.ts[-1])
                if self._watch_of(block).push(block.samples):
                    self._changed.add(block.device)

    def forget(self, devices: Iterable[str]) -> None:
        """What is usual of these is learnt anew: somebody has said that they are normal."""
        for device in devices:
            before = self._watches.get(device)
            if before is not None:
                self._watches[device] = SensorWatch(before.features, before.normal)
                self._changed.add(device)

    def drop(self, devices: Iterable[str]) -> None:
        """Others hear these from now on."""
        for device in devices:
            for known in (self._watches, self._clocks, self._newest):
                known.pop(device, None)
            self._changed.discard(device)

    def words(self) -> list[Word]:
        """Of each device in trouble, and of those that were until now."""
        troubled = {d for d, one in self._clocks.items() if one.trouble is not None}
        troubled |= {d for d, one in self._watches.items() if one.trouble is not None}
        due = sorted(self._changed | troubled)
        return [Word(d, self.trouble_of(d), self._newest.get(d, 0.0)) for d in due]

    def memories(self) -> dict[str, dict[str, Any] | None]:
        """What a restart needs, of devices whose trouble has changed; None: nothing."""
        watches = {d: self._watches[d] for d in self._changed if d in self._watches}
        return {d: one.stored() if one.trouble else None for d, one in watches.items()}

    def said(self) -> None:
        """All that has changed is told and stored."""
        self._changed.clear()

    def trouble_of(self, device: str) -> Trouble | None:
        """What is wrong with the sensors of a device, values before times."""
        watch, clock = self._watches.get(device), self._clocks.get(device)
        found = None if watch is None else watch.trouble
        return found or (None if clock is None else clock.trouble)

    def _watch_of(self, block: TakenBlock) -> SensorWatch:
        watch = self._watches.get(block.device)
        if watch is None or watch.features != block.samples.features:  # there are more of them
            watch = SensorWatch(block.samples.features, self._normal_of(block.device))
            self._watches[block.device] = watch
        normal = self._normal_of(block.device)
        if normal is not watch.normal:
            watch.follow(normal)
        return watch

    def _resumed(self, device: str, features: tuple[str, ...]) -> SensorWatch:
        watch = SensorWatch(features, self._normal_of(device))
        stored = self._stored.pop(device, None)
        if stored is not None and tuple(stored["features"]) == features:
            watch.restore(stored)
            return watch
        for frame in self._tail(device, features):
            watch.push(Samples(frame.features, frame.ts, frame.values, label_of(frame.session)))
        return watch

    def _tail(self, device: str, features: tuple[str, ...]) -> Sequence[Frame]:
        """The newest stored samples, where they are the channels themselves."""
        _, tail = self._history(device, 0, RESUMED)
        return [frame for frame in tail if frame.features == features]


def _is_late(block: TakenBlock) -> bool:
    return is_backlog_label(block.samples.session)
