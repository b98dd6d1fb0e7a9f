"""What it costs to look back: ``python -m benchmarks.stores.history``.

A store of a billion samples at 100 Hz: rollups of all of them, an hour in the archive, the newest
minutes as frames, the newest seconds not counted yet. ``--quick`` makes a fiftieth of it.
"""

from __future__ import annotations

import argparse
import math
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from benchmarks.lib.machine import machine
from detector.records import Frame
from detector.store import frames
from detector.store.archive import closing
from detector.store.archive.place import Folder
from detector.store.history import rollups
from detector.store.history.buckets import Buckets, joined, of_frames
from detector.store.history.history import History, history
from detector.store.history.rolling import roll
from detector.store.keeping.merging import ALL, merge
from detector.store.schema import Engine, open_store
from detector.store.schema import frames as table
from detector.store.schema import rollups as rows

RATE_HZ, FEATURES = 100, ("acc_x", "acc_y", "acc_z")
FRAME_S, HOT_S = 0.1, 1800
DAY_S, COUNTED = 86_400, 1_772_409_600.0  # a multiple of a day
NEWEST = COUNTED + 10
SAMPLES = 1_000_000_000
POINTS = 2000
AIMS_MS = {"15 min": (900, 10.0), "day": (DAY_S, 60.0), "month": (30 * DAY_S, 150.0)}
OPEN_AIM_S = 1.0
NOWHERE = Folder(Path("no-archive"))
TIMES = 15  # each look, of which the median counts
BLOBS = ("ts", "sample_values", "reconstruction", "score", "mse", "judged")


