"""Which sessions are bursts of one machine, and what becomes of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from detector.records import Samples
from detector.sessions.bursts import joined
from detector.sessions.files import Findings, Recording
from tests.support.motors import START, live

EVERY_S = 20.0


def burst(number, n=100, *, label=None):
    """Two seconds of a machine, twenty after those before."""
    samples = live(n, number, START + number * EVERY_S, f"burst {number}")
    found = Findings(file="runs/a.csv")
    return Recording(f"a.csv:{number}", samples, label, found, machine="runs/a.csv:a.csv")


def test_bursts_of_one_machine_are_one_recording():
    """All samples in their order, under the name of the file, with their labels."""
    label = np.arange(100) > 50
    made = [burst(number, label=label) for number in range(3)]
    [one] = joined(made)
    assert one.name == "a.csv"
    np.testing.assert_array_equal(one.samples.ts, np.concatenate([m.samples.ts for m in made]))
    np.testing.assert_array_equal(
        one.samples.values, np.concatenate([m.samples.values for m in made])
    )
    np.testing.assert_array_equal(one.label, np.tile(label, 3))
    assert one.samples.session is None


def apart(made):
    """Whether each comes back as it is."""
    found = list(joined(made))
    return len(found) == len(made) and all(a is b for a, b in zip(found, made, strict=True))


def with_features(one, *features):
    """The same, other columns."""
    samples = one.samples
    return replace(one, samples=Samples(features, samples.ts, samples.values, samples.session))


@pytest.mark.parametrize(
    "second",
    [
        replace(burst(2), machine="runs/b.csv:b.csv"),
        with_features(burst(2), "x", "z", "rpm"),
        burst(2, label=np.zeros(100, np.bool_)),
        burst(2, n=1600),
        burst(1),
        burst(0),
    ],
    ids=["machine", "features", "label", "length", "no pause", "time goes back"],
)
def test_others_stay_apart(second):
    """Another machine, other columns, a long session, and what does not come after a pause."""
    made = [burst(1), second, second]
    assert apart(made)


def test_a_session_without_a_machine_stays_apart():
    """Nobody says that two are of the same one."""
    two = [replace(burst(number), machine="") for number in range(2)]
    assert apart(two)


def test_what_follows_at_once_stays_apart():
    """A stream would take both for one session, though they were two."""
    first = burst(0)
    at_once = replace(
        first, samples=replace(first.samples, ts=first.samples.ts + 100 / 50, session="next")
    )
    assert apart([first, at_once])
