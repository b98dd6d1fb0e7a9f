"""Why nothing is shown of a time, as a word of the catalogue; pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from detector.store.history.gaps import NO_SAMPLES, Gap

SILENT, NOT_YET, NOT_ANY_MORE, LOST = "silent", "before_first", "after_newest", "lost"


def told(gaps: Sequence[Gap], held: tuple[float, float] | None) -> list[dict[str, Any]]:
    """Each gap with its reason.

    Args:
        gaps: Of a time.
        held: First and newest time of which anything is stored; None: nothing is.

    Returns:
        ``start``, ``end``, ``reason`` (a key of the catalogue) and ``detail``: which file of the
        archive cannot be read, or None.
    """
    return [
        {"start": gap.start, "end": gap.end, "reason": _reason(gap, held), "detail": _detail(gap)}
        for gap in gaps
    ]


def _reason(gap: Gap, held: tuple[float, float] | None) -> str:
    if gap.reason != NO_SAMPLES:
        return LOST
    if held is None or gap.end <= held[0]:
        return NOT_YET
    return NOT_ANY_MORE if gap.start >= held[1] else SILENT


def _detail(gap: Gap) -> str | None:
    return None if gap.reason == NO_SAMPLES else gap.reason
