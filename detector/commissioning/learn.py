"""One machine's own normal from a stretch of its running: a pure function of samples and model."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import msgspec
import numpy as np

from detector.errors import CommissionError
from detector.normal.level import Level, Own, level_of, mean_of
from detector.normal.spread import MachineLevel
from detector.normal.terms import Terms, joined, no_terms
from detector.records import Samples, Times, Values
from detector.scoring.bundle import Bundle
from detector.scoring.front_stream import RAN, ScoringStream, stream_for
from detector.scoring.score import Array, ScoreRule
from detector.scoring.scorer import score_stretches
from detector.scoring.stream import DeviceStream
from detector.settings.devices import RunningSignal
from detector.settings.sessions import SessionSettings

LEAST_S = 30.0  # of settled running
MOST_MOVED = 0.5  # of what is normal, from one half of the stretch to the other
CHUNK = 256
PIECE = 2048  # samples looked at at a time, where only the first running is asked for


@dataclass(frozen=True, slots=True)
class Learnt:
    """What came of a stretch.

    Attributes:
        own: The machine's own normal.
        peak: Largest score of the stretch by the model's own limits.
        doubts: Why it should not count, a sentence each; empty where nothing speaks against it.
    """

    own: Own
    peak: float
    doubts: tuple[str, ...]


def learn_own(
    bundle: Bundle,
    stretch: Sequence[Samples],
    device: str,
    *,
    running: RunningSignal | None = None,
    most_s: float = np.inf,
) -> Learnt:
    """Learn the level of a machine from its settled running.

    Args:
        bundle: Its model.
        stretch: Its samples in order of time, one or more sessions of the same features.
        device: Its name, for messages.
        running: Running signal instead of the bundle's own.
        most_s: Seconds of settled running to learn from, the first ones.

    Raises:
        CommissionError: If the model has no rule for it, or the stretch too little running.
    """
    rule = bundle.document.commissioned
    if rule is None:
        raise CommissionError(
            f"{bundle.name}: has no limits for single machines, allowed: a bundle trained on "
            "several machines by this version"
        )

    if not stretch:
        raise _too_short(device, 0.0)
    if np.isfinite(most_s):
        stretch = [piece for samples in stretch for piece in _pieces(samples)]
    stream = partial(_stream, device, stretch[0].features, bundle, running)
    first = _pass(stream(), stretch, most_s / bundle.document.sampling_period_s)
    seconds = len(first.ts) * bundle.document.sampling_period_s
    if seconds < LEAST_S:
        raise _too_short(device, seconds)
    own = _own(bundle, rule, first, seconds)
    terms = _pass(stream(own), stretch, len(first.ts)).terms
    if bundle.document.spread is None:
        own = _with_level(own, level_of(*_levelled(terms)))
    return Learnt(own, first.peak, tuple(_doubts(bundle, rule, terms, first.peak)))


def _pieces(samples: Samples) -> Iterator[Samples]:
    """Some samples at a time, so that what is not needed is not looked at."""
    for first in range(0, len(samples), PIECE):
        rows = slice(first, first + PIECE)
        yield replace(samples, ts=samples.ts[rows], values=samples.values[rows])


def _too_short(device: str, seconds: float) -> CommissionError:
    return CommissionError(
        f"{device}: {seconds:.0f} s of settled running in the stretch, allowed: {LEAST_S:g} s "
        "and more"
    )


def _stream(
    device: str,
    features: tuple[str, ...],
    bundle: Bundle,
    running: RunningSignal | None,
    own: Own | None = None,
) -> ScoringStream:
    """Of what a machine sends, or of the columns where a front end keeps these alone."""
    rules = SessionSettings()
    if bundle.front is not None and set(bundle.features) <= set(features):
        return DeviceStream(device, features, bundle, rules, running=RAN, own=own)
    return stream_for(device, features, bundle, rules, running=running, own=own)


@dataclass(frozen=True, slots=True)
class _Passage:
    """The first judged windows of a stretch after a stream.

    Attributes:
        ts: Shape (B,), of their last samples.
        newest: Shape (B, F), these samples in scaled units.
        given: Shape (B, C), their conditions.
        width: Shape (B, F), deviation that each is in units of; 1 where the model has no spread.
        terms: Smoothed.
        peak: Their largest score.
    """

    ts: Times
    newest: Values
    given: Array
    width: Array
    terms: Terms
    peak: float


def _pass(stream: ScoringStream, stretch: Sequence[Samples], most: float) -> _Passage:
    """At most so many windows."""
    width, left = len(stream.bundle.features), round(min(most, sys.maxsize))
    ts, newest, peak = [np.empty(0)], [np.empty((0, width), np.float32)], 0.0
    follows = stream.follows
    given = [np.empty((0, len(follows.columns)))]
    wide = [np.empty((0, width))]
    terms = [no_terms(len(stream.bundle.detector.groups), width)]
    for part in (part for samples in stretch for part in stream.accept(samples)):
        if not left:
            break
        scored = score_stretches(stream.bundle.detector, [part], CHUNK)
        frame = stream.finish(part, scored, arrival=0.0)
        kept = np.flatnonzero(part.judged[part.ends])[:left]
        left -= len(kept)
        ts.append(part.piece.ts[part.ends[kept]])
        newest.append(part.windows[kept, -1])
        rows = part.piece.filled[part.ends[kept]]
        given.append(follows.given(rows).astype(np.float64))
        wide.append(np.ones((len(rows), width)) * follows.width(rows))
        terms.append(Terms(*(term[kept] for term in stream.smoothed.each)))
        scores = frame.score[np.isin(frame.ts, ts[-1])]
        peak = max(peak, float(np.nanmax(scores, initial=0.0)))
    return _Passage(
        np.concatenate(ts), np.concatenate(newest), np.concatenate(given), np.concatenate(wide),
        joined(terms), peak,
    )  # fmt: skip


def _levelled(terms: Terms) -> tuple[Array, Array, Array]:
    return terms.log_mse, terms.log_peak, terms.mean


def _own(bundle: Bundle, rule: ScoreRule, first: _Passage, seconds: float) -> Own:
    """What is known after the first pass: the offset; the level is still the fleet's."""
    level = _level(bundle, first)
    return Own(
        model=bundle.name,
        data_hash=bundle.document.training.data_hash,
        start=float(first.ts[0]),
        end=float(first.ts[-1]),
        seconds=seconds,
        offset=tuple(level.offset.tolist()),
        spread=rule.spread_centre,
        peak=rule.peak_centre,
        mean=rule.mean_centre or (0.0,) * len(rule.spread_centre),
        uncertain=tuple(level.uncertain.tolist()),
        at=tuple(level.at.tolist()),
        basis=bundle.document.basis,
    )


