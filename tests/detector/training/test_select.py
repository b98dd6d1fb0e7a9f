"""Which part of the sessions the fault lab keeps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from detector.sessions.operating import running_flags
from detector.settings.devices import RunningSignal
from detector.training.apart import as_recording, longest_run, set_apart
from tests.support.motors import dataset


def one_session(running, signal=None):
    """A data set of one session that runs only where it is said."""
    made = dataset(1, len(running))
    session = replace(made.sessions[0], running=np.asarray(running, np.bool_))
    return replace(made, sessions=(session,), signal=signal or made.signal)


def test_of_one_session_the_part_without_a_stop_is_kept():
    """A machine that stops at the end leaves room for faults before; nothing is in both."""
    running = np.ones(1000, np.bool_)
    running[650:700] = running[850:] = False
    learn, (lab,) = set_apart(one_session(running))
    assert [len(session.ts) for session in learn.sessions] == [400, 400]
    assert lab.ts[0] == dataset(1, 1000).sessions[0].ts[400]
    assert set(lab.ts).isdisjoint(np.concatenate([s.ts for s in learn.sessions]))


def test_where_all_parts_are_alike_the_last_is_kept():
    """What comes later is the fairer test."""
    learn, (lab,) = set_apart(one_session(np.ones(1000)))
    assert [len(session.ts) for session in learn.sessions] == [800]
    assert len(lab.ts) == 200


def test_a_machine_with_two_speeds_runs_in_the_lab_as_it_did():
    """The running signal that stands in for its own lies in one of its ranges."""
    two = RunningSignal(feature="rpm", min=588, max=1224, ranges=((588, 612), (1176, 1224)))
    made = one_session(np.ones(1000), two)
    lab = as_recording(made, set_apart(made)[1][0])
    assert running_flags(lab.samples.values, lab.samples.features, two).all()


def test_the_longest_run_of_flags():
    """None, all, and one among others."""
    assert longest_run(np.zeros(5, np.bool_)) == 0
    assert longest_run(np.ones(5, np.bool_)) == 5
    assert longest_run(np.array([1, 0, 1, 1, 0, 1], np.bool_)) == 2
