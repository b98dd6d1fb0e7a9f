"""Lessons from a real store: what is read, what is learnt again, and what is refused."""

from __future__ import annotations

import os
import signal

import numpy as np
import pytest

from detector.engines.fleet import Fleet
from detector.ingest.buffer import TakenBlock
from detector.provisional import lessons
from detector.provisional.apprentice import GONE, Apprentice
from detector.provisional.contract import Lesson
from detector.provisional.files import ModelFolder
from detector.records import Samples, backlog_label
from detector.scoring.files import score_recording
from detector.sessions.files import Recording
from detector.settings.tree import Settings
from detector.store import frames
from detector.store.archive.place import place_at
from detector.store.places import archive_place
from detector.store.schema import open_store
from tests.conftest import wait_for
from tests.support.stores.closing import archive

START, N = 1e9, 660


@pytest.fixture
def store(tmp_path):
    """An empty one."""
    opened = open_store(f"sqlite:///{tmp_path}/faultline.db")
    yield opened
    opened.dispose()


def pump(level, n=N, start=START, seed=0, session=None):
    """Two channels at 1 Hz about a level."""
    noise = np.random.default_rng(seed).normal(0, 0.1, (n, 2))
    values = (np.array([level, 2 * level]) + noise).astype(np.float32)
    return Samples(("flow", "bar"), start + np.arange(n, dtype=np.float64), values, session)


def put(store, device, samples):
    """Store what a device sent, as the detector does without a rule."""
    fleet = Fleet(Settings(), lambda *_: ([], []), {})
    with store.begin() as connection:
        frames.write(connection, fleet.score([TakenBlock(device, samples, 0.0, broken=False)]))


def given(a_lesson, store):
    """What comes of a lesson."""
    return lessons.give(a_lesson, store, place_of(store))


def place_of(store):
    """Of its archive."""
    return place_at(archive_place(store, None))


def lesson(tmp_path, device, span, **fields):
    """To learn a stretch."""
    chosen = {"version": 1, "before": (), "rate_hz": 1.0, "needed_s": 600.0, "running": None,
              "folder": tmp_path / "models", "peers": (), **fields}  # fmt: skip
    return Lesson(device=device, span=span, **chosen)


def crossed(tmp_path, mark, samples):
    """Share of windows that the model of a mark calls abnormal."""
    bundle = ModelFolder(tmp_path / "models").bundle(mark)
    scored = score_recording(bundle, Recording("x", samples, None))
    return np.concatenate([frame.anomaly[frame.judged] for frame in scored]).mean()


def learnt(tmp_path, store, device, level, seed):
    """A device with a model; its mark."""
    put(store, device, pump(level, seed=seed))
    found = given(lesson(tmp_path, device, (START, START + N)), store)
    assert found.mark is not None, found.reason
    return found.mark


def test_the_stretch_is_learnt_and_its_backlog_is_not(tmp_path, store):
    """What was sent after its time has no place in the order of time."""
    put(store, "p", pump(5.0))
    put(store, "p", pump(50.0, 100, START + 0.5, session=backlog_label(None)))
    found = given(lesson(tmp_path, "p", (START, START + N)), store)
    assert found.mark is not None
    assert found.mark.features == ("bar", "flow")
    assert crossed(tmp_path, found.mark, pump(5.0, seed=1)) == 0
    assert crossed(tmp_path, found.mark, pump(6.0, seed=1)) > 0.9


def test_a_changed_machine_is_learnt_with_what_it_was(tmp_path, store):
    """Both ways of running are normal afterwards, a third is not."""
    first = learnt(tmp_path, store, "p", 5.0, 0)
    later = START + 5000
    put(store, "p", pump(6.0, start=later, seed=2))
    again = lesson(tmp_path, "p", (later, later + N), version=2, before=first.spans)
    found = given(again, store)
    assert found.mark is not None, found.reason
    assert crossed(tmp_path, found.mark, pump(5.0, seed=3)) == 0
    assert crossed(tmp_path, found.mark, pump(6.0, seed=4)) == 0
    assert crossed(tmp_path, found.mark, pump(12.0, seed=5)) > 0.9


def test_what_goes_on_changing_is_not_learnt_again(tmp_path, store):
    """A fault that begins in the middle of the stretch, or grows."""
    first = learnt(tmp_path, store, "p", 5.0, 0)
    later = START + 5000
    put(store, "p", pump(5.0, 330, later, 2))
    put(store, "p", pump(9.0, 330, later + 330, 3))
    again = lesson(tmp_path, "p", (later, later + N), version=2, before=first.spans)
    found = given(again, store)
    assert (found.mark, "goes on changing" in found.reason) == (None, True)


