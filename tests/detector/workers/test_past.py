"""A session of which only part is stored."""

from __future__ import annotations

import numpy as np
import pytest

from detector.engines.fleet import Fleet
from detector.ingest.buffer import TakenBlock
from detector.records import backlog_label
from detector.settings.tree import Settings
from detector.workers.past import with_unstored
from tests.support.motors import live


def frames_of(*parts, size=10):
    """Frames of so many samples each, unscored."""
    fleet = Fleet(Settings(), lambda *_: ([], []), {})
    blocks = []
    for samples in parts:
        for i in range(0, len(samples), size):
            rows = slice(i, i + size)
            part = type(samples)(samples.features, samples.ts[rows], samples.values[rows],
                                 samples.session)  # fmt: skip
            blocks.append(TakenBlock("m", part, 0.0, broken=False))
    return fleet.score(blocks)


@pytest.mark.parametrize("stored", [0, 3, 9])
def test_the_ends_of_a_session_are_found_wherever_they_are(stored):
    """As if all of it were stored."""
    frames = frames_of(live(120, 1))
    in_store, waiting = frames[:stored], frames[stored:]
    start, tail = with_unstored((in_store[:2], in_store[-4:]), waiting, 15, 35)
    np.testing.assert_array_equal(np.concatenate([one.ts for one in start]), live(20, 1).ts)
    assert [one.ts[0] for one in tail] == [one.ts[0] for one in frames[-4:]]


def test_a_new_session_begins_with_what_waits_and_a_backlog_is_none():
    """The stored session is over; what was sent after its time is not the newest."""
    old = frames_of(live(50, 1, session="a"))
    new = frames_of(live(30, 2, start=1.8e9, session="b"))
    late = frames_of(live(30, 3, session=backlog_label(None)))
    start, tail = with_unstored((old[:1], old[-1:]), [*new, *late], 5, 100)
    assert [one.session for one in start] == [new[0].session]
    assert [one.ts[0] for one in tail] == [one.ts[0] for one in new]
    assert with_unstored((old[:1], old[-1:]), late, 5, 100) == (old[:1], old[-1:])
