"""What a profile says, by our own files: a library's time belongs to whoever called it."""

from __future__ import annotations

import cProfile
import pstats
from collections import defaultdict
from pathlib import Path
from typing import Any, TypeAlias

PROJECT = Path(__file__).resolve().parents[2]
OURS = ("detector/", "simulator/")
NETWORKS = "detector/networks/"
Function: TypeAlias = tuple[str, int, str]


def largest(profile: cProfile.Profile, count: int) -> list[tuple[str, float]]:
    """The files that take most, with their share of all that was profiled, the largest first."""
    stats: dict[Function, Any] = pstats.Stats(profile).stats  # type: ignore[attr-defined]
    total: dict[str, float] = defaultdict(float)
    for function, (_, _, own_s, _, callers) in stats.items():
        for name, share in _belongs_to(function, callers, stats, frozenset()).items():
            total[name] += share * own_s
    whole = sum(total.values())
    ordered = sorted(total.items(), key=lambda item: -item[1])
    return [(name, seconds / whole) for name, seconds in ordered if name][:count]


def _belongs_to(
    function: Function, callers: dict[Function, Any], stats: dict[Function, Any],
    seen: frozenset[Function],
) -> dict[str, float]:  # fmt: skip
    """Files of ours that a function works for, with the share of each; "" for none."""
    own = _file(function)
    if own is not None:
        return {own: 1.0}
    weights = {caller: told[3] for caller, told in callers.items() if caller not in seen}
    whole = sum(weights.values())
    if not whole:
        return {"": 1.0}
    found: dict[str, float] = defaultdict(float)
    for caller, weight in weights.items():
        above = _belongs_to(caller, stats[caller][4], stats, seen | {function})
        for name, share in above.items():
            found[name] += share * weight / whole
    return found


def _file(function: Function) -> str | None:
    """Of ours, relative to the project."""
    path = Path(function[0])
    if not path.is_relative_to(PROJECT):
        return None
    name = path.relative_to(PROJECT).as_posix()
    if name.startswith(NETWORKS):
        return NETWORKS  # they call each other through torch
    return name if name.startswith(OURS) else None
