"""Windows left out in an overload: what is scored is what it would have been."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.engines.fleet import Fleet
from detector.ingest.buffer import TakenBlock
from detector.records import DeviceState, Samples
from detector.scoring.bundle import save_bundle
from detector.scoring.stream import DeviceStream, score_samples
from detector.scoring.thinning import Thinning
from detector.service.status import status_of
from detector.settings.devices import DeviceRule
from detector.settings.sessions import SessionSettings
from detector.settings.tree import Settings
from detector.training.fitting.fit import FitPlan
from tests.support.motors import FEATURES, live, small_bundle, with_fault

WINDOW, ROW = 25, 5
BRIEF = FitPlan(epochs=1, epoch_steps=10, min_steps=1)  # equal is equal, however little was learnt
BUNDLES = {
    "plain": {},
    "smoothed": {"smoothing": 4},
    "baseline and smoothed": {"baseline": 30, "smoothing": 4},
}
FACTORS = st.sampled_from([1, 2, 4, 8])


@pytest.fixture(scope="module")
def bundles(bundle):
    """One small model per way of conditioning."""
    return {
        name: small_bundle(name, plan=BRIEF, **options) if options else bundle
        for name, options in BUNDLES.items()
    }


def stream_of(bundle):
    """A stream for the test machine, with rows of five scores."""
    return DeviceStream("m", (*FEATURES, "rpm"), bundle, SessionSettings(), in_a_row=ROW)


def day_of(n=500):
    """Two sessions with a fault, and a hole that is filled."""
    first, second = live(n // 2, 5), live(n - n // 2, 6, start=1_700_000_100.0)
    first.values[100:103, 0] = np.nan
    return with_fault(first, 150, 200), second


def scored(stream, sessions, sizes=(), factors=(1,)):
    """Samples in blocks of ``sizes``, the factor changed before each block; fields joined."""
    frames, factors = [], list(factors)
    for samples in sessions:
        edges = [0, *np.minimum(np.cumsum(sizes), len(samples)).astype(int), len(samples)]
        for number, (a, b) in enumerate(pairwise(edges)):
            if a == b:
                continue
            stream.thinning.factor = factors[number % len(factors)]
            part = Samples(samples.features, samples.ts[a:b], samples.values[a:b], None)
            frames += score_samples(stream, part, chunk=7, arrival=0)
    names = ("ts", "score", "mse", "reconstruction", "judged", "anomaly")
    return {name: np.concatenate([getattr(one, name) for one in frames]) for name in names}


@pytest.mark.parametrize("name", BUNDLES)
@settings(deadline=None, max_examples=15)
@given(st.lists(st.integers(1, 90), max_size=9), st.lists(FACTORS, min_size=1, max_size=9))
def test_what_is_scored_is_what_it_would_have_been(bundles, name, sizes, factors):
    """Scores, errors and reconstructions to 1e-6, in any batches and across changes."""
    whole = scored(stream_of(bundles[name]), day_of())
    thinned = scored(stream_of(bundles[name]), day_of(), sizes, factors)
    np.testing.assert_array_equal(thinned["ts"], whole["ts"])
    np.testing.assert_array_equal(thinned["judged"], whole["judged"])
    for field in ("score", "mse", "reconstruction"):
        known = np.isfinite(thinned[field])
        assert np.isfinite(whole[field])[known].all()
        np.testing.assert_allclose(thinned[field][known], whole[field][known], rtol=1e-6, atol=1e-6)
    assert not (thinned["anomaly"] & ~whole["anomaly"]).any()


@pytest.mark.parametrize("name", BUNDLES)
def test_one_window_in_four_is_scored_in_rows_that_an_alarm_needs(bundles, name):
    """A quarter goes through the model, and the rows have as many scores as the rule looks at."""
    smoothing = BUNDLES[name].get("smoothing", 1)
    found = scored(stream_of(bundles[name]), [live(2000, 5)], factors=[4])
    seen, scores = np.isfinite(found["mse"]), np.isfinite(found["score"])
    assert seen.sum() / 2000 == pytest.approx(0.25, abs=0.01)
    edges = np.flatnonzero(np.diff(seen.astype(int)))
    lengths = np.diff(edges[np.argmax(seen[edges + 1]) :])
    assert set(lengths[::2]) == {smoothing - 1 + ROW}
    assert set(lengths[1::2]) == {3 * (smoothing - 1 + ROW)}
    inner = np.flatnonzero(scores)[: (scores.sum() // ROW) * ROW]
    assert (np.diff(inner[inner > edges[2]]) == 1).mean() >= (ROW - 1) / ROW - 0.01


@pytest.mark.parametrize("name", BUNDLES)
def test_what_is_scored_at_four_is_scored_at_two(bundles, name):
    """Higher factors leave out more, and score nothing that lower ones leave out."""
    at = {
        factor: np.isfinite(
            scored(stream_of(bundles[name]), day_of(1200), factors=[factor])["score"]
        )
        for factor in (1, 2, 4, 8)
    }
    for few, many in ((8, 4), (4, 2), (2, 1)):
        assert at[few].sum() < at[many].sum()
        assert not (at[few] & ~at[many]).any()


def test_short_sessions_have_their_turn_too(bundles):
    """Sessions with fewer windows than a row: one in four of them is scored."""
    sessions = [live(WINDOW + 2, n, start=1_700_000_000.0 + 100 * n) for n in range(40)]
    found = scored(stream_of(bundles["plain"]), sessions, factors=[4])
    assert np.isfinite(found["score"]).sum() == 40 * 3 / 4


def test_devices_take_turns():
    """At any moment about as many are scored, or the load would come in bursts."""
    counts = sum(
        np.bincount(thinning.plan(64).chosen, minlength=64)
        for thinning in (_thinning(f"motor-{number}", 4) for number in range(200))
    )
    assert counts.min() > 30
    assert counts.max() < 70


def _thinning(device, factor):
    made = Thinning(device, 8)
    made.factor = factor
    return made


def fleet_of(tmp_path, bundle, history=lambda *_: ([], [])):
    """A fleet of devices ``m*`` with a model."""
    save_bundle(bundle, tmp_path / bundle.name)
    rules = (DeviceRule(match="m*", model=tmp_path / bundle.name),)
    return Fleet(Settings(devices=rules), history, {})


def block(device, samples):
    """A block as the buffer hands it out."""
    return TakenBlock(device, samples, arrival=1.0, broken=False)


def test_a_fleet_thins_all_its_devices_old_and_new(bundles, tmp_path):
    """Also those that come later, and one that goes on where an earlier run stopped."""
    before, after = live(300, 5), live(300, 5)
    before = Samples(before.features, before.ts[:200], before.values[:200])
    after = Samples(after.features, after.ts[200:], after.values[200:])
    [stored] = score_samples(stream_of(bundles["smoothed"]), before, chunk=256, arrival=0)
    fleet = fleet_of(tmp_path, bundles["smoothed"], lambda *_: ([stored], [stored]))
    fleet.score([block("m1", after)])
    fleet.thin(4)
    fleet.score([block("m2", after)])
    for device in ("m1", "m2"):
        assert fleet.streams[device].thinning.factor == 4
    whole = scored(stream_of(bundles["smoothed"]), [live(300, 5)])["score"][200:]
    [thinned] = fleet_of(tmp_path, bundles["smoothed"], lambda *_: ([stored], [stored])).score(
        [block("m3", after)]
    )
    np.testing.assert_allclose(thinned.score, whole, rtol=1e-6)


def test_one_batch_over_thinned_devices_scores_each_as_alone(bundles, tmp_path):
    """Rows of one device do not get into another's."""
    fleet = fleet_of(tmp_path, bundles["smoothed"])
    fleet.thin(2)
    for start in (0, 90):
        samples = {f"m{i}": live(200, i) for i in range(4)}
        part = slice(start, start + 90)
        blocks = [
            block(device, Samples(one.features, one.ts[part], one.values[part]))
            for device, one in samples.items()
        ]
        for frame in fleet.score(blocks):
            alone = scored(stream_of(bundles["smoothed"]), [samples[frame.device]])["score"][part]
            known = np.isfinite(frame.score)
            np.testing.assert_allclose(frame.score[known], alone[known], rtol=1e-6)
            assert start == 0 or 0.1 < known.mean() < 0.6


