"""A model behind a front end: live equals offline, and a score stands where a block ends."""

from __future__ import annotations

import dataclasses
import itertools

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.alarms.desk import rule_of
from detector.errors import BundleError, SessionFileError
from detector.records import Samples
from detector.scoring.bundle import Bundle, load_bundle, save_bundle
from detector.scoring.files import frames_to_table, score_recording
from detector.scoring.front_stream import FrontEndStream, stream_for
from detector.scoring.stream import score_samples
from detector.sessions.files import Recording
from detector.settings.alarms import AlarmSettings
from detector.settings.sessions import SessionSettings
from tests.support.training.inverter import (
    BLOCK,
    HOP,
    inverter_bundle,
    inverter_own,
    keeping_columns,
    turning,
    with_gain,
)

COMMISSIONED = {"commission_s": 8.0, "scales": (5, 10), "conditions": ("rpm",)}
KINDS = {
    "plain": {},
    "smoothed": {"smoothing": 3},
    "network": {"name": "dense_ae"},
    "carried": {"name": "lstm_ae_stream"},
    "commissioned": COMMISSIONED,
}
FIRST = BLOCK - 1 + 3 * HOP  # where the first window of four blocks ends
N = 700


def stream_of(bundle, **options):
    """A stream of the machine, commissioned where the model has a rule for that."""
    if bundle.document.commissioned is not None:
        options.setdefault("own", inverter_own(bundle))
    return stream_for("m", ("x", "y", "rpm"), bundle, SessionSettings(), **options)


def joined(frames, field):
    """One array of a field over all frames."""
    return np.concatenate([getattr(frame, field) for frame in frames])


def part(samples, start, end):
    """Samples ``start`` to ``end``."""
    rows = slice(start, end)
    return Samples(samples.features, samples.ts[rows], samples.values[rows], samples.session)


def scored(stream, samples, sizes, chunk=7):
    """Frames of samples that come in parts of these sizes, the rest at once."""
    edges = [0, *np.minimum(np.cumsum(sizes), len(samples)).tolist(), len(samples)]
    return [
        frame
        for start, end in itertools.pairwise(edges)
        if start < end
        for frame in score_samples(stream, part(samples, start, end), chunk=chunk, arrival=0.0)
    ]


def same(frames, whole):
    """Everything that is said of the samples is the same."""
    for field in ("ts", "values", "judged", "due", "anomaly"):
        np.testing.assert_array_equal(joined(frames, field), joined(whole, field))
    for field in ("score", "mse"):
        np.testing.assert_allclose(
            joined(frames, field), joined(whole, field), rtol=1e-6, atol=1e-6, equal_nan=True
        )


def with_hole(samples, start, end):
    """Feature y missing over samples ``start`` to ``end``."""
    values = samples.values.copy()
    values[start:end, 1] = np.nan
    return Samples(samples.features, samples.ts, values, samples.session)


@pytest.mark.parametrize("kind", KINDS)
@settings(deadline=None, max_examples=8)
@given(sizes=st.lists(st.integers(1, 90), max_size=14))
def test_scores_do_not_depend_on_how_messages_are_cut(kind, sizes):
    """A fault, a short hole that is filled and a long one that breaks the session included."""
    bundle = inverter_bundle(**KINDS[kind])
    samples = with_hole(with_hole(with_gain(turning(N, 5), 400, 480), 200, 203), 520, 560)
    whole = scored(stream_of(bundle), samples, [], chunk=256)
    same(scored(stream_of(bundle), samples, sizes), whole)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("stop", [20, 131, 333, 600])
