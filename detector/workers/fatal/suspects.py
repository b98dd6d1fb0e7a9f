"""Which block ends its worker: of a request that did so again and again, each is tried alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from detector.ingest.buffer import TakenBlock
from detector.records import is_backlog_label

DEATHS = 3  # of a request, before its blocks are tried alone, and of a block alone

Key: TypeAlias = tuple[str, bool]  # device, whether sent after its time: each is a stream


def key_of(block: TakenBlock) -> Key:
    """Of the stream that a block belongs to."""
    return block.device, is_backlog_label(block.samples.session)


class Suspects:
    """For the thread of a line.

    A worker that is killed from outside is no proof, not even some times in a row: a block is given
    up after ``DEATHS`` of its request and as many of it alone, all without an answer in between.
    The next of its stream is tried alone at once, and only once.

    Attributes:
        deaths: In a row, of the same request or the same block.
    """

    def __init__(self) -> None:
        self.deaths = 0
        self._alone = 0  # blocks still to be asked for one by one
        self._known: set[Key] = set()  # streams whose newest block was given up

    def most(self, blocks: Sequence[TakenBlock]) -> int:
        """How many of the blocks that wait may go into one request."""
        if self._alone:
            return min(len(blocks), 1)
        if not self._known:
            return len(blocks)
        keys = [key_of(block) for block in blocks]
        first = next((n for n, key in enumerate(keys) if key in self._known), len(keys))
        return min(len(blocks), max(first, 1))

    def answered(self, blocks: Sequence[TakenBlock]) -> None:
        """These were scored."""
        self.deaths = 0
        if self._known:
            self._known -= {key_of(block) for block in blocks}
        self._alone = max(self._alone - len(blocks), 0)

    def ended(self, blocks: Sequence[TakenBlock]) -> bool:
        """The worker has ended at these; returns whether to give them up, then it is one."""
        if not blocks:
            return False
        self.deaths += 1
        is_known = len(blocks) == 1 and key_of(blocks[0]) in self._known
        if not is_known and self.deaths < DEATHS:
            return False
        self.deaths = 0
        if not is_known and not self._alone:
            self._alone = len(blocks)
            return False
        self._alone = max(self._alone - 1, 0)
        self._known.add(key_of(blocks[0]))
        return True
