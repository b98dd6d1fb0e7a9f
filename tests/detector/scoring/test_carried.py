"""States that go on from sample to sample: live equals offline, in any batch, after any restart."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.engines.fleet import Fleet
from detector.ingest.buffer import TakenBlock
from detector.networks.base import build_network
from detector.records import Samples
from detector.scoring.bundle import load_bundle, save_bundle
from detector.scoring.runtimes.carried import Carrier, Lanes
from detector.scoring.scorer import score_session
from detector.scoring.stream import DeviceStream, score_samples
from detector.settings.devices import DeviceRule
from detector.settings.sessions import SessionSettings
from detector.settings.tree import Settings
from detector.store import frames
from detector.store.archive.past import Past
from detector.store.archive.place import place_at
from detector.store.schema import open_store
from tests.support.motors import FEATURES, RATE_HZ, START, live, small_bundle, with_fault

WINDOW, RESTART = 25, 50
CONFIG = {"hidden": 8, "latent": 4, "decoder_hidden": 16, "restart_windows": RESTART // WINDOW}
SIZES = st.lists(st.integers(1, 90), max_size=20)


@pytest.fixture(scope="module")
def carried():
    """A small trained model that carries its state."""
    return small_bundle("carried", network="lstm_ae_stream", config=CONFIG)


@pytest.fixture(scope="module")
def folder(carried, tmp_path_factory):
    """The same on disk."""
    path = tmp_path_factory.mktemp("models") / "carried"
    save_bundle(carried, path)
    return path


def stream_of(bundle):
    """A stream for the test machine."""
    return DeviceStream("m", (*FEATURES, "rpm"), bundle, SessionSettings())


def fleet_of(folder, history=lambda *_: ([], [])):
    """A fleet of devices ``m*`` with nothing stored, or with what is."""
    return Fleet(Settings(devices=(DeviceRule(match="m*", model=folder),)), history, {})


def rows_of(samples, start, end):
    """Samples ``start`` to ``end``."""
    rows = slice(start, end)
    return Samples(samples.features, samples.ts[rows], samples.values[rows], samples.session)


def parts_of(samples, sizes):
    """Samples in blocks of these sizes, the rest as one."""
    edges = [0, *np.minimum(np.cumsum(sizes), len(samples)).astype(int), len(samples)]
    return [rows_of(samples, a, b) for a, b in pairwise(edges) if a < b]


def blocks(device, samples, sizes):
    """What the buffer hands out of a device, one after the other."""
    return [TakenBlock(device, p, arrival=1.0, broken=False) for p in parts_of(samples, sizes)]


def offline(bundle, samples):
    """Score and MSE of a device's samples, as of a file."""
    found = score_samples(stream_of(bundle), samples, chunk=256, arrival=0.0)
    return np.concatenate([np.stack([frame.score, frame.mse]) for frame in found], axis=1)


