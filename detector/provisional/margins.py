"""How far beyond what a few minutes held a provisional model begins to cross.

Ten minutes at 1 Hz hold about thirty windows that do not overlap, and an hour holds six times as
many: its largest value lies well beyond that of the ten minutes, and the usual 1.25 would be
crossed by almost every healthy machine. These factors are what an hour of healthy machines of
three kinds needed at most (``benchmarks/soak/provisional.py``), with some room. They cost what
is small: a provisional model sees large faults only.
"""

from __future__ import annotations

import math
from dataclasses import replace

from detector.scoring.score import ScoreRule

LOGS = 3.0  # of the spread and the peak, which are logarithms
SHIFT = 6.0  # of a square: 2.4 times the largest mean residual
FLAT = 2.0
LEAST_FLAT = 0.4  # share of repeats; by chance a few samples of any signal repeat
ENOUGH = 30  # windows side by side that these rest on; fewer, and they grow


def widened(rule: ScoreRule, apart: float) -> ScoreRule:
    """The same rule with these margins instead of that of its threshold, which becomes 1.

    Args:
        rule: As calibrated.
        apart: Windows that do not overlap, among those it was calibrated on, > 0.
    """
    more = max(1.0, math.sqrt(ENOUGH / apart))
    return replace(
        rule,
        threshold=1.0,
        spread_low=_times(more * LOGS, rule.spread_low),
        spread_high=_times(more * LOGS, rule.spread_high),
        shift_scale=_times(more * SHIFT, rule.shift_scale),
        peak_high=_times(more * LOGS, rule.peak_high),
        flat_scale=tuple(max(FLAT * share, LEAST_FLAT) for share in rule.flat_scale),
    )


def _times(factor: float, scales: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(factor * scale for scale in scales)
