"""Which worker has which device."""

from __future__ import annotations

from collections import Counter

import pytest

from detector.workers.shares import worker_of

DEVICES = [f"motor-{i}" for i in range(2000)]


@pytest.mark.parametrize("workers", [1, 2, 7])
def test_the_shares_are_about_even(workers):
    """Within a fifth of each other's mean, for some hundred devices each."""
    shares = Counter(worker_of(device, workers) for device in DEVICES)
    mean = len(DEVICES) / workers
    assert len(shares) == workers
    assert all(abs(share / mean - 1) < 0.2 for share in shares.values())


@pytest.mark.parametrize("workers", [1, 2, 7])
def test_one_more_worker_moves_only_what_it_takes_over(workers):
    """About one share; no device goes from one old worker to another."""
    moved = [d for d in DEVICES if worker_of(d, workers) != worker_of(d, workers + 1)]
    assert {worker_of(device, workers + 1) for device in moved} == {workers}
    assert len(moved) < 1.2 * len(DEVICES) / (workers + 1)