def statuses(fleet, samples, size):
    """What is said of a device after each block of ``size`` samples."""
    made, said = None, []
    for start in range(0, len(samples), size):
        part = slice(start, start + size)
        [frame] = fleet.score(
            [block("m", Samples(samples.features, samples.ts[part], samples.values[part]))]
        )
        card = fleet.streams["m"].bundle.card()
        made = status_of(
            fleet.picture("m"), frame, card, alarm=None, threshold=1.0, received={},
            clock_offset_s=None, before=made,
        )  # fmt: skip
        said.append(made)
    return said


def test_a_thinned_device_is_not_warming_up_and_keeps_its_score(bundles, tmp_path):
    """The status says how much is scored; the newest score stands until there is another."""
    fleet = fleet_of(tmp_path, bundles["plain"])
    fleet.thin(8)
    said = statuses(fleet, live(400, 5), 10)
    assert [one.state for one in said[:2]] == [DeviceState.WARMING_UP] * 2
    assert DeviceState.WARMING_UP not in {one.state for one in said[3:]}
    assert said[-1].state is DeviceState.OK
    assert said[-1].counters["thinned"] == 8
    assert said[-1].counters["thinned_out"] == pytest.approx(7 / 8 * 376, abs=5 * 8)
    first = next(i for i, one in enumerate(said) if one.score is not None)
    assert all(one.score is not None and one.mse is not None for one in said[first:])
    fleet.thin(1)
    again = statuses(fleet, live(50, 5, start=1_700_000_008.0), 10)
    assert "thinned" not in again[-1].counters


def test_a_stopped_machine_is_still_not_judged_when_thinned(bundles, tmp_path):
    """Neither is it warming up."""
    samples = live(400, 5)
    samples.values[:, 2] = 0.0
    fleet = fleet_of(tmp_path, bundles["plain"])
    fleet.thin(8)
    assert {one.state for one in statuses(fleet, samples, 10)[3:]} == {DeviceState.NOT_JUDGED}


def test_a_missing_value_is_an_anomaly_however_much_is_left_out(bundles):
    """The plain rule needs no window."""
    samples = live(400, 5)
    samples.values[300:330, 0] = np.nan
    found = scored(stream_of(bundles["plain"]), [samples], factors=[64])
    assert found["anomaly"][310:].all()
