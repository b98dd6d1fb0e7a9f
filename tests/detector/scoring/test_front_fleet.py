"""Devices behind a front end: many at once, thinned out, and after a restart from the store."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from detector.engines.fleet import Fleet
from detector.ingest.buffer import TakenBlock
from detector.records import Samples
from detector.scoring.bundle import save_bundle
from detector.scoring.front_stream import FrontEndStream
from detector.scoring.stream import score_samples
from detector.settings.devices import DeviceRule
from detector.settings.sessions import SessionSettings
from detector.settings.tree import Settings
from detector.store import frames
from detector.store.archive.past import Past
from detector.store.archive.place import place_at
from detector.store.schema import open_store
from tests.support.training.inverter import inverter_bundle, turning

N = 900


@pytest.fixture
def settings(tmp_path):
    """Devices ``m*`` use the small model."""
    save_bundle(inverter_bundle(), tmp_path / "inverter")
    return Settings(devices=(DeviceRule(match="m*", model=tmp_path / "inverter"),))


def fleet_of(settings, history=lambda *_: ([], [])):
    """A fleet with nothing stored, or with what is."""
    return Fleet(settings, history, {})


def blocks(device, samples, size=70):
    """What the buffer hands out, one after the other."""
    edges = [*range(0, len(samples), size), len(samples)]
    for start, end in itertools.pairwise(edges):
        rows = slice(start, end)
        part = Samples(samples.features, samples.ts[rows], samples.values[rows], samples.session)
        yield TakenBlock(device, part, arrival=1.0, broken=False)


def alone(samples):
    """What the offline way says of them."""
    stream = FrontEndStream("m", samples.features, inverter_bundle(), SessionSettings())
    [frame] = score_samples(stream, samples, chunk=256, arrival=0.0)
    return frame


def joined(found, field):
    """One array of a field over frames."""
    return np.concatenate([getattr(frame, field) for frame in found])


def test_a_restart_from_the_store_scores_as_if_there_was_none(settings, tmp_path):
    """The place of the blocks is found again in the middle of a long session."""
    samples = turning(N, 6, session="shift-1")
    taken, engine = list(blocks("m", samples)), open_store(f"sqlite:///{tmp_path}/store.db")
    before = fleet_of(settings)
    for block in taken[:9]:
        with engine.begin() as connection:
            frames.write(connection, before.score([block]))
    after = fleet_of(settings, Past(engine, place_at("memory://")).newest_session)
    found = [frame for block in taken[8:] for frame in after.score([block])]  # one is sent again
    engine.dispose()
    expected, stored = alone(samples), 9 * 70
    assert {frame.session for frame in found} == {expected.session}
    np.testing.assert_array_equal(joined(found, "ts"), samples.ts[stored:])
    for field in ("score", "mse"):
        np.testing.assert_allclose(
            joined(found, field), getattr(expected, field)[stored:], rtol=1e-6, equal_nan=True
        )
    np.testing.assert_array_equal(joined(found, "judged"), expected.judged[stored:])


def test_each_device_is_scored_as_alone(settings):
    """One batch for all of them."""
    machines = [turning(N, seed) for seed in (6, 7)]
    fleet, found = fleet_of(settings), {"m0": [], "m1": []}
    for pair in zip(*(blocks(f"m{i}", one) for i, one in enumerate(machines)), strict=True):
        for frame in fleet.score(pair):
            found[frame.device].append(frame)
    for i, samples in enumerate(machines):
        expected = alone(samples)
        np.testing.assert_allclose(
            joined(found[f"m{i}"], "score"), expected.score, rtol=1e-6, equal_nan=True
        )
        np.testing.assert_array_equal(joined(found[f"m{i}"], "judged"), expected.judged)


def test_thinned_scores_are_those_of_all_and_the_rest_was_left_out(settings):
    """A row of five blocks in four; where a score was due and is missing nobody looked."""
    samples = turning(N, 6)
    fleet = fleet_of(settings)
    fleet.thin(4)
    found = [frame for block in blocks("m", samples) for frame in fleet.score([block])]
    score, whole = joined(found, "score"), alone(samples)
    known = np.isfinite(score)
    assert 0 < known.sum() < 0.5 * np.isfinite(whole.score).sum()
    np.testing.assert_allclose(score[known], whole.score[known], rtol=1e-6)
    np.testing.assert_array_equal(joined(found, "due"), whole.due)
    assert (
        fleet.streams["m"].counters["thinned_out"] == np.isfinite(whole.score).sum() - known.sum()
    )
