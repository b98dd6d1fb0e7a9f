"""The rule of a machine that is commissioned: its own level, and limits around that.

Every training session stands for a machine that was commissioned in a minute of its own running,
whichever minute that was, and is judged in all the others; by models that have not seen it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from detector.normal.level import Level, levels, mean_of, widest
from detector.normal.terms import joined
from detector.records import Flags, Values
from detector.scoring.score import Array, ScoreRule
from detector.scoring.thinning import smooth
from detector.training.data.prepare import Prepared
from detector.training.fitting.calibrate import Conditioning, HeldOut, placed_rule
from detector.training.fitting.hold_out import HoldOut, score_parts
from detector.training.fitting.limits import Machine

LEAST_MACHINES = 3  # sessions that tell how machines depart from a level of their own
LEAST_STRETCHES = 2  # in each: one to be commissioned in, one to be judged in


def commissioned_rule(
    ready: Prepared,
    held: HoldOut,
    window: int,
    weights: Sequence[float],
    chosen: Conditioning,
    period_s: float,
    floor: tuple[float, ...] = (),
) -> ScoreRule | None:
    """Learn it from held-out windows, each session centred on a stretch of itself.

    Args:
        ready: All sessions.
        held: The models that have not seen a block, and what that is.
        window: L, samples.
        weights: Per column, 0..1.
        chosen: Which parts of the score are on.
        period_s: Sampling period.
        floor: Per column, see ``calibrate``.

    Returns:
        None where it is not asked for, or too few sessions run long enough.
    """
    width = round(chosen.commission_s / period_s)
    long_enough = [flags.sum() >= LEAST_STRETCHES * width for flags in ready.judged]
    if not width or sum(long_enough) < LEAST_MACHINES:
        return None
    offsets = [
        own_offset(session, flags, width) if is_long else None
        for session, flags, is_long in zip(ready.sessions, ready.judged, long_enough, strict=True)
    ]
    machines = [
        _machine(parts, chosen, width, floor) for parts in _parts(ready, held, window, offsets)
    ]
    centre, _ = widest([machine.low for machine in machines])
    return placed_rule(machines, _known(centre), tuple(weights), chosen, period_s, floor)[0]


def own_offset(scaled: Values, judged: Flags, width: int) -> Array:
    """Mean of the first ``width`` judged samples, shape (F,), scaled units; see ``mean_of``.

    Args:
        scaled: Shape (n, F).
        judged: Shape (n,), at least one.
        width: Samples.
    """
    return mean_of(scaled[np.flatnonzero(judged)[:width]])


def _parts(
    ready: Prepared, held: HoldOut, window: int, offsets: Sequence[Array | None]
) -> Iterator[list[HeldOut]]:
    """What is held out of each session that has an offset, scored with that taken off."""
    found: dict[int, list[HeldOut]] = defaultdict(list)
    for fit, block in zip(held.fits, held.blocks, strict=True):
        for part in score_parts(ready, block, fit.detector, window, offsets):
            found[part.session].append(part)
    yield from (parts for parts in found.values() if any(part.judged.any() for part in parts))


def _machine(
    parts: Sequence[HeldOut], chosen: Conditioning, width: int, floor: tuple[float, ...]
) -> Machine:
    none = parts[0].terms.part(0, 0)
    terms = joined([smooth(part.terms, chosen.smoothing, none) for part in parts]).above(floor)
    judged = np.concatenate([part.judged for part in parts])
    low, high = widest(levels(terms.log_mse, terms.log_peak, terms.mean, judged, width))
    return Machine(terms, judged, low, high)


def _known(level: Level) -> Level:
    """The same with 0 for columns that no window shows, which are not judged."""
    return Level(*(np.nan_to_num(getattr(level, name)) for name in Level.__slots__))