def eventful(n, seed):
    """A fault, a short hole that is filled, a long one, and a gap that ends the session."""
    samples = with_fault(live(n, seed), n // 2, n // 2 + 40)
    samples.values[60:63, 0] = np.nan
    samples.values[n // 3 : n // 3 + 12, 1] = np.nan
    samples.ts[3 * n // 4 :] += 7.013
    return samples


def same(found, expected):
    """Equal to 1e-6, missing where it is missing."""
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6, equal_nan=True)


def test_a_code_is_that_of_the_newest_start_at_or_before_its_window(carried):
    """Each window's terms, written out: encode from that start to its last sample, and decode."""
    session = np.random.default_rng(1).normal(size=(173, 2)).astype(np.float32)
    network = carried.model
    found = score_session(carried.detector, session, WINDOW, chunk=32)
    expected = []
    for first in range(len(session) - WINDOW + 1):
        start, end = first // RESTART * RESTART, first + WINDOW
        with torch.inference_mode():
            _, (last, _) = network.encoder(torch.from_numpy(session[None, start:end]))
            expected.append(network.decode(last[0])[0].numpy())
    residual = np.stack(expected) - np.lib.stride_tricks.sliding_window_view(
        session, WINDOW, axis=0
    ).transpose(0, 2, 1)
    np.testing.assert_allclose(found.mse, (residual**2).mean(axis=(1, 2)), rtol=1e-4)
    np.testing.assert_allclose(found.newest, np.stack(expected)[:, -1], atol=1e-5)


def test_a_later_sample_never_changes_an_earlier_score(carried):
    """Whatever comes after a sample, in the same batch too, its score stands."""
    samples = live(300, 5)
    changed = with_fault(samples, 170, 300)
    before, after = offline(carried, samples), offline(carried, changed)
    np.testing.assert_array_equal(before[:, :170], after[:, :170])
    assert (np.abs(before - after)[:, 170:175] > 1e-3).all()


def test_warm_up_is_one_window_and_begins_again_with_a_session(carried):
    """No score before L samples of a session; then one for each sample, whatever the starts."""
    samples = live(400, 7)
    samples.ts[200:] += 5.0
    known = np.isfinite(offline(carried, samples)[0])
    expected = np.ones(400, np.bool_)
    expected[: WINDOW - 1] = expected[200 : 200 + WINDOW - 1] = False
    np.testing.assert_array_equal(known, expected)


def test_a_session_does_not_remember_the_one_before(carried):
    """After a gap the scores are those of the same samples alone."""
    samples = eventful(400, 8)
    alone = rows_of(samples, 300, 400)
    same(offline(carried, samples)[:, 300:], offline(carried, alone))
    stream, other = stream_of(carried), live(60, 9, START + 30 / RATE_HZ, session="b")
    score_samples(stream, live(30, 8, session="a"), chunk=256, arrival=0.0)
    [frame] = score_samples(stream, other, chunk=256, arrival=0.0)
    same(np.stack([frame.score, frame.mse]), offline(carried, other))


@settings(deadline=None, max_examples=12)
@given(sizes=st.tuples(SIZES, SIZES, SIZES, SIZES))
def test_ragged_batches_of_devices_score_each_as_alone(carried, folder, sizes):
    """Blocks of any sizes, several of one device in a tick, some devices silent meanwhile."""
    machines = [eventful(260 + 31 * i, 20 + i) for i in range(4)]
    queues = {f"m{i}": blocks(f"m{i}", machines[i], sizes[i]) for i in range(4)}
    fleet, found = fleet_of(folder), {device: [] for device in queues}
    for tick in range(30):
        taken = [b for i, q in enumerate(queues.values()) for b in q[: 1 + (tick + i) % 2]]
        for device, queue in queues.items():
            queues[device] = queue[sum(b.device == device for b in taken) :]
        for frame in fleet.score(taken):
            found[frame.device].append(np.stack([frame.score, frame.mse]))
    assert not any(queues.values())
    for i, samples in enumerate(machines):
        same(np.concatenate(found[f"m{i}"], axis=1), offline(carried, samples))


@pytest.mark.parametrize("stop", [20, 51, 99, 341, 360, 399])
@pytest.mark.parametrize("holes", [False, True])
def test_a_restart_from_the_store_scores_as_if_there_was_none(
    carried, folder, tmp_path, monkeypatch, stop, holes
):
    """In a warm-up, at a start of a state, and late: the store gives back less than the session."""
    monkeypatch.setattr("detector.scoring.stream.MISSING_HOLD_S", 0.0)  # or it gives back all
    samples = live(500, 6, session="shift-1")
    if holes:
        samples.values[stop - 15 : stop - 12, 0] = np.nan  # filled, or at 20 in the warm-up
    engine = open_store(f"sqlite:///{tmp_path}/store.db")
    before = fleet_of(folder)
    for block in blocks("m", rows_of(samples, 0, stop), [9] * 100):
        with engine.begin() as connection:
            frames.write(connection, before.score([block]))
    after = fleet_of(folder, Past(engine, place_at("memory://")).newest_session)
    again = rows_of(samples, stop - 5, 500)  # five of them are sent again
    found = [f for b in blocks("m", again, [11] * 100) for f in after.score([b])]
    engine.dispose()
    assert after.streams["m"].counters["duplicate"] == 5
    assert stop < 300 or after.streams["m"].memory < stop
    values = np.concatenate([np.stack([f.score, f.mse]) for f in found], axis=1)
    same(values, offline(carried, samples)[:, stop:])


def test_played_back_at_another_time_the_scores_are_the_same(carried):
    """States start by the time since the session's start, whatever a clock rounds."""
    samples = live(700, 9)
    later = Samples(samples.features, samples.ts + 12_345_678.9137, samples.values)
    same(offline(carried, later), offline(carried, samples))
    uneven = np.random.default_rng(0).uniform(-0.2, 0.2, 700) / RATE_HZ
    jittered = Samples(samples.features, samples.ts + uneven, samples.values)
    same(
        offline(carried, Samples(jittered.features, jittered.ts + 500.25, jittered.values)),
        offline(carried, jittered),
    )


@settings(deadline=None, max_examples=8)
@given(factors=st.lists(st.sampled_from([1, 2, 4]), min_size=1, max_size=12), sizes=SIZES)
def test_in_an_overload_scores_are_what_they_would_have_been(carried, factors, sizes):
    """A state goes on over samples whose windows are left out."""
    samples, stream = live(500, 4), stream_of(carried)
    whole, found = offline(carried, samples), []
    for i, part in enumerate(parts_of(samples, sizes)):
        stream.thinning.factor = factors[i % len(factors)]
        [frame] = score_samples(stream, part, chunk=7, arrival=0.0)
        found.append(np.stack([frame.score, frame.mse]))
    values = np.concatenate(found, axis=1)
    known = np.isfinite(values)
    same(values[known], whole[known])


def test_rounding_is_not_amplified_from_step_to_step():
    """A network near chaos, one device alone and among many: codes are equal all the same."""
    torch.manual_seed(3)
    network = build_network("lstm_ae_stream", CONFIG | {"hidden": 32}, features=2, window=WINDOW)
    with torch.no_grad():
        for weights in network.encoder.parameters():
            weights.mul_(8)
    rng = np.random.default_rng(0)
    sessions = [rng.normal(size=(150 + i, 2)).astype(np.float32) for i in range(40)]
    carrier = Carrier(network.eval())
    together = carrier.codes([span for one in sessions for span in spans_of(carrier, one)])
    alone = np.concatenate([carrier.codes(spans_of(carrier, one)) for one in sessions])
    assert np.ptp(alone) > 1
    np.testing.assert_allclose(together, alone, rtol=0, atol=1e-6)


def spans_of(carrier, session):
    """All of a session at once."""
    lanes = Lanes(carrier)
    lanes.extend(np.arange(len(session), dtype=float))
    return lanes.spans(session, np.arange(WINDOW - 1, len(session)))


def test_what_a_device_remembers_does_not_grow(carried):
    """Two states at most in the middle of a session, and samples enough for a restart."""
    lanes = Lanes(carried.detector.carrier)
    samples = np.zeros((10, 2), np.float32)
    most = 0
    for number in range(60):
        lanes.extend(np.arange(10.0) + 10 * number)
        most = max(most, len(lanes.spans(samples, np.array([9]))))
    assert most == 2
    assert stream_of(carried).memory >= WINDOW + RESTART


def test_a_bundle_on_disk_scores_as_the_one_that_was_trained(carried, folder):
    """Weights and sizes are all there is to keep."""
    again, samples = load_bundle(folder), eventful(300, 3)
    assert again.document.config == carried.document.config
    same(offline(again, samples), offline(carried, samples))


def test_training_lowers_the_error_well_below_that_of_fresh_weights(carried):
    """On a session that it has not seen, with states of all ages."""
    scaling = carried.document.scaling
    values = live(600, 77, START).values[:, :2]
    scaled = ((values - scaling.centre) / scaling.scale).astype(np.float32)
    torch.manual_seed(0)
    fresh = build_network("lstm_ae_stream", CONFIG, features=2, window=WINDOW)
    found = {}
    for name, network in (("trained", carried.model), ("fresh", fresh)):
        carrier = Carrier(network.eval())
        codes = torch.from_numpy(carrier.codes(spans_of(carrier, scaled)))
        windows = torch.from_numpy(scaled).unfold(0, WINDOW, 1).transpose(1, 2)
        with torch.inference_mode():
            found[name] = float((network.residual_of(codes, windows)[1] ** 2).mean())
    assert found["trained"] < 0.4 * found["fresh"]
