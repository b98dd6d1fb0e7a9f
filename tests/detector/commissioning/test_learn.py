"""One machine's own normal: what it does to scores, and the stretches that are refused."""

from __future__ import annotations

import itertools
from dataclasses import replace

import msgspec
import numpy as np
import pytest

from detector.commissioning.learn import learn_own
from detector.errors import CommissionError
from detector.normal.level import Own
from detector.records import Samples
from detector.scoring.bundle import load_bundle, save_bundle
from detector.scoring.files import score_recording
from detector.scoring.stream import DeviceStream, score_samples
from detector.sessions.files import Recording
from detector.settings.sessions import SessionSettings
from tests.support.motors import FEATURES
from tests.support.training.machines import bundle_of_machines, machine

UNIT = 50  # none that was trained on
N = 2000  # 40 s
RAMP = np.linspace(0, 0.6, N)


@pytest.fixture(scope="module")
def bundle():
    """With a rule for commissioned machines, over two longer times beside the window."""
    return bundle_of_machines()


@pytest.fixture(scope="module")
def own(bundle):
    """Of the unit, from another run than those it is judged in."""
    return learn_own(bundle, [machine(N, UNIT, run=9)], "m").own


def changed(samples, rows, gain=1.0, step=0.0):
    """The same with feature x louder or moved over some rows."""
    values = samples.values.copy()
    values[rows, 0] = values[rows, 0] * gain + step
    return Samples(samples.features, samples.ts, values, samples.session)


def streamed(bundle, samples, own, sizes=()):
    """Frames of samples in blocks."""
    stream = DeviceStream("m", samples.features, bundle, SessionSettings(), own=own)
    edges = [0, *np.minimum(np.cumsum(sizes, dtype=int), len(samples)), len(samples)]
    return [
        frame
        for a, b in itertools.pairwise(edges)
        if a < b
        for frame in score_samples(
            stream, Samples(samples.features, samples.ts[a:b], samples.values[a:b]), chunk=7,
            arrival=0.0,
        )
    ]  # fmt: skip


def scores(frames):
    """All scores."""
    return np.concatenate([frame.score for frame in frames]).astype(np.float64)


def test_a_small_fault_stands_out_from_its_own_normal_and_not_from_a_fleets(bundle, own):
    """A level that moves by a third of what machines differ by; health stays below 1 in both."""
    healthy = machine(N, UNIT, run=1)
    faulty = changed(healthy, slice(1200, 1700), step=0.1)
    assert np.nanmax(scores(streamed(bundle, healthy, own))) <= 1
    assert np.nanmax(scores(streamed(bundle, faulty, None))) <= 1
    assert np.nanmax(scores(streamed(bundle, faulty, own))[1250:1700]) > 1.2


