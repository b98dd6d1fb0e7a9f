"""From which sessions limits for single machines are learnt."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from detector.training.data.dataset import TrainingSession
from detector.training.data.prepare import Prepared
from detector.training.fitting.commissioned import own_offsets
from detector.training.train import train
from tests.support.motors import small_options
from tests.support.training.machines import OPTIONS, machines

BURST = 150  # samples; a machine is learnt from 400


def in_bursts(dataset, whose):
    """The same, each machine heard in bursts a minute apart."""
    sessions = []
    for one in dataset.sessions:
        for number, at in enumerate(range(0, len(one.ts), BURST)):
            rows = slice(at, at + BURST)
            sessions.append(TrainingSession(
                f"{one.name}:{number}", one.ts[rows] + 60 * number, one.values[rows],
                one.running[rows], machine=whose(one),
            ))  # fmt: skip
    return replace(dataset, sessions=tuple(sessions))


@pytest.mark.parametrize(("is_known", "has_rule"), [(True, True), (False, False)])
def test_bursts_of_one_machine_count_together(is_known, has_rule):
    """Each is too short to be commissioned in; where whose they are is not known, nothing is."""
    heard = in_bursts(machines(), lambda one: one.name if is_known else "")
    made = train(heard, small_options(**OPTIONS, scales=()), "bursts", has_rows_beside=False)
    assert (made.document.commissioned is not None) is has_rule


def test_a_level_is_the_mean_of_the_first_judged_samples():
    """Of all runs of the machine in turn; one that was heard too shortly has none."""
    rows = [np.full((n, 1), value, np.float32) for n, value in ((3, 1.0), (9, 2.0), (5, 7.0))]
    judged = [np.ones(3, np.bool_), np.arange(9) > 0, np.ones(5, np.bool_)]
    ready = Prepared(rows, judged, judged, None, None, whose=("a", "a", "b"))
    assert own_offsets(ready, 4) == {"a": pytest.approx([(3 * 1.0 + 1 * 2.0) / 4])}