def test_scores_do_not_depend_on_a_restart(kind, stop):
    """In a warm-up, and from the newest samples of a long session, in which blocks began."""
    bundle = inverter_bundle(**KINDS[kind])
    samples = turning(N, 6, session="shift-1")
    whole = scored(stream_of(bundle), samples, [], chunk=256)
    first, resumed = stream_of(bundle), stream_of(bundle)
    before = scored(first, part(samples, 0, stop), [9] * 80)
    kept = [frame for frame in before if frame.ts[0] >= samples.ts[max(stop - 320, 0)]]
    resumed.resume([], kept)
    after = scored(resumed, part(samples, stop - 5, N), [11] * 20)
    assert resumed.counters["duplicate"] == 5
    assert {frame.session for frame in after} == {whole[0].session}
    for field in ("score", "mse"):
        np.testing.assert_allclose(
            joined(after, field), joined(whole, field)[stop:], rtol=1e-6, equal_nan=True
        )
    settled = slice(stop + BLOCK + 15 * HOP, None)  # judged before is not in the samples kept
    np.testing.assert_array_equal(
        joined(after, "judged")[settled.start - stop :], joined(whole, "judged")[settled]
    )


def test_a_score_stands_where_a_block_ends_and_is_missing_between():
    """Warm-up is a block and the hops of a window; samples between are judged as before."""
    [frame] = scored(stream_of(inverter_bundle()), turning(N, 7), [])
    assert np.flatnonzero(np.isfinite(frame.score)).tolist() == list(range(FIRST, N, HOP))
    assert np.flatnonzero(frame.due).tolist() == list(range(BLOCK - 1, N, HOP))
    assert frame.judged[-200:].all()
    assert not frame.judged[: 100 + BLOCK].any()  # it stands, then a block must have run
    assert np.isnan(frame.reconstruction).all()
    assert frame.features == ("x", "y", "rpm")


def test_a_fault_names_its_feature_and_its_column():
    """Twice the amplitude is 6 dB more, at the order of the speed and in the rms."""
    stream = stream_of(inverter_bundle(), threshold=3.0)  # it has learnt from two minutes
    [frame] = scored(stream, with_gain(turning(N, 8), 400, 600), [])
    marked = np.flatnonzero(frame.anomaly)
    assert len(marked) > 20
    assert marked.min() >= 400
    assert marked.max() < 600 + BLOCK + 4 * HOP
    assert frame.features[int(frame.contributions.argmax())] == "x"
    assert frame.contributions.sum() == pytest.approx(1.0)
    first = frame.causes[0]
    assert first.column in {"x.rms", "x.order1"}
    assert first.away == pytest.approx(6.0, abs=1.0)
    assert first.unit == "dB"


def test_speeds_of_which_an_order_cannot_be_shown_are_no_anomaly():
    """Order 2 of y is above the Nyquist frequency of 25 Hz from 750 rpm on, order 3 from 500."""
    samples = turning(2000, 9)
    fast = samples.values[:, 2] > 780
    [frame] = scored(stream_of(inverter_bundle()), samples, [])
    assert (fast & frame.judged & np.isfinite(frame.score)).any()
    assert np.nanmax(frame.score[frame.judged]) < 3.0


def test_a_feature_that_is_gone_is_told_at_the_hop():
    """The plain rule for missing values, one score a hop, and the feature it is about."""
    [*_, gone, _] = scored(stream_of(inverter_bundle()), with_hole(turning(N, 4), 500, 600), [])
    assert gone.score[gone.due].tolist() == [2.0] * 19
    assert gone.anomaly.sum() == 19
    assert gone.features[int(gone.contributions.argmax())] == "y"
    assert {cause.column.partition(".")[0] for cause in gone.causes} == {"y"}


def test_a_missing_speed_is_not_judged():
    """Neither a standstill nor a fault of a sensor: nothing is known of the state."""
    samples = turning(N, 4)
    samples.values[500:600, 2] = np.nan
    frames = scored(stream_of(inverter_bundle()), samples, [])
    [gone] = [
        frame for frame in frames if np.isnan(frame.values[:, 2]).any() and len(frame.ts) < 99
    ]
    assert not gone.judged.any()
    assert not joined(frames, "anomaly").any()


def test_blocks_sampled_at_another_rate_are_not_judged():
    """Two speeds of sampling in one session: what the front end says of it is another thing."""
    samples = turning(N, 4)
    ts = samples.ts.copy()
    ts[400:] += 0.01 * np.arange(1, N - 399)
    [frame] = scored(stream_of(inverter_bundle()), dataclasses.replace(samples, ts=ts), [])
    assert frame.judged[300:400].all()
    assert not frame.judged[400 + BLOCK :].any()


