"""Sessions judged by their machine's own level: before and after, on the same samples."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass

import numpy as np
import pytest

from detector.commissioning import learn
from detector.errors import CommissionError
from detector.records import Samples
from detector.sessions.bursts import joined
from detector.sessions.files import Recording
from detector.training.lab.cases import Case, FaultEvent, labelled_case
from detector.training.lab.commissioned import NOT_COMMISSIONED, commission_case, scored
from detector.training.lab.lab import measure
from tests.support.training.inverter import inverter_bundle, turning, with_gain
from tests.support.training.machines import bundle_of_machines, machine

FIRST, LAST, N = 300, 600, 4000


@dataclass
class NoBar:
    """Counts for nobody."""

    def update(self, n):
        """Nothing."""


def case_of(step, n=N):
    """A unit that is faulty from its sixth second on, for six."""
    samples = machine(n, 50)
    values, label = samples.values.copy(), np.zeros(n, np.bool_)
    values[FIRST:LAST, 0] += step
    label[FIRST:LAST] = True
    event = FaultEvent("bias", 0.5, float(samples.ts[FIRST]), float(samples.ts[LAST - 1]))
    made = Samples(samples.features, samples.ts, values)
    return Case("m", Recording("m", made, label), label, (event,))


def test_it_learns_from_running_without_a_fault_and_does_not_judge_that():
    """Not from the fault, nor from the seconds after it."""
    case, bundle = case_of(0.4), bundle_of_machines()
    by = commission_case(bundle, case, 0.5)
    assert by.own.seconds == pytest.approx(30)
    assert not by.used[FIRST:LAST].any()
    assert by.used[LAST + 600 : LAST + 1200].all()
    scores = scored(bundle, case, by)
    assert not scores.judged[by.used].any()
    assert scores.judged[FIRST + 50 : LAST].all()
    assert (scores.score[FIRST + 50 : LAST] > 1).all()
    np.testing.assert_array_equal(scored(bundle, case, by.without).judged, scores.judged)


def test_what_comes_after_the_minutes_asked_for_is_not_looked_at(monkeypatch):
    """What is learnt is the same, and so are the samples it was learnt from."""
    case, bundle = case_of(0.4), bundle_of_machines()
    found, looked_at = [], []
    stretches = learn.score_stretches

    def counted(detector, parts, chunk):
        looked_at[-1] += sum(len(part.windows) for part in parts)
        return stretches(detector, parts, chunk)

    monkeypatch.setattr(learn, "score_stretches", counted)
    for piece in (N, 200):
        monkeypatch.setattr(learn, "PIECE", piece)
        looked_at.append(0)
        found.append(commission_case(bundle, case, 0.5))
    whole, piecewise = found
    np.testing.assert_array_equal(piecewise.used, whole.used)
    np.testing.assert_allclose(piecewise.own.offset, whole.own.offset, atol=1e-6)
    np.testing.assert_allclose(piecewise.own.spread, whole.own.spread, atol=1e-6)
    assert looked_at[1] < 0.7 * looked_at[0]


def test_an_evaluation_shows_the_model_before_and_after():
    """A small fault is found by its own level only."""
    lab = measure([case_of(0.1)], [bundle_of_machines()], ablate=False, seed=0,
                  progress=lambda *_: nullcontext(NoBar()), commission_min=0.5)  # fmt: skip
    found = {row.row: row.found.faults_found for row in lab.rows if row.family == "all"}
    assert found["fleet"] == 1
    assert found[NOT_COMMISSIONED] == 0


def test_a_session_that_is_too_short_is_refused():
    """In one line that names it."""
    with pytest.raises(CommissionError, match=r"m: 1[0-9] s of settled running"):
        commission_case(bundle_of_machines(), case_of(0.4, 2000), 0.2)


def test_bursts_too_short_each_are_enough_together():
    """What each says is learnt; those after it are judged."""
    samples, bursts = machine(N, 50), np.arange(N) // 200
    ts = samples.ts + 30.0 * bursts
    made = [
        Recording("m", Samples(samples.features, ts[rows], samples.values[rows]), None, machine="m")
        for rows in (bursts == number for number in range(N // 200))
    ]
    [one] = joined(made)
    by = commission_case(bundle_of_machines(), labelled_case(one), 0.55)
    assert by.own.seconds == pytest.approx(33, abs=1)
    assert not by.used[-200:].any()
    with pytest.raises(CommissionError, match=r"m: 0 s|m: [1-4] s"):
        commission_case(bundle_of_machines(), labelled_case(made[0]), 0.55)


def test_it_learns_behind_a_front_end():
    """A machine half as loud again is normal by its own level, and a fault on top is found."""
    bundle = inverter_bundle(commission_s=8.0, scales=(5, 10), conditions=("rpm",))
    n = 2600
    samples, label = with_gain(turning(n, 50), 0, n, 1.5), np.zeros(n, np.bool_)
    samples, label[2200:2500] = with_gain(samples, 2200, 2500, 1.5), True
    event = FaultEvent("gain", 0.5, float(samples.ts[2200]), float(samples.ts[2499]))
    case = Case("m", Recording("m", samples, label), label, (event,))
    by = commission_case(bundle, case, 0.55)
    own, fleet = scored(bundle, case, by), scored(bundle, case, by.without)
    known = own.judged & np.isfinite(own.score)
    calm = known & (own.ts < event.start)
    assert min(calm.sum(), (known & label).sum()) > 40
    assert own.score[calm].max() < 0.5 * np.median(own.score[known & label])
    assert own.score[calm].max() < 0.5 * np.median(fleet.score[calm])
