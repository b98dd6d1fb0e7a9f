"""What came back from workers, and what of it may not be stored yet."""

from __future__ import annotations

from collections.abc import Sequence

from detector.engines.contract import Done
from detector.ingest.buffer import TakenBlock
from detector.records import Frame


class Ready:
    """For the scoring thread.

    Attributes:
        unstored: Frames that came back and are not known to be stored, in order.
    """

    def __init__(self) -> None:
        self._blocks: list[TakenBlock] = []
        self._frames: list[Frame] = []
        self._faults = 0
        self.unstored: list[Frame] = []

    def add(self, blocks: Sequence[TakenBlock], frames: Sequence[Frame], faults: int = 0) -> None:
        """See ``Done``."""
        self._blocks += blocks
        self._frames += frames
        self._faults += faults
        self.unstored += frames

    def taken(self) -> Done:
        """All since the last time."""
        done = Done(self._blocks, self._frames, self._faults)
        self._blocks, self._frames, self._faults = [], [], 0
        return done

    def committed(self) -> None:
        """What was taken is in the store."""
        self.unstored = list(self._frames)

    @property
    def lots(self) -> list[int]:
        """Of the blocks that were not taken."""
        return [block.lot for block in self._blocks]
