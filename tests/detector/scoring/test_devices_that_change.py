"""Devices whose channels, rate or number change while they are scored."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from detector.engines.fleet import Fleet
from detector.ingest.buffer import TakenBlock
from detector.records import Samples, backlog_label
from detector.scoring.bundle import save_bundle
from detector.settings.alarms import AlarmSettings
from detector.settings.devices import DeviceRule
from detector.settings.tree import Settings
from tests.support.motors import RATE_HZ, START, live


@pytest.fixture
def fleet(bundle, tmp_path):
    """Devices ``m*`` have the model."""
    save_bundle(bundle, tmp_path / "plain")
    rules = (DeviceRule(match="m*", model=tmp_path / "plain"),)
    return Fleet(Settings(devices=rules), lambda *_: ([], []), {})


def scored(fleet, *parts, device="m"):
    """Frames of samples that come one after the other."""
    blocks = [TakenBlock(device, part, arrival=1.0, broken=False) for part in parts]
    return [frame for block in blocks for frame in fleet.score([block])]


def rows(samples, start, end):
    """Some of them."""
    part = slice(start, end)
    return Samples(samples.features, samples.ts[part], samples.values[part], samples.session)


def test_a_new_channel_restarts_nothing(fleet, bundle):
    """The session goes on, and every score is what it would have been without it."""
    samples = live(300, 1)
    wider = rows(samples, 150, 300).with_features((*samples.features, "temp"))
    frames = scored(fleet, rows(samples, 0, 150), wider)
    [alone] = scored(fleet, samples, device="m-alone")
    assert {frame.session for frame in frames} == {alone.session}
    np.testing.assert_allclose(
        np.concatenate([frame.score for frame in frames]), alone.score, rtol=1e-6, equal_nan=True
    )
    assert frames[-1].features == ("x", "y", "rpm", "temp")
    assert len(frames[-1].contributions) == 4


def test_a_channel_that_makes_a_model_fit_is_scored_from_then_on(fleet):
    """Until then the device is stored unscored and says what it lacks."""
    samples = live(300, 1)
    few = Samples(("x", "rpm"), samples.ts[:100], samples.values[:100][:, [0, 2]])
    rest = rows(samples, 100, 300).with_features(("x", "rpm", "y"))
    frames = scored(fleet, few, rest)
    assert np.isnan(frames[0].score).all()
    assert np.isfinite(frames[-1].score).any()


def test_a_rate_that_halves_is_no_machine_alarm(fleet):
    """Windows of another rate are not judged, from the second sample on; then it says so."""
    before = live(300, 1)
    n = 400
    slow = live(2 * n, 2, start=before.ts[-1] + 2 / RATE_HZ)
    after = Samples(slow.features, slow.ts[::2], slow.values[::2])
    parts = [rows(after, i, i + 10) for i in range(0, n, 10)]
    frames = scored(fleet, before, *parts)
    assert np.concatenate([frame.judged for frame in frames[:1]]).any()
    assert sum(frame.judged.sum() for frame in frames[1:]) <= 1 < AlarmSettings().k
    assert "allowed: 45 to 55 Hz" in fleet.streams["m"].reason


@pytest.mark.parametrize("lost", [[100, 140, 180], [100, 108, 116]])
def test_a_few_lost_samples_are_still_judged(fleet, lost):
    """A window with short holes is near enough to its rate: a tenth of it, in whole samples."""
    samples = live(300, 1)
    kept = np.delete(np.arange(300), lost)
    lossy = Samples(samples.features, samples.ts[kept], samples.values[kept])
    [frame] = scored(fleet, lossy)
    assert frame.judged[60:].all()


def test_a_backlog_is_scored_beside_the_live_session(fleet):
    """With windows of its own; the live session is not cut."""
    samples = live(300, 1)
    old = live(200, 2, start=START - 3600, session=backlog_label(None))
    frames = scored(
        fleet,
        rows(samples, 0, 150),
        rows(old, 0, 100),
        rows(samples, 150, 300),
        rows(old, 100, 200),
    )
    by_session = {}
    for frame in frames:
        by_session.setdefault(frame.session, []).append(frame)
    assert sorted(len(held) for held in by_session.values()) == [2, 2]
    for held in by_session.values():
        score = np.concatenate([frame.score for frame in held])
        assert np.isfinite(score[24:]).all()
    assert fleet.streams["m"].segmenter.counters["gap"] == 0


def test_a_thousand_unknown_devices_are_a_few_lines(fleet, caplog):
    """Each is stored and can be asked why; the log says it a few times."""
    with caplog.at_level(logging.INFO):
        for i in range(1000):
            scored(fleet, live(3, 1), device=f"unknown-{i}")
    assert len(fleet.streams) == 1000
    assert 1 <= len(caplog.records) <= 10
    assert "unknown-0: stored unscored: no rule" in caplog.text
