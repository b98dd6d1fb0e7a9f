"""GB of a device of 3 features by its rate, tier by tier: `python -m benchmarks.stores.room`.

A healthy motor's samples go through the real tiers: rolled up, merged, closed. What each holds for
its age by the default settings is worked out from what the bytes of a sample and of a bucket are.
"""

from __future__ import annotations

import math
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.lib.load import healthy
from benchmarks.lib.machine import machine
from detector.records import Frame
from detector.settings.store import StoreSettings
from detector.store import frames
from detector.store.archive import closing
from detector.store.archive.place import Folder
from detector.store.history import rollups
from detector.store.history.rolling import roll
from detector.store.keeping.compacting import shrink
from detector.store.keeping.merging import ALL, merge
from detector.store.schema import Engine, open_store

START, LATER = 1_772_366_400.0, 1e10
RATES = (1.0, 10.0, 100.0, 1000.0)
SAMPLES = 36_000
DAY_S = 86_400.0


def main() -> int:
    """Measure and print; returns the exit code."""
    print(f"{machine()}, GB of one device with 3 features")
    print(f"{'rate':>8}{'hot':>9}{'archive':>9}{'1s':>9}{'1min':>9}{'15min':>9}"
          f"{'at most':>9}")  # fmt: skip
    for rate in RATES:
        with tempfile.TemporaryDirectory() as folder:
            print(_row(Path(folder), rate))
    return 0


def _row(folder: Path, rate: float) -> str:
    settings = StoreSettings()
    merged, archived, buckets = _bytes(folder, rate)
    hot = merged * rate * 3600 * (settings.hot_hours + 1)  # hours close as a whole
    whole = archived * rate * DAY_S * settings.retention_days
    rolled = [buckets[width_s] * DAY_S / width_s * days
              for width_s, days in settings.rollup_days.items()]  # fmt: skip
    sizes = [hot, whole, *rolled, hot + whole + sum(rolled)]
    return f"{rate:5g} Hz" + "".join(f"{size / 1e9:9.3f}" for size in sizes)


def _bytes(folder: Path, rate: float) -> tuple[float, float, dict[int, float]]:
    """Of a merged sample, of an archived one, and of a bucket of each width."""
    store, place = open_store(f"sqlite:///{folder}/room.db"), Folder(folder / "archive")
    empty = _size(store, folder)
    _write(store, rate)
    while roll(store, "pump"):
        pass
    with store.begin() as connection:
        seconds = SAMPLES / rate
        taken = rollups.sizes(connection)
        connection.exec_driver_sql("DELETE FROM rollups")
    while merge(store, "pump", ALL):
        pass
    merged = (_size(store, folder) - empty) / SAMPLES
    while closing.close_next(store, place, LATER):
        pass
    archived = sum(place.sizes("device=pump").values()) / SAMPLES
    store.dispose()
    per = {width_s: size.bytes / math.ceil(seconds / width_s) for width_s, size in taken.items()}
    return merged, archived, per


def _write(store: Engine, rate: float) -> None:
    signal = healthy(1, SAMPLES, 100.0).astype(np.float32)
    n = max(round(rate / 10), 1)  # of a tick
    made = [_frame(signal[i : i + n], START + np.arange(i, i + n) / rate)
            for i in range(0, SAMPLES, n)]  # fmt: skip
    with store.begin() as connection:
        frames.write(connection, made)


def _frame(values: np.ndarray, ts: np.ndarray) -> Frame:
    score = np.abs(values[:, 0]) / 10
    return Frame(
        device="pump", session="#1", features=("acc_x", "acc_y", "acc_z"), ts=ts, values=values,
        reconstruction=values, score=score, mse=score, judged=np.ones(len(ts), np.bool_),
        threshold=1.0, contributions=np.ones(3, np.float32), arrival=float(ts[-1]),
    )  # fmt: skip


def _size(store: Engine, folder: Path) -> int:
    assert not shrink(store), "the disk has no room"
    return (folder / "room.db").stat().st_size


if __name__ == "__main__":
    sys.exit(main())
