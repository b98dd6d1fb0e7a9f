"""A machine's own normal from recorded sessions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np

from detector.commissioning.learn import Learnt, learn_own
from detector.normal.level import Own
from detector.records import Flags, Samples
from detector.scoring.bundle import Bundle
from detector.scoring.files import CHUNK, refuse_unfit
from detector.scoring.front_stream import stream_for
from detector.scoring.stream import score_samples
from detector.sessions.files import NO_HINTS, Hints, Recording, read_recordings
from detector.sessions.running_states import running_signal
from detector.sessions.segments import median_period
from detector.settings.devices import RunningSignal
from detector.settings.sessions import SessionSettings

MOST_ABOVE = 0.5  # of the scores of a file, from which on it is no normal running
HIGHEST = 2.0  # score, beyond which it is none either
AFTER_FAULT_S = 10.0  # not used after a label's end; a machine needs time to recover


def own_of_file(bundle: Bundle, path: Path, hints: Hints = NO_HINTS) -> Learnt:
    """Learn from a file of normal running; see ``own_of_normal``.

    Raises:
        CommissionError: If there is too little running.
        SessionFileError: If it cannot be read or does not fit the model.
    """
    return own_of_normal(bundle, list(read_recordings([path], hints=hints)), path.name)


def own_of_normal(bundle: Bundle, recordings: Sequence[Recording], name: str) -> Learnt:
    """Learn from normal running that somebody vouches for.

    Only where the machine runs: by the model's own running signal or, of a model that judges
    everything, by one that was recorded. Scores above 1 count as a doubt where most of them are,
    or one is above 2: a machine is commissioned because the limits of a fleet do not fit it.

    Args:
        bundle: The model.
        recordings: At least one.
        name: For messages.

    Raises:
        CommissionError: If there is too little running.
        SessionFileError: If a recording does not fit the model.
    """
    stretch = []
    for recording in recordings:
        refuse_unfit(bundle, recording)
        stretch.append(recording.samples.with_features(recordings[0].samples.features))
    running = _running_of(bundle, stretch)
    learnt = learn_own(bundle, stretch, name, running=running)
    is_alike = learnt.peak <= HIGHEST and _share_above(bundle, stretch, running) <= MOST_ABOVE
    if learnt.peak > 1.0 and is_alike:
        return replace(learnt, doubts=learnt.doubts[1:])  # the first is that of the peak
    return learnt


def _running_of(bundle: Bundle, stretch: Sequence[Samples]) -> RunningSignal | None:
    """One that the file has, where the model has none; None: the model's own."""
    if bundle.document.running is not None or bundle.document.lowest_log_rms is not None:
        return None
    return running_signal(stretch, bundle.document.input_period_s)


def _share_above(
    bundle: Bundle, stretch: Sequence[Samples], running: RunningSignal | None
) -> float:
    """Share of the judged scores that lie above 1 by the limits of the model."""
    stream = stream_for("", stretch[0].features, bundle, SessionSettings(), running=running)
    frames = [f for part in stretch for f in score_samples(stream, part, chunk=CHUNK, arrival=0.0)]
    scores = np.concatenate([frame.score[frame.judged] for frame in frames])
    return float((scores[np.isfinite(scores)] > 1.0).mean())


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
