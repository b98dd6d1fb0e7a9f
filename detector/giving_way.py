"""A process beside the detector lets whatever else its computer does go first."""

from __future__ import annotations

import os


def give_way(nice: int) -> None:
    """Ask for less of the processor from now on, in the calling thread and all it begins.

    Args:
        nice: Added to the niceness, 1 to 19; nothing changes on a system that has none.
    """
    if hasattr(os, "nice"):
        os.nice(nice)
