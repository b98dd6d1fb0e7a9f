"""Bursts: what a sensor that is heard now and then sends of one machine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np

from detector.records import Samples
from detector.sessions.files import Recording
from detector.sessions.segments import longest_step_s, median_period
from detector.settings.sessions import SessionSettings

LONGEST_S = 30.0  # a session that lasts longer tells something of a machine by itself


def joined(recordings: Iterable[Recording]) -> Iterator[Recording]:
    """Bursts of one machine as one recording; all others as they are.

    A burst is too short for a fault to come and go in it, or for a minute of normal running, and
    an alarm of the machine stands from one to the next. The pauses stay, so that a stream begins a
    new session after each, as it does with what comes live.

    Args:
        recordings: In the order of their files and times.

    Yields:
        Recordings in the same order.
    """
    chain: list[Recording] = []
    for recording in recordings:
        if chain and not _follows(chain[-1], recording):
            yield _one(chain)
            chain = []
        chain.append(recording)
    if chain:
        yield _one(chain)


def _follows(last: Recording, recording: Recording) -> bool:
    """Whether both are bursts of one machine, the second after a pause."""
    before, after = last.samples, recording.samples
    if not last.machine or last.machine != recording.machine:
        return False
    if before.features != after.features or (last.label is None) != (recording.label is None):
        return False
    if not (_is_burst(before) and _is_burst(after)):
        return False
    period_s = max(median_period(before.ts) or 0.0, median_period(after.ts) or 0.0)
    return bool(after.ts[0] - before.ts[-1] > longest_step_s(SessionSettings(), period_s))


def _is_burst(samples: Samples) -> bool:
    return len(samples) > 0 and float(samples.ts[-1] - samples.ts[0]) <= LONGEST_S


def _one(chain: Sequence[Recording]) -> Recording:
    """A recording of all their samples."""
    first = chain[0]
    if len(chain) == 1:
        return first
    labels = [one.label for one in chain if one.label is not None]
    return replace(
        first,
        name=first.machine.removeprefix(f"{first.found.file}:"),
        samples=Samples(
            first.samples.features,
            np.concatenate([one.samples.ts for one in chain]),
            np.concatenate([one.samples.values for one in chain]),
        ),
        label=np.concatenate(labels) if labels else None,
    )
