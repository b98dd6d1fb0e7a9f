"""Sessions for tests: as files, and as recordings that the fault lab takes."""

from __future__ import annotations

import numpy as np

from detector.sessions.files import Recording
from tests.support.motors import live

SEVERITIES = (0.5, 1.0)


def write(path, samples, label=None):
    """A session file; missing values are empty."""
    columns = [samples.ts, *samples.values.T.astype(np.float64)]
    names = ["ts", *samples.features]
    if label is not None:
        columns, names = [*columns, label], [*names, "label"]
    rows = (
        ",".join("" if np.isnan(v) else f"{v:.6f}" for v in row)
        for row in zip(*columns, strict=True)
    )
    path.write_text("\n".join([",".join(names), *rows]) + "\n")


def recording(n=20_000, seed=50, standstill=slice(0, 0)):
    """A normal session; the machine stands still over some rows."""
    samples = live(n, seed)
    samples.values[standstill, 2] = 0.0
    return Recording(f"s{seed}", samples, None)
