"""Which tier answers, and what a coarser one stands in for."""

from __future__ import annotations

import numpy as np
import pytest

from detector.store.history.buckets import of_frames
from detector.store.history.tiers import FULL, LEAST, Plan, filled, of_one_width, plan, shown
from tests.support.stores.machine import START, frames

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0


@pytest.mark.parametrize(
    ("span_s", "points", "expected"),
    [
        (10.0, 2000, Plan(FULL, 0.005)),
        (15 * MINUTE, 2000, Plan(1, 1)),
        (HOUR, 2000, Plan(1, 2)),
        (DAY, 2000, Plan(60, 60)),
        (7 * DAY, 2000, Plan(60, 360)),
        (30 * DAY, 2000, Plan(900, 1800)),
        (3650 * DAY, 2000, Plan(900, 158_400)),
        (DAY, 1, Plan(900, 86_400)),
    ],
)
def test_the_tier_fits_the_points(span_s, points, expected):
    """Never more buckets than asked for, and not far fewer where a finer tier has them."""
    found = plan(span_s, points)
    assert (found.tier_s, found.width_s) == (expected.tier_s, pytest.approx(expected.width_s))
    assert span_s / found.width_s <= points + 1e-9


@pytest.mark.parametrize("points", [1, 7, 100, 2000, 10_000])
def test_any_time_has_a_plan_that_fits(points):
    """From a millisecond to ten years."""
    for span_s in np.geomspace(0.001, 3650 * DAY, 200):
        found = plan(span_s, points)
        count = span_s / found.width_s
        assert points * LEAST - 1e-9 <= count <= points + 1e-9 or found.tier_s == FULL
        assert found.tier_s == FULL or found.width_s % found.tier_s == 0


def test_a_coarse_bucket_stands_in_for_fine_ones_that_hold_less():
    """Whole where all are there, never a sample twice."""
    blocks = frames(180)
    fine, coarse = of_frames(blocks, 1), of_frames(blocks, 60)
    holed = fine[(fine.ts < START + 70) | (fine.ts >= START + 75)]
    made = filled(of_one_width(holed, 1), coarse, 60)
    assert made.buckets.samples.sum() == 1800
    assert made.width_s.tolist() == [1] * 60 + [60] + [1] * 60
    assert np.all(np.diff(made.buckets.ts) > 0)


def test_fine_buckets_that_no_coarse_one_knows_stay():
    """As where the coarser tier was deleted."""
    fine = of_frames(frames(90), 1)
    coarse = of_frames(frames(60), 60)
    assert len(filled(of_one_width(fine, 1), coarse, 60).buckets) == 90


def test_single_samples_stay_single_where_they_fit():
    """Else they are buckets, and a coarser piece keeps its width."""
    singles = of_one_width(of_frames(frames(10), FULL), FULL)
    assert shown(singles, Plan(FULL, 0.5), 100) == singles
    drawn = shown(singles, Plan(FULL, 0.5), 99)
    assert (len(drawn.buckets), drawn.width_s[0]) == (20, 0.5)
    coarse = of_one_width(of_frames(frames(60, start=START + 60), 60), 60)
    both = filled(singles, coarse.buckets, 60)
    assert shown(both, Plan(FULL, 0.5), 10).width_s.tolist() == [0.5] * 20 + [60]
