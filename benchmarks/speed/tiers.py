"""What a sample takes in each tier, and commits while hours close: `benchmarks.speed.tiers`.

A motor of the demo, 3 features at 100 Hz, scored by the shipped model: the same frames loose (as
0.1 kept all of them), merged and archived, beside plain pyarrow. Then 100 devices are written at
the rate that is asked for, alone and while hours before go to the archive.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.lib.load import healthy
from benchmarks.lib.machine import machine
from detector.ingest.buffer import TakenBlock
from detector.records import Frame, Samples
from detector.scoring.fleet import Fleet
from detector.settings.tree import Settings
from detector.store import frames
from detector.store.archive import closing
from detector.store.archive.place import Folder
from detector.store.history.rolling import roll
from detector.store.keeping.compacting import shrink
from detector.store.keeping.merging import merge
from detector.store.schema import Engine, open_store

RATE_HZ, BLOCK, START = 100.0, 10, 1_772_366_400.0
NAMES = ("acc_x", "acc_y", "acc_z")
DEVICES, WRITTEN = 100, 200  # samples of each in a commit
AIM_SHARE, AIM_RATE, AIM_P99_MS, AIM_LONGEST_MS = 1 / 3, 200_000, 25.0, 100.0
LATER = START + 1e7


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.tiers")
    parser.add_argument("--minutes", type=float, default=10.0, help="of a motor (default: 10)")
    parser.add_argument("--seconds", type=float, default=20.0, help="of writing (default: 20)")
    parser.add_argument("--folder", type=Path, help="on the disk to be measured")
    args = parser.parse_args(arguments)
    print(f"{machine()}")
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        is_small = _sizes(Path(folder), round(args.minutes * 60 * RATE_HZ))
        is_quick = _writing(Path(folder), args.seconds)
    return 0 if is_small and is_quick else 1


def _sizes(folder: Path, n: int) -> bool:
    store, place = open_store(f"sqlite:///{folder}/sizes.db"), Folder(folder / "archive")
    empty = _file(store, folder / "sizes.db")
    scored = _scored(n)
    with store.begin() as connection:
        frames.write(connection, scored)
    loose = (_file(store, folder / "sizes.db") - empty) / n
    _settle(store, "motor-600-1")
    merged = (_file(store, folder / "sizes.db") - empty) / n
    while closing.close_next(store, place, LATER):
        pass
    archived = sum(path.stat().st_size for path in (folder / "archive").rglob("*.parquet")) / n
    store.dispose()
    print(f"bytes of a sample of {len(NAMES)} features, all in: loose {loose:.1f}, merged "
          f"{merged:.1f} ({merged / loose:.2f}), archived {archived:.1f} ({archived / loose:.2f}), "
          f"plain pyarrow {_plain(scored, folder) / n:.1f}")  # fmt: skip
    is_met = merged <= AIM_SHARE * loose
    print(f"target: merged at most {AIM_SHARE:.2f} of loose: {_word(is_met)}")
    for days, what, each in ((30, "archived", archived), (1, "merged", merged)):
        told = ", ".join(
            f"{hz:g} Hz {each * hz * 86_400 * days / 1e9:.3f}" for hz in (1, 10, 100, 1000)
        )
        print(f"GB a device and {days} days, {what}: {told}")
    return is_met


def _scored(n: int) -> list[Frame]:
    """As the detector makes them, ten samples a tick."""
    signal = healthy(1, n, RATE_HZ).astype(np.float32)
    fleet, made = Fleet(Settings(), lambda *_: ([], []), {}), list[Frame]()
    for first in range(0, n, BLOCK):
        ts = START + np.arange(first, first + BLOCK) / RATE_HZ
        values = np.column_stack([signal[first : first + BLOCK], np.full(BLOCK, 600, np.float32)])
        samples = Samples((*NAMES, "rpm"), ts, values, None)
        made += fleet.score([TakenBlock("motor-600-1", samples, float(ts[-1]), broken=False)])
    assert np.isfinite(made[-1].score).all(), "the shipped model has not scored the motor"
    return made


def _settle(store: Engine, device: str) -> None:
    while roll(store, device):
        pass
    with store.begin() as connection:  # what rollups take is theirs
        connection.exec_driver_sql("DELETE FROM rollups")
    while merge(store, device, LATER):
        pass


def _plain(scored: Sequence[Frame], folder: Path) -> int:
    """Times, values and scores as pandas writes them unless told otherwise."""
    columns = {name: np.concatenate([f.values[:, i] for f in scored])
               for i, name in enumerate(scored[-1].features)}  # fmt: skip
    more = {name: np.concatenate([getattr(f, name) for f in scored])
            for name in ("ts", "score", "mse", "judged", "anomaly")}  # fmt: skip
    path = folder / "plain.parquet"
    pd.DataFrame(columns | more).to_parquet(path)
    return path.stat().st_size


def _writing(folder: Path, seconds: float) -> bool:
    store, place = open_store(f"sqlite:///{folder}/writing.db"), Folder(folder / "closed")
    _past(store)
    alone, _ = _commits(store, START + 1e6, seconds)
    stop, closed = threading.Event(), [0]

    def close() -> None:
        while not stop.is_set() and (samples := closing.close_next(store, place, START + 1e5)):
            closed[0] += samples
            stop.wait(0.02)

    beside = threading.Thread(target=close)
    beside.start()
    took, rate = _commits(store, START + 2e6, seconds)
    stop.set()
    beside.join()
    store.dispose()
    for name, found in (("alone", alone), ("while hours close", took)):
        print(f"commit of {DEVICES * WRITTEN:,} samples, {name}: median {np.median(found):.1f} ms, "
              f"p99 {np.percentile(found, 99):.1f} ms, longest {max(found):.1f} ms")  # fmt: skip
    print(f"written {rate:,.0f} samples/s while {closed[0]:,} were archived")
    is_met = (rate >= 0.99 * AIM_RATE and np.percentile(took, 99) <= AIM_P99_MS
              and max(took) <= AIM_LONGEST_MS and closed[0] > 0)  # fmt: skip
    print(f"target: {AIM_RATE:,} samples/s, p99 {AIM_P99_MS:g} ms, longest {AIM_LONGEST_MS:g} ms: "
          f"{_word(bool(is_met))}")  # fmt: skip
    return bool(is_met)


def _past(store: Engine) -> None:
    """Hours that are merged and may be closed."""
    block = _frame("", 0.0, 1000)
    for hour in range(4):
        made = [replace(block, device=f"pump-{d}", ts=block.ts + START + 3600 * hour + 10 * i)
                for d in range(10) for i in range(360)]  # fmt: skip
        with store.begin() as connection:
            frames.write(connection, [replace(f, arrival=float(f.ts[-1])) for f in made])
    for device in range(10):
        _settle(store, f"pump-{device}")


def _commits(store: Engine, start: float, seconds: float) -> tuple[list[float], float]:
    """Milliseconds of each commit at the rate asked for; samples a second that were written."""
    took, began, tick = list[float](), time.perf_counter(), 0
    block = _frame("", 0.0, WRITTEN)
    while time.perf_counter() - began < seconds:
        ts = block.ts + start + tick * WRITTEN / RATE_HZ
        made = [replace(block, device=f"press-{d}", ts=ts) for d in range(DEVICES)]
        due = began + tick * DEVICES * WRITTEN / AIM_RATE
        time.sleep(max(0.0, due - time.perf_counter()))
        before = time.perf_counter()
        with store.begin() as connection:
            frames.write(connection, made)
        took.append((time.perf_counter() - before) * 1e3)
        tick += 1
    return took, tick * DEVICES * WRITTEN / (time.perf_counter() - began)


def _frame(device: str, start: float, n: int) -> Frame:
    values = np.random.default_rng(5).normal(size=(n, 3)).astype(np.float32)
    score = (np.abs(values[:, 0]) / 10).astype(np.float32)
    return Frame(
        device=device, session="#1", features=NAMES, ts=start + np.arange(n) / RATE_HZ,
        values=values, reconstruction=values, score=score, mse=score,
        judged=np.ones(n, np.bool_), threshold=1.0, contributions=np.ones(3, np.float32),
        arrival=START + 1e6,
    )  # fmt: skip


def _file(store: Engine, path: Path) -> int:
    """Bytes of the file, shrunk."""
    assert not shrink(store), "the disk has no room"
    return path.stat().st_size


def _word(is_met: bool) -> str:
    return "met" if is_met else "MISSED"


if __name__ == "__main__":
    sys.exit(main())