def test_live_equals_offline_in_any_batches_and_after_a_restart(bundle, own):
    """To 1e-6, with the machine's own level and all time scales."""
    samples = changed(machine(N, UNIT, run=2), slice(900, 1000), gain=1.5)
    whole = score_recording(bundle, Recording("m", samples, None), own=own)
    parts = streamed(bundle, samples, own, [1, 60, 1, 333, 700])
    np.testing.assert_allclose(scores(parts), scores(whole), rtol=1e-6, atol=1e-6)
    kept = streamed(bundle, Samples(samples.features, samples.ts[:1001], samples.values[:1001]),
                    own, [10] * 100)  # fmt: skip
    stream = DeviceStream("m", samples.features, bundle, SessionSettings(), own=own)
    memory = -(-stream.memory // 10)
    stream.resume([], kept[-memory:])
    rest = Samples(samples.features, samples.ts[1001:], samples.values[1001:])
    again = score_samples(stream, rest, chunk=64, arrival=0.0)
    np.testing.assert_allclose(scores(again), scores(whole)[1001:], rtol=1e-6, atol=1e-6)


def test_a_long_mean_does_not_outlive_a_loud_fault(bundle, own):
    """Its end is seen as soon as by a window alone; what a window finds stays out of the means."""
    faulty = changed(machine(N, UNIT, run=3), slice(1000, 1400), gain=3.0)
    alone = scores(streamed(bundle_of_machines(()), faulty, own))
    found = scores(streamed(bundle, faulty, own))
    assert (found[1100:1400] > 1).all()
    after = slice(1400, 1550)
    assert 0 < (alone[after] > 1).sum() < 40
    assert (found[after] > 1).sum() <= (alone[after] > 1).sum() + 5


def test_any_stretch_of_a_training_session_will_do(bundle):
    """Limits hold around each level that a machine may be commissioned at."""
    for unit in (0, 3):
        samples = machine(1800, unit)
        for start in (0, 150):
            part = slice(start, start + 1650)
            stretch = Samples(samples.features, samples.ts[part], samples.values[part])
            own = learn_own(bundle, [stretch], "m").own
            assert np.nanmax(scores(streamed(bundle, samples, own))) <= 1


def test_the_reconstruction_stays_in_the_units_of_the_machine(bundle, own):
    """What was taken off before the model is put on again."""
    [frame] = streamed(bundle, machine(N, UNIT, run=1), own)
    known = np.isfinite(frame.reconstruction[:, 0])
    error = frame.reconstruction[known][:, :2] - frame.values[known][:, :2]
    assert np.abs(error.mean(axis=0)).max() < 0.02


def test_a_shorter_stretch_has_wider_limits(bundle, own):
    """By the root of what it lacks of the seconds that the limits stand for."""
    short = msgspec.structs.replace(own, seconds=bundle.document.commission_s / 4)
    assert bundle.rule(short).threshold == pytest.approx(2 * bundle.rule(own).threshold)


@pytest.mark.parametrize(
    ("samples", "line"),
    [
        (machine(250, UNIT), "m: 4 s of settled running in the stretch, allowed: 30 s and more"),
        (changed(machine(N, UNIT), slice(1200, 1300), gain=6.0), "its score reaches"),
        (changed(machine(N, UNIT), slice(None), step=RAMP), "not steady: x moves"),
    ],
    ids=["short", "abnormal", "trend"],
)  # fmt: skip
def test_a_stretch_that_is_no_normal_running_is_told(bundle, samples, line):
    """One line for each; the caller decides whether a doubt counts."""
    try:
        [told, *_] = [doubt for doubt in learn_own(bundle, [samples], "m").doubts if line in doubt]
    except CommissionError as error:
        told = str(error)
    assert line in told


def test_a_machine_that_stands_still_is_refused(bundle):
    """No second of it is settled running."""
    samples = machine(N, UNIT)
    samples.values[:, 2] = 0.0
    with pytest.raises(CommissionError, match="m: 0 s of settled running"):
        learn_own(bundle, [samples], "m")


def test_a_model_without_limits_for_single_machines_is_refused(bundle, own):
    """And goes on judging as it did, whatever the machine was commissioned with."""
    document = msgspec.structs.replace(bundle.document, commissioned=None)
    old = type(bundle)("old", document, bundle.model)
    with pytest.raises(CommissionError, match="old: has no limits for single machines"):
        learn_own(old, [machine(N, UNIT)], "m")
    samples = machine(500, UNIT)
    np.testing.assert_array_equal(
        scores(streamed(old, samples, own)), scores(streamed(old, samples, None))
    )


def test_the_commissioning_of_another_model_is_ignored_and_said(bundle, own):
    """A level in other scaled units says nothing here."""
    other = msgspec.structs.replace(own, data_hash="other", model="pump")
    stream = DeviceStream("m", (*FEATURES, "rpm"), bundle, SessionSettings(), own=other)
    assert stream.note == "not commissioned: its commissioning is of pump, not of fleet"
    assert stream.rule == bundle.document.score


def test_a_model_trained_anew_on_the_same_data_needs_its_machines_commissioned_again(bundle, own):
    """Its residuals are others. A level from before this was kept counts while the data are."""
    limits = bundle.document.commissioned
    moved = tuple(value + 0.02 for value in limits.spread_centre)
    document = msgspec.structs.replace(
        bundle.document, commissioned=replace(limits, spread_centre=moved)
    )
    anew = type(bundle)("fleet", document, bundle.model)
    assert bundle.accepts(own) is None
    assert (
        anew.accepts(own)
        == "not commissioned: its commissioning is of an earlier fleet, not of fleet"
    )
    assert anew.accepts(msgspec.structs.replace(own, basis="")) is None


def test_both_rules_and_the_own_level_survive_being_written(bundle, own, tmp_path):
    """A bundle with time scales is read as it was, to the last bit."""
    save_bundle(bundle, tmp_path / "fleet")
    assert load_bundle(tmp_path / "fleet").document == bundle.document
    assert msgspec.json.decode(msgspec.json.encode(own), type=Own) == own


def test_the_page_translates_scores_by_the_rule_that_judges(bundle, own):
    """A window at the machine's own limit scores 1, and its error is told by its own level."""
    stream = DeviceStream("m", (*FEATURES, "rpm"), bundle, SessionSettings(), own=own)
    rule, card = stream.rule, stream.own_card
    assert card.mse_log_centre == own.spread
    assert card.mse_log_gain[0] == pytest.approx(
        rule.threshold * rule.spread_high[0] / rule.weights[0]
    )
    assert bundle.card().mse_log_centre == bundle.document.score.spread_centre
