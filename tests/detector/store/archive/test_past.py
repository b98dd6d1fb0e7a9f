"""Who goes on where an earlier run stopped finds the same, whatever is in files by then."""

from __future__ import annotations

import numpy as np
import pytest

from detector.store.archive.past import Past
from tests.support.stores.machine import START, frame, frames

CLOSINGS = [None, START + 3600, np.inf]  # nothing is in files, the first hour, everything
SESSION = frames(2 * 3600, rate=0.1)


def all_of(found):
    """Times beside values."""
    return np.concatenate([np.column_stack([f.ts, f.values]) for f in found])


@pytest.fixture(params=CLOSINGS, ids=["hot", "half", "closed"])
def past(site, request):
    """Of a session of two hours, after another one, with a backlog beside it."""
    site.add(frames(600, start=START - 9000, rate=0.1, session="#0", arrival=START - 9000))
    site.add([frame(f.ts[0], rate=0.1, seed=i, arrival=f.ts[-1]) for i, f in enumerate(SESSION)])
    site.add(frames(300, start=START - 5000, rate=0.1, session="~backlog#1", arrival=START + 7300))
    if request.param is not None:
        site.close(before=request.param)
    return Past(site.store, site.place)


def test_a_session_begins_where_it_began(past):
    """A baseline from later samples would change every score."""
    start, tail = past.newest_session("press-1", 25, 25)
    np.testing.assert_array_equal(all_of(start)[:25], all_of(SESSION)[:25])
    np.testing.assert_array_equal(all_of(tail)[-25:], all_of(SESSION)[-25:])
    assert {f.session for f in (*start, *tail)} == {"#1"}


def test_a_whole_session_is_read_in_order(past):
    """However many samples are asked for."""
    start, tail = past.newest_session("press-1", 10**6, 10**6)
    np.testing.assert_array_equal(all_of(start), all_of(SESSION))
    np.testing.assert_array_equal(all_of(tail), all_of(SESSION))


def test_the_newest_live_sample_is_known(past):
    """Or what the broker sends again would be stored twice; a backlog is none."""
    found = past.newest_live("press-1")
    assert (found.session, found.ts[-1]) == ("#1", SESSION[-1].ts[-1])


def test_what_is_stored_is_known_by_its_time(past):
    """Each sample lies in a span; the time between two sessions in none."""
    spans = past.spans("press-1", -np.inf, np.inf)
    ts = all_of(SESSION)[:, 0]
    assert all(any(first <= one <= last for first, last in spans) for one in ts)
    assert not any(first < START - 1000 < last for first, last in spans)
    assert spans == sorted(spans)


def test_nothing_is_known_of_a_stranger(past):
    """It begins anew."""
    assert past.newest_live("press-9") is None
    assert past.newest_session("press-9", 10, 10) == ([], [])


@pytest.mark.parametrize("is_closed", [False, True])
def test_a_hole_is_not_taken_for_stored(site, is_closed):
    """What a device sends of it later would be left out for ever."""
    site.add([frame(START + i, seed=i) for i in range(30) if i not in (11, 12, 13)])
    if is_closed:
        site.close()
    spans = Past(site.store, site.place).spans("press-1", START, START + 30)
    assert not any(first <= START + 12 <= last for first, last in spans)
    assert any(first <= START + 14 <= last for first, last in spans)


def test_a_file_that_is_gone_is_told(site, caplog):
    """What is there is used."""
    site.add(frames(2 * 3600, rate=0.1))
    site.close()
    (site.folder / "archive" / site.files()[0]).unlink()
    start, _ = Past(site.store, site.place).newest_session("press-1", 10, 10)
    assert start[0].ts[0] >= START + 3600
    assert "an hour of press-1 cannot be read" in caplog.text
