"""How frames are best written to PostgreSQL: ``python -m benchmarks.stores.postgresql URL``.

Both ways for commits of more and more frames, in turns; URL names an empty schema or database. The
smallest commit that COPY is quicker for is ``MANY`` in detector/store/postgresql/copying.py.
"""

from __future__ import annotations

import argparse
import time
from statistics import median

import numpy as np

from benchmarks.lib.machine import machine
from detector.records import Frame
from detector.store.postgresql import copying
from detector.store.rows.rows import row_of
from detector.store.schema import Engine, frames, open_store

SIZES = (1, 4, 16, 32, 64, 128, 512, 2048)
SAMPLES, FEATURES = 10, 3
ROUNDS = 25
WAYS = {"one by one": copying.insert, "COPY": copying.copy}


def main() -> int:
    """Print milliseconds of a commit by its size; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url", help="of a PostgreSQL, that may be written to")
    store = open_store(parser.parse_args().url)
    print(f"{machine()}, frames of {SAMPLES} samples and {FEATURES} features, ms a commit\n")
    print(f"| frames | {' | '.join(WAYS)} | ratio |\n|---|---|---|---|")
    start = 0
    for size in SIZES:
        took: dict[str, list[float]] = {way: [] for way in WAYS}
        for _ in range(ROUNDS):
            for way, each in took.items():
                each.append(_commit(store, way, start, size))
                start += size
        slow, quick = (1000 * median(each) for each in took.values())
        print(f"| {size} | {slow:.2f} | {quick:.2f} | {slow / quick:.2f} |")
    store.dispose()
    return 0


def _commit(store: Engine, way: str, start: int, size: int) -> float:
    rows = [copying.as_sent(frames, row_of(_frame(start + i))) for i in range(size)]
    began = time.perf_counter()
    with store.begin() as connection:
        written = WAYS[way](connection, frames, rows)
    took = time.perf_counter() - began
    if written != size:
        raise SystemExit(f"{way}: {written} of {size} frames were new; the URL names a used store")
    return took


def _frame(number: int) -> Frame:
    wide = np.random.default_rng(number).normal(size=(SAMPLES, FEATURES)).astype(np.float32)
    return Frame(
        device=f"pump-{number % 100}", session="s", features=("a", "b", "c"),
        ts=1.7e9 + number + np.arange(SAMPLES) / 100, values=wide, reconstruction=wide,
        score=wide[:, 0], mse=wide[:, 1], judged=wide[:, 2] > 0, threshold=1.0,
        contributions=wide[0], arrival=1.7e9 + number,
    )  # fmt: skip


if __name__ == "__main__":
    raise SystemExit(main())
