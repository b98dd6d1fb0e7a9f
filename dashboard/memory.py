"""Memory that a long stretch of history took goes back to the system."""

from __future__ import annotations

import ctypes
from contextlib import suppress

ARENA_MAX, MMAP_THRESHOLD = -8, -3  # of mallopt(3)
ARENAS, LARGE = 2, 1 << 18  # bytes


def give_back_at_once() -> None:
    """Let the GNU allocator map each large block by itself, and cut small ones from few places.

    Left alone it raises its limit for large ones with every such block that is freed, up to 32 MiB,
    and each of many threads has a place of its own. What is freed there is kept, so that memory
    grows for hours by what chance leaves in between. Other allocators stay as they are.
    """
    with suppress(AttributeError, OSError):
        set_to = ctypes.CDLL(None).mallopt
        set_to(ARENA_MAX, ARENAS)
        set_to(MMAP_THRESHOLD, LARGE)