def _level(bundle: Bundle, first: _Passage) -> MachineLevel:
    """Where the machine lies; how sure that is, where the model tells."""
    machines, nothing = bundle.document.machines, np.empty(0)
    if machines is None:
        return MachineLevel(mean_of(first.newest), nothing, nothing)
    away = first.newest * first.width
    return machines.level(away, first.given, bundle.document.sampling_period_s)


def _with_level(own: Own, level: Level) -> Own:
    """A column that no window shows keeps the fleet's level."""

    def known(found: Array, fleet: tuple[float, ...]) -> tuple[float, ...]:
        return tuple(np.where(np.isnan(found), fleet, found).tolist()) if fleet else ()

    return msgspec.structs.replace(
        own,
        spread=known(level.spread, own.spread),
        peak=known(level.peak, own.peak),
        mean=known(level.mean, own.mean),
    )


def _doubts(bundle: Bundle, rule: ScoreRule, terms: Terms, peak: float) -> Iterator[str]:
    if peak > 1.0:
        yield f"its score reaches {peak:.2f} by the limits of {bundle.name}, allowed: up to 1"
    moved, column = _moved(rule, terms)
    if moved > MOST_MOVED:
        group = bundle.detector.groups[column]
        where = bundle.features[group] if group >= 0 else "its level"
        yield (
            f"it is not steady: {where} moves by {moved:.0%} of what is normal from one half to "
            f"the other, allowed: up to {MOST_MOVED:.0%}"
        )


def _moved(rule: ScoreRule, terms: Terms) -> tuple[float, int]:
    """How far the level moves from the first half to the second, and in which column."""
    count = len(terms.log_mse)
    first, second = (
        level_of(*_levelled(part))
        for part in (terms.part(0, count // 2), terms.part(count // 2, count))
    )
    up = second.spread - first.spread
    spread = np.where(up > 0, up / rule.spread_high, -up / rule.spread_low)
    shift = np.abs(second.mean - first.mean) / np.sqrt(rule.shift_scale)
    moved = np.nan_to_num(np.maximum(spread, shift if rule.shifts else 0.0)) * rule.weights
    return float(moved.max()), int(moved.argmax())
