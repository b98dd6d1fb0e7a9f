"""The rule of a machine that is commissioned: its own level, and limits around that.

Every training machine stands for a machine that was commissioned in a minute of its own running,
whichever minute that was, and is judged in all the others; by models that have not seen it. Where
the model knows how far a level may be trusted under other conditions, the limits are in units of
that, and the same for every machine.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from detector.normal.level import Level, levels, mean_of, widest
from detector.normal.spread import Machines
from detector.normal.terms import joined
from detector.records import Values
from detector.scoring.score import Array, ScoreRule
from detector.scoring.thinning import smooth
from detector.training.data.prepare import LEAST_MACHINES, Prepared
from detector.training.fitting.calibrate import (
    Conditioning,
    HeldOut,
    Split,
    calibrate,
    placed_rule,
)
from detector.training.fitting.hold_out import HoldOut, score_parts
from detector.training.fitting.limits import Machine

PLACES = 3  # in each session: where a machine might have been commissioned
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
    if ready.machines is None:
        return _around_offsets(ready, held, window, weights, chosen, period_s, floor, width)
    long_enough = [flags.sum() >= LEAST_STRETCHES * width for flags in ready.judged]
    if width and sum(long_enough) >= LEAST_MACHINES:
        parts = list(
            _around_levels(ready, ready.machines, held, window, long_enough, width, period_s)
        )
        return calibrate(parts, tuple(weights), chosen, period_s, floor)[0]
    return None


def _around_offsets(
    ready: Prepared,
    held: HoldOut,
    window: int,
    weights: Sequence[float],
    chosen: Conditioning,
    period_s: float,
    floor: tuple[float, ...],
    width: int,
) -> ScoreRule | None:
    """From machines with an offset and a level of their own each, ``width`` samples learnt."""
    offsets = own_offsets(ready, width) if width else {}
    if len(offsets) < LEAST_MACHINES:
        return None
    machines = [
        _machine(parts, chosen, width, floor) for parts in _parts(ready, held, window, offsets)
    ]
    centre, _ = widest([machine.low for machine in machines])
    return placed_rule(machines, _known(centre), tuple(weights), chosen, period_s, floor)[0]


def _around_levels(
    ready: Prepared,
    machines: Machines,
    held: HoldOut,
    window: int,
    long_enough: Sequence[np.bool_],
    width: int,
    period_s: float,
) -> Iterator[HeldOut]:
    """What is held out, around levels learnt at the beginning of sessions and at later places."""
    for place in range(PLACES):
        learnt = [
            np.flatnonzero(flags)[place * (int(flags.sum()) - width) // PLACES :][:width]
            for flags in ready.judged
        ]
        sessions = [
            _around(ready, machines, number, learnt[number], period_s) if is_long else None
            for number, is_long in enumerate(long_enough)
        ]
        for fit, block in zip(held.fits, held.blocks, strict=True):
            for part in score_parts(ready, block, fit.detector, window, sessions):
                yield _without(part, ready, learnt[part.session], block)


def _around(
    ready: Prepared,
    machines: Machines,
    number: int,
    learnt: npt.NDArray[np.intp],
    period_s: float,
) -> Values:
    """A session in units of what its machine may be away, once its level is known."""
    away, given = ready.away(number, machines), ready.given[number]
    level = machines.level(away[learnt], given[learnt], period_s)
    found: Values = ((away - level.offset) / machines.deviation(level, given)).astype(np.float32)
    return found


def _without(part: HeldOut, ready: Prepared, rows: npt.NDArray[np.intp], block: Split) -> HeldOut:
    """The same, not judged where its level was learnt."""
    [end] = [end for number, _, end in block.held_out if number == part.session]
    flags = ready.judged[part.session].copy()
    flags[rows] = False
    return replace(part, judged=flags[end - len(part.judged) : end])


def own_offsets(ready: Prepared, width: int) -> dict[str, Array]:
    """Where each machine lies that was heard for long enough.

    Args:
        ready: All sessions.
        width: Judged samples that it is learnt from, the first ones of it.

    Returns:
        By machine, shape (F,), scaled units; see ``mean_of``.
    """
    judged: dict[str, list[Values]] = defaultdict(list)
    for machine, session, flags in zip(ready.whose, ready.sessions, ready.judged, strict=True):
        judged[machine].append(session[flags])
    joint = {machine: np.concatenate(parts) for machine, parts in judged.items()}
    return {
        machine: mean_of(rows[:width])
        for machine, rows in joint.items()
        if len(rows) >= LEAST_STRETCHES * width
    }


def _parts(
    ready: Prepared, held: HoldOut, window: int, offsets: Mapping[str, Array]
) -> Iterator[list[HeldOut]]:
    """What is held out of each machine that has an offset, scored with that taken off."""
    found: dict[str, list[HeldOut]] = defaultdict(list)
    sessions = [
        (session.astype(np.float64) - offsets[machine]).astype(np.float32)
        if machine in offsets
        else None
        for machine, session in zip(ready.whose, ready.sessions, strict=True)
    ]
    for fit, block in zip(held.fits, held.blocks, strict=True):
        for part in score_parts(ready, block, fit.detector, window, sessions):
            found[ready.whose[part.session]].append(part)
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
