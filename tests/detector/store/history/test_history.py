"""One call tells a device's past: every extreme, every anomaly, every gap, nothing else."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import sqlalchemy as sa

from detector.store.archive import closing
from detector.store.history import rollups
from detector.store.history.buckets import of_frames
from detector.store.keeping.merging import ALL, merge
from detector.store.schema import frames as table
from tests.support.stores.machine import START, frame, frames

HOUR, DAY = 3600.0, 86_400.0
SPIKE_AT = START + 1000.35


def spiked(made, value=50.0, score=3.0):
    """The same frame with one sample that is high in ``a``, low in ``b`` and an anomaly."""
    values, scores = made.values.copy(), made.score.copy()
    at = int(np.argmin(np.abs(made.ts - SPIKE_AT)))
    values[at], scores[at] = (value, -value), score
    return dataclasses.replace(made, values=values, score=scores)


@pytest.fixture
def past(machine):
    """Two hours at 1 Hz with a hole of 100 s and one spike; the last minute is not counted yet."""
    blocks = frames(2 * HOUR, rate=1.0, n=20)
    blocks = [f for f in blocks if not START + 4000 <= f.ts[0] < START + 4100]
    blocks[50] = spiked(blocks[50])
    machine.write(blocks[:-3])
    machine.write(blocks[-3:], roll=False)
    machine.blocks = blocks
    return machine


@pytest.mark.parametrize("points", [20, 150, 1000, 3000, 20_000])
def test_extremes_and_anomalies_survive_at_any_width(past, points):
    """And no sample is lost or counted twice."""
    found = past.history(START, START + 2 * HOUR, points)
    assert found.samples.sum() == 7100
    assert len(found) <= points
    assert found.score.max() == 3.0
    at = int(np.flatnonzero(found.anomalies)[0])
    assert found.anomalies.sum() == found.anomalies[at] == 1
    assert found.ts[at] <= START + 1000 <= found.ts[at] + found.width_s[at]
    assert (found.high[at, 0], found.low[at, 1]) == (50.0, -50.0)
    total = np.nansum(found.mean.astype(float) * found.samples[:, None], axis=0)
    values = np.concatenate([f.values for f in past.blocks]).astype(float)
    np.testing.assert_allclose(total, values.sum(axis=0), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize(("points", "tier"), [(150, "1min"), (5000, "1s"), (20_000, "full")])
def test_a_gap_is_told_where_it_is(past, points, tier):
    """To the bucket, and drawn by nothing."""
    found = past.history(START, START + 2 * HOUR, points)
    assert found.tier == tier
    [gap] = found.gaps
    [at] = np.flatnonzero(found.breaks)
    width = found.width_s.max()
    assert START + 4000 - 1 - 1e-6 <= gap.start <= START + 4000 + width
    assert gap.end == found.ts[at]
    assert START + 4100 - width <= gap.end <= START + 4100
    assert gap.reason == "no samples"
    assert not np.any((found.ts > gap.start) & (found.ts < gap.end))


def test_a_tier_is_what_its_frames_come_to(past):
    """Each bucket, also where some of its frames are not counted yet."""
    found = past.history(START, START + 2 * HOUR, 150)
    expected = of_frames(past.blocks, 60)
    for ours, theirs in (
        (found.ts, expected.ts), (found.low, expected.low), (found.high, expected.high),
        (found.mean, expected.mean), (found.score, expected.score),
        (found.anomalies, expected.anomalies), (found.samples, expected.samples),
        (found.threshold, expected.threshold), (found.running_share, np.ones(len(found))),
    ):  # fmt: skip
        np.testing.assert_array_equal(ours, theirs)


def test_coarser_tiers_stand_in_for_what_is_gone(past):
    """Frames are the first to go, then the finer rollups; the widths say it, no sample is lost."""
    gone = START + HOUR
    with past.store.begin() as connection:
        connection.execute(sa.delete(table).where(table.c.arrival < gone))
    full = past.history(START, START + 2 * HOUR, 20_000)
    assert full.samples.sum() == 7100
    assert set(full.width_s[full.ts < gone - 60]) == {1.0}
    assert set(full.width_s[full.ts > gone + 60]) == {0.0}
    with past.store.begin() as connection:
        rollups.delete_before(connection, 1, START + 1e6)
    coarse = past.history(START, START + 2 * HOUR, 20_000)
    assert coarse.samples.sum() == 7100
    assert set(coarse.width_s[coarse.ts < gone - 60]) == {60.0}
    assert (coarse.high.max(), coarse.anomalies.sum()) == (50.0, 1)


def test_an_old_store_answers_before_it_has_rollups(machine):
    """The frames are summed up at once, with the same result."""
    machine.write(frames(HOUR, n=100), roll=False)
    before = machine.history(START, START + HOUR, 100)
    machine.roll()
    after = machine.history(START, START + HOUR, 100)
    assert (before.tier, len(before)) == ("1min", 60)
    for field in dataclasses.fields(before):
        np.testing.assert_array_equal(getattr(before, field.name), getattr(after, field.name))


def test_what_counts_meanwhile_is_not_counted_twice(past, monkeypatch):
    """All is read of one moment, whatever is written in between."""
    plain = rollups.between

    def slow(*args):
        past.roll()
        return plain(*args)

    monkeypatch.setattr(rollups, "between", slow)
    assert past.history(START, START + 2 * HOUR, 150).samples.sum() == 7100


def test_features_that_came_later_are_missing_before(machine):
    """And those of a device that was changed stay."""
    machine.write([frame(), frame(START + 1, features=("b", "c"))])
    found = machine.history(START, START + 2, 10_000)
    assert sorted(found.features) == ["a", "b", "c"]
    a, c = found.features.index("a"), found.features.index("c")
    assert np.isnan(found.mean[:10, c]).all()
    assert np.isnan(found.mean[10:, a]).all()
    assert np.isfinite(found.mean[:10, a]).all()


def test_a_time_without_samples_is_one_gap(past):
    """Before the first, after the newest, and of a device that nobody knows."""
    found = past.history(START - DAY, START - 2 * HOUR, 100)
    assert len(found) == 0
    [gap] = found.gaps
    assert (gap.start, gap.end) == (START - DAY, START - 2 * HOUR)
    late = past.history(START + HOUR, START + 4 * HOUR, 200)
    assert (late.gaps[-1].start, late.gaps[-1].end) == (START + 2 * HOUR, START + 4 * HOUR)


def test_a_slow_device_has_no_gaps_between_its_samples(machine):
    """A sample a minute is drawn through, five that are missing are not."""
    there = [i for i in range(200) if i != 50 and not 100 <= i < 105]
    blocks = [frame(START + 60 * i, 1, seed=i) for i in there]
    machine.write(blocks)
    for points in (100, 1000, 20_000):
        found = machine.history(START, START + 200 * 60, points)
        assert found.samples.sum() == 194
        [gap] = [one for one in found.gaps if one.end < START + 199 * 60]
        assert START + 99 * 60 <= gap.start < gap.end <= START + 105 * 60


def test_a_time_is_cut_to_the_sample_where_samples_are_shown(past):
    """From the start to before the end."""
    found = past.history(START + 5, START + 8, 1000)
    assert (found.tier, found.ts.tolist()) == ("full", [START + 5, START + 6, START + 7])
    assert found.width_s.tolist() == [0.0] * 3


def archived(past, before=START + 1e6):
    """Merge what has settled and close it into files; returns their paths."""
    while merge(past.store, past.device, ALL):
        pass
    while closing.close_next(past.store, past.place, before):
        pass
    return sorted(past.place.paths())


def test_closed_hours_tell_the_same(past):
    """Wherever the samples are: in frames, in merged ones, in files."""
    past.roll()
    asked = [(START, START + 2 * HOUR, 20_000), (START + 990, START + 1010, 500)]
    before = [past.history(*one) for one in asked]
    assert archived(past)
    for one, expected in zip(asked, before, strict=True):
        found = past.history(*one)
        assert found.tier == "full"
        for field in dataclasses.fields(found):
            np.testing.assert_array_equal(getattr(found, field.name), getattr(expected, field.name))


def test_a_lost_file_is_told_and_rollups_stand_in(past):
    """Of its time nothing is invented, and all else is there."""
    past.roll()
    [path, *_] = archived(past)
    past.place.delete(path)
    found = past.history(START, START + 2 * HOUR, 20_000)
    [lost] = found.lost
    assert path in lost.reason
    assert found.samples.sum() == 7100
    assert (found.high.max(), found.anomalies.sum()) == (50.0, 1)
    assert set(found.width_s) == {0.0, 1.0}
    with past.store.begin() as connection:
        for width_s in rollups.WIDTHS:
            rollups.delete_before(connection, width_s, START + 1e9)
    bare = past.history(START, START + 2 * HOUR, 20_000)
    assert path in bare.gaps[0].reason
    assert 0 < bare.samples.sum() < 7100
