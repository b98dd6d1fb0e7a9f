"""A backlog in parts: a part takes about a second, however slow the model is."""

from __future__ import annotations

from collections import deque
from dataclasses import replace

from detector.ingest.buffer import TakenBlock
from detector.records import Samples

LONG_S = 1.0  # a part that took longer makes the next one smaller; the lease waits for its end
SHORT_S = 0.25
LEAST, FIRST = 64, 1000


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


def _slice(block: TakenBlock, rows: slice, *, broken: bool) -> TakenBlock:
    whole = block.samples
    samples = Samples(whole.features, whole.ts[rows], whole.values[rows], whole.session)
    heard = None if block.heard is None else block.heard[rows]
    return replace(block, samples=samples, heard=heard, broken=broken)
