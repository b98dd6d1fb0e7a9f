"""The way of a sample: live equals offline, in any batch and after any restart."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.engines.fleet import Fleet
from detector.errors import SessionFileError
from detector.ingest.buffer import TakenBlock
from detector.records import Samples
from detector.scoring.bundle import save_bundle
from detector.scoring.files import score_file, score_recording
from detector.scoring.scorer import call_size
from detector.scoring.stream import DeviceStream, score_samples
from detector.sessions.files import Recording
from detector.settings.devices import DeviceRule, RunningSignal
from detector.settings.sessions import SessionSettings
from detector.settings.tree import Settings
from detector.training.fitting.fit import FitPlan
from tests.support.motors import FEATURES, live, small_bundle, with_fault

CARRIED = {
    "network": "lstm_ae_stream",
    "config": {"hidden": 8, "decoder_hidden": 16, "restart_windows": 2},
    "plan": FitPlan(epochs=2, epoch_steps=25, min_steps=1, learning_rate=2e-2),
}
CONDITIONED = {
    "smoothed": {"smoothing": 4},
    "baseline": {"baseline": 30},
    "baseline and smoothed": {"baseline": 30, "smoothing": 4},
    "carried": CARRIED,
    "carried, baseline and smoothed": {**CARRIED, "baseline": 30, "smoothing": 4},
}
BUNDLES = ["plain", *CONDITIONED]
BRIEF = FitPlan(epochs=1, epoch_steps=10, min_steps=1)  # equal is equal, however little was learnt


@pytest.fixture(scope="module")
def bundles(bundle):
    """One small model per way of conditioning."""
    made = {name: small_bundle(name, **{"plan": BRIEF, **o}) for name, o in CONDITIONED.items()}
    return {"plain": bundle, **made}


def stream_of(bundle):
    """A stream for the test machine."""
    return DeviceStream("m", (*FEATURES, "rpm"), bundle, SessionSettings())


def joined(frames, field):
    """One array of a field over all frames."""
    return np.concatenate([getattr(frame, field) for frame in frames])


def part(samples, start, end):
    """Samples ``start`` to ``end``."""
    rows = slice(start, end)
    return Samples(samples.features, samples.ts[rows], samples.values[rows], samples.session)


def in_parts(samples, sizes):
    """Samples cut at the given sizes, the rest as one."""
    edges = [0, *np.minimum(np.cumsum(sizes), len(samples)).tolist(), len(samples)]
    return [part(samples, a, b) for a, b in itertools.pairwise(edges) if a < b]


@pytest.mark.parametrize("name", BUNDLES)
@settings(deadline=None, max_examples=15)
@given(sizes=st.lists(st.integers(1, 60), max_size=12))
def test_scores_do_not_depend_on_batches(bundles, name, sizes):
    """The same samples in any batches give the same scores to 1e-6."""
    samples = with_fault(live(300, 5), 150, 200)
    whole = score_samples(stream_of(bundles[name]), samples, chunk=256, arrival=0)
    stream = stream_of(bundles[name])
    parts = [
        frame
        for block in in_parts(samples, sizes)
        for frame in score_samples(stream, block, chunk=7, arrival=0)
    ]
    for field in ("ts", "judged", "anomaly"):
        np.testing.assert_array_equal(joined(parts, field), joined(whole, field))
    for field in ("score", "mse", "reconstruction"):
        np.testing.assert_allclose(
            joined(parts, field), joined(whole, field), rtol=1e-6, atol=1e-6, equal_nan=True
        )


@pytest.mark.parametrize("name", BUNDLES)
@pytest.mark.parametrize("stop", [10, 31, 100])
def test_scores_do_not_depend_on_a_restart(bundles, name, stop):
    """A detector that stopped and resumed from the store scores as if it had not."""
    samples = live(200, 6, session="shift-1")
    whole = score_samples(stream_of(bundles[name]), samples, chunk=256, arrival=0)
    before = (
        [
            frame
            for block in in_parts(part(samples, 0, stop), [9] * 30)
            for frame in score_samples(first, block, chunk=256, arrival=0)
        ]
        if (first := stream_of(bundles[name]))
        else []
    )
    resumed = stream_of(bundles[name])
    resumed.resume(before, before[-8:])
    after = score_samples(resumed, part(samples, stop - 5, 200), chunk=256, arrival=0)
    assert resumed.counters["duplicate"] == 5
    assert {frame.session for frame in after} == {whole[0].session}
    np.testing.assert_allclose(
        joined(after, "score"), joined(whole, "score")[stop:], rtol=1e-6, equal_nan=True
    )


def test_warm_up_is_missing_and_not_zero(bundles):
    """The first L - 1 samples of a session have no score; with a baseline it takes longer."""
    for name, first in (("plain", 24), ("baseline", 29)):
        [frame] = score_samples(stream_of(bundles[name]), live(100, 7), chunk=256, arrival=0)
        assert np.isnan(frame.score[:first]).all()
        assert np.isfinite(frame.score[first:]).all()
        assert np.isnan(frame.reconstruction[:, 2]).all()


def test_a_new_session_warms_up_again(bundles):
    """After a gap no window reaches back over it."""
    first, second = live(50, 8), live(50, 9, start=1_700_000_100.0)
    stream = stream_of(bundles["plain"])
    frames = [f for s in (first, second) for f in score_samples(stream, s, chunk=256, arrival=0)]
    assert np.isnan(frames[1].score[:24]).all()
    assert frames[0].session != frames[1].session


def test_a_level_shift_is_an_anomaly_of_its_feature(bundles):
    """The planted fault is marked, normal samples are not, and the right feature is named."""
    [frame] = score_samples(
        stream_of(bundles["plain"]), with_fault(live(400, 10), 200, 300), chunk=256, arrival=0
    )
    assert frame.anomaly[210:300].all()
    assert frame.anomaly[:200].mean() < 0.02
    assert frame.features[int(frame.contributions.argmax())] == "x"


def test_a_stopped_machine_is_scored_but_not_judged(bundles):
    """A fault while it stands is drawn, not counted."""
    samples = with_fault(live(200, 11), 0, 200)
    values = samples.values.copy()
    values[:, 2] = 0.0
    stopped = Samples(samples.features, samples.ts, values)
    [frame] = score_samples(stream_of(bundles["plain"]), stopped, chunk=256, arrival=0)
    assert np.nanmax(frame.score) > 1
    assert not frame.anomaly.any()


def test_the_reconstruction_is_in_the_features_own_units(bundles):
    """It lies on the signal, gravity-like offset and baseline included."""
    for bundle in bundles.values():
        [frame] = score_samples(stream_of(bundle), live(200, 12), chunk=256, arrival=0)
        residual = (frame.values - frame.reconstruction)[60:, :2]
        assert np.abs(np.nanmean(residual, axis=0)).max() < 0.2


def fleet_of(tmp_path, bundle, **rule):
    """A fleet whose devices ``m*`` use a bundle on disk."""
    save_bundle(bundle, tmp_path / bundle.name)
    rules = (DeviceRule(match="m*", model=tmp_path / bundle.name, **rule),)
    return Fleet(Settings(devices=rules), lambda *_: ([], []), {})


def block(device, samples):
    """A block as the buffer hands it out."""
    return TakenBlock(device, samples, arrival=1.0, broken=False)


def test_one_batch_over_devices_scores_each_as_alone(bundles, tmp_path):
    """Devices do not leak into each other."""
    fleet = fleet_of(tmp_path, bundles["plain"])
    together = fleet.score([block(f"m{i}", live(90, i)) for i in range(4)])
    for i, frame in enumerate(together):
        [alone] = score_samples(stream_of(bundles["plain"]), live(90, i), chunk=256, arrival=0)
        np.testing.assert_allclose(frame.score, alone.score, rtol=1e-6, equal_nan=True)


def test_a_device_of_other_features_is_stored_unscored_and_says_why(bundles, tmp_path):
    """It stops no other device, and its raw samples are kept."""
    fleet = fleet_of(tmp_path, bundles["plain"])
    odd = Samples(("x", "z"), live(60, 1).ts, live(60, 1).values[:, :2])
    frames = {f.device: f for f in fleet.score([block("m-odd", odd), block("m-ok", live(60, 1))])}
    assert np.isnan(frames["m-odd"].score).all()
    np.testing.assert_array_equal(frames["m-odd"].values, odd.values)
    assert "missing rpm, y" in fleet.streams["m-odd"].reason
    assert np.isfinite(frames["m-ok"].score).any()


def test_a_device_of_another_rate_is_stored_unscored_until_it_fits(bundles, tmp_path):
    """Beyond 10 % the windows would not be what was trained; back at the rate it is scored."""
    fleet = fleet_of(tmp_path, bundles["plain"])
    slow = live(300, 1)
    slow = Samples(slow.features, 1_700_000_000 + np.arange(300) / 25.0, slow.values)
    frames = [f for p in in_parts(slow, [50] * 6) for f in fleet.score([block("m", p)])]
    assert np.isnan(frames[-1].score).all()
    assert "allowed: 45 to 55 Hz" in fleet.streams["m"].reason
    again = live(400, 2, start=1_700_000_012.1)
    frames = [f for p in in_parts(again, [50] * 8) for f in fleet.score([block("m", p)])]
    assert np.isfinite(frames[-1].score).any()
    assert len(frames[-1].values) == 50


def test_a_device_without_a_rule_or_with_a_broken_bundle_is_stored_unscored(bundles, tmp_path):
    """The reason names the rule or the file."""
    fleet = fleet_of(tmp_path, bundles["plain"])
    [frame] = fleet.score([block("other", live(30, 1))])
    assert "no rule" in fleet.streams["other"].reason
    assert len(frame.values) == 30
    (tmp_path / bundles["plain"].name / "bundle.json").write_text("{")
    broken = Fleet(
        Settings(devices=(DeviceRule(match="m", model=tmp_path / bundles["plain"].name),)),
        lambda *_: ([], []),
        {},
    )
    broken.score([block("m", live(30, 1))])
    assert "bundle.json" in broken.streams["m"].reason


def test_a_rule_may_name_its_own_running_signal_and_threshold(bundles, tmp_path):
    """The settings win over the bundle; an operator wins over both."""
    signal = RunningSignal(feature="rpm", min=1000)
    fleet = fleet_of(tmp_path, bundles["plain"], running=signal, threshold=2.5)
    [frame] = fleet.score([block("m", live(60, 1))])
    assert not frame.judged.any()
    assert frame.threshold == 2.5
    fleet.set_threshold("m", 3.0)
    [frame] = fleet.score([block("m", live(60, 1, start=1_700_000_001.2))])
    assert frame.threshold == 3.0


def test_a_file_scores_like_the_device(bundles, tmp_path):
    """`detector score` goes the same way as a live sample."""
    samples = with_fault(live(120, 3), 60, 90)
    path = tmp_path / "m.csv"
    rows = np.column_stack([samples.ts, samples.values])
    np.savetxt(path, rows, delimiter=",", header="ts,x,y,rpm", comments="", fmt="%.9g")
    np.savetxt(
        path, rows, delimiter=",", header="ts,x,y,rpm", comments="", fmt=["%.3f"] + ["%.9g"] * 3
    )
    [frames] = score_file(bundles["plain"], path)
    expected = score_samples(stream_of(bundles["plain"]), samples, chunk=256, arrival=0)
    np.testing.assert_allclose(
        joined(frames, "score"), joined(expected, "score"), rtol=1e-6, equal_nan=True
    )


def test_a_file_that_does_not_fit_the_model_gets_one_line(bundles):
    """Its features or its rate; found and allowed are named."""
    samples = live(60, 1)
    short = dataclasses.replace(samples, features=("x", "z", "rpm"))
    with pytest.raises(SessionFileError, match="no column y; found x, z, rpm"):
        score_recording(bundles["plain"], Recording("a.csv", short, None))
    slow = dataclasses.replace(samples, ts=np.arange(60.0))
    with pytest.raises(SessionFileError, match="trained at 50 Hz; found 1 Hz"):
        score_recording(bundles["plain"], Recording("a.csv", slow, None))


def test_calls_come_in_few_sizes():
    """A network's library keeps buffers for every size it meets; new sizes must end soon."""
    sizes = {call_size(n) for n in range(1, 257)}
    assert sizes == {1, 2, 4, 8, 16, 32, 64, 96, 128, 160, 192, 224, 256}
    assert all(call_size(n) >= n for n in range(1, 257))
