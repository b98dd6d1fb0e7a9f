"""A process beside the detector lets whatever else its computer does go first.

Linux shares the processor out by session first (``sched_autogroup_enabled``, sched(7)), and what a
process asks for counts within its own: one beside the detector begins a process group, against
Ctrl-C, and no session.
"""

from __future__ import annotations

import os


def give_way(nice: int) -> None:
    """Ask for less of the processor from now on, in the calling thread and all it begins.

    Args:
        nice: Added to the niceness, 1 to 19; nothing changes on a system that has none.
    """
    if hasattr(os, "nice"):
        os.nice(nice)
