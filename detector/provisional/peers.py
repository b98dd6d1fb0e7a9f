"""What devices of the same kind say of a stretch: never learn what they call abnormal.

Machines differ, so a model of one calls another abnormal as a matter of course. What counts is
how it calls the newcomer beside how it calls its own kind. Three that happen to be alike say
little of how much a kind differs, so few have to be surer than many: of healthy machines of three
kinds, forty each, less than one in two hundred is refused by any number of peers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from detector.records import Samples
from detector.scoring.bundle import Bundle
from detector.scoring.scorer import score_windows
from detector.sessions.scaling import scale
from detector.sessions.windows import spread_evenly, windows

FEWEST = 3  # peers whose word counts
MAJORITY = 2 / 3  # of them, or more
STRANGER = {3: 60.0, 4: 15.0, 5: 6.0}  # by peers: times the most abnormal of their own kind
OF_MANY = 4.0  # the same of more peers
EXCERPT = 600  # samples that are kept of a stretch
WINDOWS = 100  # that are scored of it
CHUNK = 128


@dataclass(frozen=True, slots=True)
class Peer:
    """Another device of the same kind: its model, and a part of what it was learnt from."""

    bundle: Bundle
    excerpt: Samples


def excerpt_of(recorded: Sequence[Samples]) -> Samples:
    """The newest samples of the longest part, at most ``EXCERPT``."""
    longest = max(recorded, key=len)
    rows = slice(max(len(longest) - EXCERPT, 0), None)
    return Samples(longest.features, longest.ts[rows], longest.values[rows])


def typical_score(bundle: Bundle, samples: Samples) -> float:
    """Median score that a model gives to another device's samples; NaN where it cannot."""
    document = bundle.document
    if not set(bundle.features) <= set(samples.features):
        return float("nan")
    values = samples.with_features(bundle.features).values
    seen = windows(scale(values, document.scaling.centre, document.scaling.scale), document.window)
    seen = spread_evenly(seen[np.isfinite(seen).all(axis=(1, 2))], WINDOWS)
    if not len(seen):
        return float("nan")
    terms = score_windows(bundle.detector, seen, CHUNK).terms
    rule = document.score
    return float(np.median(rule.scores(rule.column_scores(terms.above(rule.floor)))))


def calls_abnormal(peers: Sequence[Peer], newcomer: Samples) -> tuple[int, int]:
    """How many of the peers call a newcomer far more abnormal than each other.

    Args:
        peers: Of the same kind, each with a model that fits the newcomer's channels.
        newcomer: A part of its stretch.

    Returns:
        Those that do, and those that could be asked; 0, 0 where fewer than ``FEWEST`` could.
    """
    beyond = []
    for peer in peers:
        own = [typical_score(peer.bundle, other.excerpt) for other in peers if other is not peer]
        found, kind = typical_score(peer.bundle, newcomer), np.asarray(own)
        if np.isnan(found) or np.isfinite(kind).sum() < FEWEST - 1:
            continue
        beyond.append(found / max(1.0, float(np.nanmax(kind))))
    if len(beyond) < FEWEST:
        return 0, 0
    limit = STRANGER.get(len(beyond), OF_MANY)
    return sum(times > limit for times in beyond), len(beyond)


def is_majority(abnormal: int, asked: int) -> bool:
    """Whether so many of those asked are a clear majority."""
    return asked >= FEWEST and abnormal >= MAJORITY * asked
