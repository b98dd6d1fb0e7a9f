"""Frames of a machine of which every value is known, as a store holds them."""

from __future__ import annotations

import numpy as np

from detector.records import Frame

START = 1_772_366_400.0  # 2026-03-01T12:00:00Z, where a bucket of every width begins


def frame(
    start=START, n=10, *, rate=10.0, seed=0, device="press-1", features=("a", "b"), **changes
):
    """A block of n samples whose scores lie below the threshold; the same seed, the same values."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n, len(features))).astype(np.float32)
    score = (rng.random(n) * 0.9).astype(np.float32)
    made = {
        "session": "#1", "ts": start + np.arange(n) / rate, "values": values,
        "reconstruction": values, "score": score, "mse": score, "judged": np.ones(n, np.bool_),
        "threshold": 1.0, "contributions": np.ones(len(features), np.float32), "arrival": start,
    }  # fmt: skip
    return Frame(device=device, features=features, **{**made, **changes})


def frames(seconds, *, start=START, rate=10.0, n=10, **changes):
    """Blocks of n samples without a gap."""
    count = round(seconds * rate / n)
    return [frame(start + i * n / rate, n, rate=rate, seed=i, **changes) for i in range(count)]
