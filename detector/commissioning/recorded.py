"""A machine's own normal from recorded sessions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from detector.commissioning.learn import learn_own
from detector.errors import CommissionError
from detector.normal.level import Own
from detector.records import Flags, Samples
from detector.scoring.bundle import Bundle
from detector.scoring.files import refuse_unfit
from detector.sessions.files import NO_HINTS, Hints, Recording, read_recordings
from detector.sessions.segments import median_period

AFTER_FAULT_S = 10.0  # not used after a label's end; a machine needs time to recover


def own_of_file(bundle: Bundle, path: Path, hints: Hints = NO_HINTS) -> Own:
    """Learn from a file of normal running; somebody vouches for it.

    Raises:
        CommissionError: If it is not good enough.
        SessionFileError: If it cannot be read or does not fit the model.
    """
    recordings = list(read_recordings([path], hints=hints))
    stretch = []
    for recording in recordings:
        refuse_unfit(bundle, recording)
        stretch.append(recording.samples.with_features(recordings[0].samples.features))
    learnt = learn_own(bundle, stretch, path.name)
    if learnt.doubts:
        raise CommissionError(f"{path.name}: {'; '.join(learnt.doubts)}")
    return learnt.own


def own_of_case(
    bundle: Bundle, recording: Recording, faulty: Flags, minutes: float
) -> tuple[Own, Flags]:
    """Learn from the first settled running of a labelled session.

    Args:
        bundle: The model.
        recording: The session.
        faulty: Shape (n,), where a fault is.
        minutes: Of settled running to learn from.

    Returns:
        The machine's own normal, and which samples it was learnt from.

    Raises:
        CommissionError: If too little of it is normal.
        SessionFileError: If it does not fit the model.
    """
    refuse_unfit(bundle, recording)
    samples, parts = recording.samples, _normal_parts(recording, faulty)
    learnt = learn_own(bundle, parts, recording.name, most_s=60 * minutes)
    own = learnt.own
    used = (samples.ts >= own.start) & (samples.ts <= own.end) & ~faulty
    return own, np.asarray(used)


def _normal_parts(recording: Recording, faulty: Flags) -> Sequence[Samples]:
    """The samples away from faults, cut where these are."""
    samples = recording.samples
    period_s = median_period(samples.ts) or 1.0
    calm = _calm(faulty, round(AFTER_FAULT_S / period_s))
    edges = np.flatnonzero(np.diff(calm.astype(np.int8))) + 1
    bounds = [0, *edges.tolist(), len(calm)]
    return [
        replace(samples, ts=samples.ts[first:end], values=samples.values[first:end],
                session=f"part {first}")
        for first, end in pairwise(bounds)
        if calm[first]
    ]  # fmt: skip


def _calm(faulty: Flags, after: int) -> Flags:
    """Where neither a fault is nor was one in the ``after`` samples before."""
    seen = np.concatenate([[0], np.cumsum(faulty)])
    end = np.arange(1, len(faulty) + 1)
    return np.asarray(seen[end] == seen[np.maximum(end - after - 1, 0)])
