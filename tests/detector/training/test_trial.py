"""Which of several candidates is taken, and why in a line."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from detector.training.apart import as_recording, set_apart
from detector.training.lab.evaluate import Injection, inject_faults
from detector.training.lab.limits import Trial as Fault
from detector.training.lab.limits import curve_of
from detector.training.trial import Bench, Trial, best_of, try_bundle, why_before
from tests.support.motors import FEATURES, dataset

SEVERITIES = (0.1, 0.2, 0.4, 0.8)


def trial(name, smallest, most=None, above=0.0):
    """A candidate that finds every fault from a severity on, and half of those from another."""
    faults = [
        Fault("bias", severity, f"{number}", severity >= smallest and (number % 2 == 0 or
              severity >= (most or smallest)))
        for severity in SEVERITIES
        for number in range(8)
    ]  # fmt: skip
    return Trial(name=name, bundle=None, options=None, own=None, above=above, normal_s=60.0,
                 curve=curve_of(faults, 0))  # fmt: skip


def test_the_smallest_limit_wins_whatever_the_order():
    """Half of the faults at the smaller severity."""
    loud, quiet = trial("loud", 0.8), trial("quiet", 0.2)
    assert best_of([loud, quiet]) is best_of([quiet, loud]) is quiet
    assert why_before(quiet, loud) == "which finds half of the faults at 0.15, loud at 0.60"


def test_of_those_that_are_alike_the_first_is_taken():
    """A few faults tell no more apart; nine of ten faults count next."""
    first, second = trial("first", 0.4), trial("second", 0.4)
    assert best_of([first, second]) is first
    assert "about as good as second" in why_before(first, second)
    slow = trial("slow", 0.2, most=0.8)
    quick = trial("quick", 0.2, most=0.4)
    assert best_of([slow, quick]) is quick


def test_one_with_false_alarms_in_normal_running_is_taken_only_where_all_have_some():
    """However small its faults: its threshold is not the one it was compared at."""
    alarming, calm = trial("alarming", 0.1, above=0.03), trial("calm", 0.8)
    assert best_of([alarming, calm]) is calm
    assert why_before(calm, alarming) == "since 3.0% of the normal scores of alarming lie above 1"
    worse = replace(calm, above=0.2)
    assert best_of([alarming, worse]) is alarming


def test_a_threshold_that_is_too_low_or_too_high_changes_nothing(bundle):
    """Candidates are compared at the limit that the same normal running gives each."""
    _, apart = set_apart(dataset(1, 10_000))
    normal = [as_recording(dataset(1, 10_000), one) for one in apart]
    injection = Injection(("stuck", "gain"), (0.25, 1.0), (0,), FEATURES, lasts_s=(5.0, 8.0),
                          apart_s=(5.0, 8.0))  # fmt: skip
    bench = Bench(tuple(normal), tuple(inject_faults(normal, injection)))
    plain = try_bundle("plain", bundle, bench)
    score = bundle.document.score
    for factor in (0.1, 10.0):
        rule = replace(score, threshold=factor * score.threshold)
        document = msgspec.structs.replace(bundle.document, score=rule)
        moved = type(bundle)("moved", document, bundle.model)
        found = try_bundle("moved", moved, bench)
        assert found.curve == plain.curve
        assert (found.above > 0.9) == (factor < 1)
    assert 0 < plain.found <= 4
