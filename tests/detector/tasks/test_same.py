"""Training's choice and the fault lab: the same bytes from one process and from several.

Each task dies once on the way. A Ray cluster gives the same: ``test_ray_tasks.py``.
"""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from detector.tasks.in_process import HERE
from detector.training.fitting.fit import FitPlan
from detector.training.lab.cases import labelled_case
from detector.training.lab.evaluate import Injection, inject_faults
from detector.training.lab.lab import measure
from detector.training.lab.limit_report import as_json as limits_as_json
from detector.training.lab.report import as_json
from detector.training.lab.trials import Judges, measure_limits
from detector.training.select import choose_network
from tests.detector.tasks.work import Mortal
from tests.support.motors import dataset, small_bundle, small_options
from tests.support.training.sessions import recording


class Counting:
    """A progress bar that only counts."""

    def __init__(self):
        self.done = 0

    def update(self, n):
        """As tqdm does."""
        self.done += n


@pytest.fixture(scope="module")
def bundles(bundle):
    """A network and a reference."""
    return [bundle, small_bundle("other", network="zscore", config={})]


@pytest.fixture
def mortal(apart, tmp_path):
    """Two at once, each of which dies once."""
    return Mortal(apart, tmp_path)


def chosen(executor):
    """What auto takes of three candidates, one of which cannot be trained, and what it tells."""
    candidates = ["mahalanobis", "dense_ae", "zscore"]
    wild = FitPlan(epochs=1, min_steps=1, learning_rate=1e12)
    options = small_options(network="dense_ae", config={}, plan=wild)
    sessions = dataset(sessions=1, n=15_000)
    return choose_network(sessions, options, candidates, lambda *_: None, executor)


def lab(executor, bundles):
    """The fault lab's table, and what its bars showed."""
    bars = []

    def progress(total, what):
        bars.append((total, what, Counting()))
        return nullcontext(bars[-1][2])

    injection = Injection(("bias", "noise"), (0.5, 1.0), seeds=(3,))
    cases = list(inject_faults([recording(9_000), recording(9_000, seed=51)], injection))
    found = measure(cases, bundles, ablate=False, seed=1, progress=progress, executor=executor)
    return as_json(found), [(total, what, bar.done) for total, what, bar in bars]


def limits(executor, bundles):
    """Detection limits, and what the bars showed."""
    bars = []

    def progress(total, what):
        bars.append((total, what, Counting()))
        return nullcontext(bars[-1][2])

    found = measure_limits(
        [labelled_case(recording(9_000)), labelled_case(recording(9_000, seed=51))],
        Injection(("bias",), (0.1, 1.0), seeds=(3, 4)),
        [Judges(bundle, ablate=False, seed=1) for bundle in bundles],
        level_per_day=1 / 3, seed=1, progress=progress, executor=executor,
    )  # fmt: skip
    return limits_as_json(found), [(total, what, bar.done) for total, what, bar in bars]


def test_auto_chooses_the_same(mortal, monkeypatch):
    """Options and every line of the comparison."""
    monkeypatch.setattr("detector.training.select.SEVERITIES", (0.05, 0.25))
    found = chosen(mortal)
    assert found == chosen(HERE)
    assert "not tried: dense_ae: training: the loss is not finite" in found[1]
    assert mortal.count == 3


def test_the_fault_lab_measures_the_same(mortal, bundles):
    """To the last digit, also of the rows that look at nothing; the bars end where they said."""
    found = lab(mortal, bundles)
    assert found == lab(HERE, bundles)
    assert all(total == done for total, _, done in found[1])
    assert mortal.count == 2 * found[1][0][0]


def test_limits_are_the_same(mortal, bundles):
    """Cases are made one by one, and each is counted in its place."""
    found = limits(mortal, bundles)
    assert found == limits(HERE, bundles)
    assert all(total == done for total, _, done in found[1])