def test_alarm_rules_count_scores():
    """5 s are 50 scores at a hop of 0.1 s; a page counts samples."""
    card = inverter_bundle().card()
    assert rule_of(AlarmSettings(), card).m == 50
    assert (card.window, card.hop, card.features) == (BLOCK + 3 * HOP, HOP, ("x", "y"))
    assert card.sampling_period_s == pytest.approx(0.02)


def test_a_bundle_comes_back_from_disk_and_scores_alike(tmp_path):
    """Front end and all."""
    bundle = inverter_bundle()
    save_bundle(bundle, tmp_path / bundle.name)
    again = load_bundle(tmp_path / bundle.name)
    assert again.document == bundle.document
    recording = Recording("m.csv", turning(300, 3), None)
    mine, theirs = (frames_to_table(score_recording(b, recording)) for b in (bundle, again))
    np.testing.assert_array_equal(mine["score"], theirs["score"])


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"sampling_period_s": 0.2}, "sampling_period_s 0.2, allowed: 0.0999999, the hop"),
        ({"baseline": 5}, "baseline with a front end, allowed: without"),
        ({"front_end": {"inputs": ("x", "z")}}, "features x.mean, .*allowed: .*z.repeats"),
    ],
)
def test_a_front_end_that_does_not_fit_its_bundle_is_refused(tmp_path, change, line):
    """One line, which names the file."""
    bundle = inverter_bundle()
    if "front_end" in change:
        plan = msgspec.structs.replace(bundle.document.front_end, **change["front_end"])
        change = {"front_end": plan}
    document = msgspec.structs.replace(bundle.document, **change)
    save_bundle(Bundle("broken", document, bundle.model), tmp_path / "broken")
    with pytest.raises(BundleError, match=f"bundle.json: {line}"):
        load_bundle(tmp_path / "broken")


def test_a_file_without_the_speed_gets_one_line():
    """The front end's channels are needed like features."""
    samples = turning(300, 1)
    alone = Samples(("x", "y"), samples.ts, samples.values[:, :2])
    with pytest.raises(SessionFileError, match="no column rpm; found x, y"):
        score_recording(inverter_bundle(), Recording("a.csv", alone, None))


@settings(deadline=None, max_examples=6)
@given(sizes=st.lists(st.integers(1, 90), max_size=14))
def test_columns_that_are_kept_do_not_depend_on_how_messages_are_cut(sizes):
    """Frames of feature samples: columns, the speed, and whether it ran all through the block."""
    samples = with_hole(turning(N, 5), 520, 560)
    whole = scored(stream_of(keeping_columns(inverter_bundle())), samples, [], chunk=256)
    parts = scored(stream_of(keeping_columns(inverter_bundle())), samples, sizes)
    assert whole[0].features[-2:] == ("rpm", "running")
    np.testing.assert_allclose(joined(parts, "score"), joined(whole, "score"), rtol=1e-6)
    np.testing.assert_array_equal(joined(parts, "values"), joined(whole, "values"))
    np.testing.assert_array_equal(joined(parts, "judged"), joined(whole, "judged"))
    kept = joined(whole, "ts")
    assert set(kept) <= set(samples.ts)
    assert np.isfinite(joined(whole, "reconstruction")[20]).any()


def test_a_restart_with_columns_begins_a_new_block_and_session():
    """The samples of the block that was begun are not stored; none is scored twice."""
    samples = turning(N, 6)
    first, resumed = (
        stream_of(keeping_columns(inverter_bundle())),
        stream_of(keeping_columns(inverter_bundle())),
    )
    before = scored(first, part(samples, 0, 333), [20] * 20)
    resumed.resume([], before[-3:])
    after = scored(resumed, part(samples, 300, N), [])
    assert after[0].ts[0] == samples.ts[329 + BLOCK]  # 329 is the last that ended a block
    assert after[0].session != before[-1].session
    assert isinstance(resumed, FrontEndStream)
