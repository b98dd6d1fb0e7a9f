"""Which features of a device are sent: all of a few, of many those that are drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from detector.records import Alarm, Frame, ModelCard

Columns: TypeAlias = tuple[str, ...] | None  # None: all there are

MOST = 8  # as in dashboard/assets/device/figure.js


def those_that_matter(
    names: Sequence[str], alarms: Sequence[Alarm], shares: Mapping[str, float] | None = None
) -> tuple[str, ...]:
    """All of a few; of many those behind the newest alarms, then the first, in their order.

    Args:
        names: All that can be drawn.
        alarms: The newest first.
        shares: What each contributes now; the largest come before the first.
    """
    if len(names) <= MOST:
        return tuple(names)
    behind = [name for alarm in alarms for name in largest(alarm.contributions) if name in names]
    now = [name for name in largest(shares or {}) if name in names]
    shown = set(list(dict.fromkeys([*behind, *now, *names]))[:MOST])
    return tuple(name for name in names if name in shown)


def largest(shares: Mapping[str, float], most: int | None = None) -> dict[str, float]:
    """The largest shares first; the others are what is missing to 1."""
    ordered = sorted(shares.items(), key=lambda item: -item[1])
    return dict(ordered[:most])


def begun_with(
    card: ModelCard | None,
    held: Sequence[Frame],
    alarms: Sequence[Alarm],
    shares: Mapping[str, float] | None,
) -> Columns:
    """What a viewer is sent who has not said what they draw.

    Args:
        card: Of the device's model; None: it has none.
        held: Its newest frames.
        alarms: The newest first.
        shares: Of the newest scored frame; None: none is scored.
    """
    known = card.features if card is not None else held[-1].features if held else ()
    return None if len(known) <= MOST else those_that_matter(known, alarms, shares)


def of_those(shares: Mapping[str, float] | None, columns: Columns) -> dict[str, float] | None:
    """Shares of what is sent, and the largest of the others."""
    if shares is None or columns is None:
        return None if shares is None else dict(shares)
    kept = {*columns, *largest(shares, MOST)}
    return {name: share for name, share in shares.items() if name in kept}