def test_its_kind_is_asked(tmp_path, store):
    """Three alike call the fourth abnormal: it is not learnt, and the reason says so."""
    peers = tuple(learnt(tmp_path, store, f"p{n}", 5 + 0.1 * n, n) for n in range(3))
    put(store, "stranger", pump(12.0, seed=7))
    put(store, "own", pump(5.2, seed=8))
    span = (START, START + N)
    found = given(lesson(tmp_path, "stranger", span, peers=peers), store)
    assert (found.mark, found.is_stranger) == (None, True)
    assert found.reason == "3 of 3 devices of its kind call it abnormal"
    assert given(lesson(tmp_path, "own", span, peers=peers), store).mark is not None


def test_an_empty_stretch_asks_for_more(tmp_path, store):
    """The store may have deleted it meanwhile."""
    found = given(lesson(tmp_path, "nobody", (START, START + N)), store)
    assert (found.mark, found.more_s) == (None, 600.0)


def test_a_restart_parts_no_run(tmp_path, store):
    """A pause does, and another label: somebody says that this is another run."""
    for start in (0, 200, 400):
        put(store, "p", pump(5.0, 200, START + start))
    put(store, "p", pump(5.0, 100, START + 620))
    put(store, "p", pump(5.0, 100, START + 720, session="b"))
    read = lessons.read(store, place_of(store), "p", (START, START + 900), 1.0)
    assert [len(samples) for samples in read] == [600, 100, 100]


def test_a_stretch_whose_hours_are_closed_is_read_from_their_files(tmp_path, store):
    """What is learnt again may be older than what stays in the tables; half of it may be."""
    put(store, "p", pump(5.0))
    span = (START, START + N)
    [before] = lessons.read(store, place_of(store), "p", span, 1.0)
    assert archive(store, "p", place_of(store)) == N
    put(store, "p", pump(5.0, 60, START + N))
    [after] = lessons.read(store, place_of(store), "p", (START, START + N + 59), 1.0)
    np.testing.assert_array_equal(after.values[:N], before.values)
    assert len(after) == N + 60
    assert given(lesson(tmp_path, "p", span), store).mark is not None


def test_a_fast_device_is_read_in_parts(tmp_path, store):
    """No more than so many samples, from its whole stretch."""
    put(store, "fast", pump(5.0, 40_000))
    read = lessons.read(store, place_of(store), "fast", (START, START + 40_000), 1.0)
    total = sum(map(len, read))
    assert lessons.MOST_SAMPLES <= total < 1.2 * lessons.MOST_SAMPLES
    assert read[0].ts[0] < START + 100
    assert read[-1].ts[-1] > START + 39_900


def test_devices_without_a_model_come_first(tmp_path, store):
    """However many are to be learnt again; a lesson that nobody wants any more is not given."""
    spans = (START, START + N)
    apprentice = Apprentice(f"sqlite:///{tmp_path}/faultline.db")
    try:
        for name, before in (("a", (spans,)), ("b", ()), ("gone", ()), ("c", ())):
            apprentice.take(lesson(tmp_path, name, spans, before=before))
        apprentice.drop("gone")
        found = [wait_for(apprentice.outcome, 30).device for _ in range(3)]
        assert (found, apprentice.is_free) == (["b", "c", "a"], True)
    finally:
        apprentice.close()


def test_lessons_are_given_in_order_to_a_process_of_their_own(tmp_path, store):
    """One after the other; a lesson that fails ends nothing, and an end is an outcome too."""
    put(store, "p", pump(5.0))
    apprentice = Apprentice(f"sqlite:///{tmp_path}/faultline.db")
    try:
        apprentice.take(lesson(tmp_path, "nobody", (START, START + N)))
        apprentice.take(lesson(tmp_path, "p", (START, START + N)))
        found = [wait_for(apprentice.outcome, 30), wait_for(apprentice.outcome, 30)]
        assert [outcome.device for outcome in found] == ["nobody", "p"]
        assert found[1].mark is not None
        assert apprentice.is_free
        os.kill(apprentice.pid, signal.SIGKILL)
        apprentice.take(lesson(tmp_path, "p", (START, START + N)))
        gone = wait_for(apprentice.outcome, 10)
        assert (gone.device, gone.reason) == ("p", GONE)
    finally:
        apprentice.close()
    assert apprentice.pid is None
