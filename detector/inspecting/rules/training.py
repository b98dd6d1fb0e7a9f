"""What training will say of a recording."""

from __future__ import annotations

from detector.inspecting.measures.seen import Seen
from detector.inspecting.rules.contract import percent
from detector.sessions.window_length import SHORTEST
from detector.text import counted


def labelled(seen: Seen) -> str | None:
    """Faults are in it."""
    label = seen.recording.label
    if label is None or not label.any():
        return None
    stretches = int((label[1:] & ~label[:-1]).sum()) + int(label[0])
    return (
        f"{int(label.sum())} samples ({percent(float(label.mean()))}) in "
        f"{stretches} {'stretch' if stretches == 1 else 'stretches'} are "
        "labelled as a fault: training refuses them, --normal-only leaves them out; evaluate "
        "judges by them"
    )


def holes(seen: Seen) -> str | None:
    """Missing values leave no session."""
    if seen.timing.sessions or seen.timing.period_s is None:
        return None
    return (
        "in no row all features are known, so there is no window: name the features that belong "
        "together with --features, or join them on one time"
    )


def no_window(seen: Seen) -> str | None:
    """No session is as long as a window."""
    longest = max(seen.timing.sessions, default=0)
    needed = SHORTEST if seen.window is None else seen.window[0]
    if not seen.timing.sessions or longest >= needed:
        return None
    return (
        f"too short: the longest of {counted(len(seen.timing.sessions), 'session')} has "
        f"{counted(longest, 'sample')}, a window needs {needed}; record longer without a gap"
    )
