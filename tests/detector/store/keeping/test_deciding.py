"""What goes, and in which order: decided from numbers alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from detector.store.keeping.deciding import (
    DAY_S,
    ORDER,
    Drop,
    Holding,
    Tier,
    decide,
    is_kept_alone_too_large,
)

NOW = 1e9
DAYS = dict(zip(ORDER, (30.0, 30.0, 90.0, 730.0, 3650.0), strict=True))


def held(sizes, oldest_days=1.0, kept=0):
    """Tiers of so many bytes each."""
    oldest = NOW - oldest_days * DAY_S
    return Holding([Tier(n, b, oldest) for n, b in zip(ORDER, sizes, strict=True)], kept)


def test_nothing_goes_that_is_young_and_has_room():
    """Nor for a limit that is just met."""
    assert decide(held([1, 2, 3, 4, 5]), DAYS, 15, NOW) == []


@pytest.mark.parametrize(
    ("age", "gone"), [(29, ()), (31, ORDER[:2]), (91, ORDER[:3]), (731, ORDER[:4]), (3651, ORDER)]
)
def test_each_tier_has_its_age(age, gone):
    """The coarser the longer."""
    drops = decide(held([1] * 5, age), DAYS, 1e9, NOW)
    assert [drop.tier for drop in drops] == list(gone)
    assert all(drop.before == NOW - DAYS[drop.tier] * DAY_S for drop in drops)


def test_whole_samples_go_before_rollups_and_fine_ones_before_coarse():
    """As much as is missing, and two hundredths of the limit more."""
    assert decide(held([100, 50, 30, 20, 10]), DAYS, 100, NOW) == [
        Drop("archive", None, 101, "size"), Drop("hot", None, 13, "size")
    ]  # fmt: skip


def test_what_is_kept_is_said_when_it_is_too_large_alone():
    """All else goes then, it stays."""
    holding = held([10] * 5, kept=200)
    assert is_kept_alone_too_large(holding, 100)
    assert [drop.tier for drop in decide(holding, DAYS, 100, NOW)] == list(ORDER)
    assert not is_kept_alone_too_large(holding, 200)


@given(
    st.lists(st.integers(0, 10**12), min_size=5, max_size=5),
    st.integers(0, 10**12),
    st.integers(1, 10**12),
)
def test_enough_goes_and_nothing_finer_is_kept_instead(sizes, kept, limit):
    """A tier loses something only where all before it are empty."""
    holding = held(sizes, kept=kept)
    drops = decide(holding, DAYS, limit, NOW)
    freed = {drop.tier: drop.bytes for drop in drops}
    left = holding.bytes - sum(freed.values())
    assert left <= limit or left <= kept
    names = [name for name, size in zip(ORDER, sizes, strict=True) if size]
    assert list(freed) == names[: len(freed)]
    assert all(freed[n] >= dict(zip(ORDER, sizes, strict=True))[n] for n in list(freed)[:-1])