def main() -> int:
    """Make a store and look back; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a fiftieth of the samples")
    parser.add_argument("--folder", type=Path, help="on the disk to be measured")
    args = parser.parse_args()
    samples = SAMPLES // 50 if args.quick else SAMPLES
    print(machine())
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        is_met = look_back(Path(folder), samples)
    return 0 if is_met else 1


def look_back(folder: Path, samples: int) -> bool:
    """Print what it takes; returns whether it is as quick as it should be."""
    url = f"sqlite:///{folder}/past.db"
    days = -(-min(samples, 60 * DAY_S * RATE_HZ) // (DAY_S * RATE_HZ))
    devices = -(-samples // (days * DAY_S * RATE_HZ))
    began = time.perf_counter()
    _fill(open_store(url), devices, days)
    size = Path(url.removeprefix("sqlite:///")).stat().st_size
    held = devices * days * DAY_S * RATE_HZ
    print(f"{held:,} samples of {devices} devices in {days} days, {size / 1e6:,.0f} MB, "
          f"made in {time.perf_counter() - began:.0f} s")  # fmt: skip
    began = time.perf_counter()
    store = open_store(url)
    took = time.perf_counter() - began
    is_met = [took <= OPEN_AIM_S]
    print(f"open: {took:.3f} s (aim {OPEN_AIM_S:g} s: {_word(is_met[0])})")
    is_met += [_look(name, partial(_history, store, span_s), aim_ms)
               for name, (span_s, aim_ms) in AIMS_MS.items()]  # fmt: skip
    is_met.append(_look_into_archive(store, Folder(folder / "archive")))
    _against_frames(store)
    _bytes(store)
    store.dispose()
    return all(is_met)


def _look(name: str, look: Callable[[], History], aim_ms: float = math.inf) -> bool:
    cpu = time.process_time()
    took, found = _median_ms(look)
    cpu_ms = (time.process_time() - cpu) / (TIMES + 1) * 1e3
    aim = "" if math.isinf(aim_ms) else f" (aim {aim_ms:g} ms: {_word(took <= aim_ms)})"
    print(f"{name} in {POINTS} points: {took:.1f} ms, of the CPU {cpu_ms:.1f}{aim}, {len(found)} "
          f"points of {found.tier}, {found.samples.sum():,} samples")  # fmt: skip
    return took <= aim_ms


def _look_into_archive(store: Engine, place: Folder) -> bool:
    """A device whose newest hour is closed: by its rollups, and each sample."""
    device, end = "closed", COUNTED
    with store.begin() as connection:
        found = [_frame(device, end - 3600 + 10 * i, 10 * RATE_HZ) for i in range(360)]
        frames.write(connection, found)
    while roll(store, device) or merge(store, device, ALL):
        pass
    while closing.close_next(store, place, math.inf):
        pass
    look = partial(_history, store, place=place, device=device, end=end)
    _look("each sample of 12 archived minutes", partial(look, 720))
    return _look("15 min of an archived hour", partial(look, 900), AIMS_MS["15 min"][1])


def _against_frames(store: Engine) -> None:
    """What the same minutes cost without rollups."""

    def sum_up() -> Buckets:
        with store.connect() as connection:
            return of_frames(frames.between(connection, "pump-0", NEWEST - 900, NEWEST), 1)

    with_rollups, _ = _median_ms(lambda: _history(store, 900))
    without, _ = _median_ms(sum_up, 3)
    print(f"15 min from frames alone: {without:.0f} ms, {without / with_rollups:.0f} times as long")


def _history(
    store: Engine,
    span_s: float,
    place: Folder = NOWHERE,
    device: str = "pump-0",
    end: float = NEWEST,
) -> History:
    with store.connect() as connection:
        return history(connection, place, device, end - span_s, end, POINTS)


def _fill(store: Engine, devices: int, days: int) -> None:
    blocks = {width_s: _block(width_s) for width_s in rollups.WIDTHS}
    for number in range(devices):
        device = f"pump-{number}"
        with store.begin() as connection:
            for width_s, block in blocks.items():
                _repeat(connection, device, width_s, block, days)
            _write_frames(connection, device)
    store.dispose()


def _write_frames(connection: Connection, device: str) -> None:
    """The hot ones, of which the rollups have counted all up to ``COUNTED``."""
    for start, end in ((COUNTED - HOT_S, COUNTED), (COUNTED, NEWEST)):
        counts = range(round((end - start) / FRAME_S))
        frames.write(connection, [_frame(device, start + i * FRAME_S) for i in counts])
        if end == COUNTED:
            rollups.move_on(connection, device, 0, frames.newest_id(connection))


def _block(width_s: int) -> Buckets:
    """A full row of buckets of a width, from a second of samples that repeats."""
    second = of_frames([_frame("", 0.0, RATE_HZ)], 1)
    counts = {name: getattr(second, name) * width_s for name in ("samples", "total", "counts")}
    one = replace(second, **counts, judged=second.judged * width_s)
    count = rollups.BLOCK[width_s]
    noise = np.random.default_rng(0).normal(size=(count, len(FEATURES))).astype(np.float32)
    made = joined([replace(one, ts=one.ts + i * width_s) for i in range(count)], width_s)
    return replace(
        made, low=made.low - abs(noise), high=made.high + abs(noise), total=made.total + noise
    )


def _repeat(connection: Connection, device: str, width_s: int, block: Buckets, days: int) -> None:
    """The same row over all days."""
    [row] = rollups.rows_with(connection, device, width_s, block)
    starts = np.arange(COUNTED - days * DAY_S, COUNTED, width_s * rollups.BLOCK[width_s])
    rollups.write(connection, [{**row, "start": start, "arrival": start} for start in starts])


def _bytes(store: Engine) -> None:
    """What a second of a device takes: each sample, and the rollups."""
    blobs = sum(sa.func.length(table.c[name]) for name in BLOBS)
    with store.connect() as connection:
        frame_bytes, samples = connection.execute(
            sa.select(sa.func.avg(blobs), sa.func.avg(table.c.n))
        ).one()
        sizes = rollups.sizes(connection)
        buckets = connection.execute(
            sa.select(rows.c.width_s, sa.func.sum(rows.c.n)).group_by(rows.c.width_s)
        )
        each = {width_s: sizes[width_s].bytes / n for width_s, n in buckets}
    told = ", ".join(f"{size:.0f} of {width_s} s" for width_s, size in each.items())
    print(f"bytes of a bucket of 3 features: {told}; of its samples at {RATE_HZ} Hz, a second: "
          f"{frame_bytes / samples * RATE_HZ:,.0f}")  # fmt: skip


def _frame(device: str, start: float, n: int = round(FRAME_S * RATE_HZ)) -> Frame:
    values = np.random.default_rng(int(start * 10) % 1000).normal(size=(n, 3)).astype(np.float32)
    score = np.asarray(np.abs(values[:, 0]) / 10, np.float32)
    return Frame(
        device=device, session="#1", features=FEATURES, ts=start + np.arange(n) / RATE_HZ,
        values=values, reconstruction=values, score=score, mse=score,
        judged=np.ones(n, np.bool_), threshold=1.0, contributions=np.ones(3, np.float32),
        arrival=start,
    )  # fmt: skip


def _median_ms(act: Callable[[], History | Buckets], times: int = TIMES):  # noqa: ANN202
    took, answer = [], act()
    for _ in range(times):
        began = time.perf_counter()
        answer = act()
        took.append((time.perf_counter() - began) * 1e3)
    return statistics.median(took), answer


def _word(is_met: bool) -> str:
    return "met" if is_met else "MISSED"


if __name__ == "__main__":
    sys.exit(main())
