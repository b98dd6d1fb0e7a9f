"""Whether a size limit holds while samples come without end."""

from __future__ import annotations

from pathlib import Path

from benchmarks.stores.beside import DAYS, process
from benchmarks.stores.writing import AIM_RATE, Writer
from detector.service.lease import Lease
from detector.store.archive.paths import HOUR_S
from detector.store.keeping.rules import Rules
from detector.store.schema import open_store

SIZE_GB, AIM = 2.0, 1.05  # the limit, and what may be on the disk of it
TIMES = 1.5  # the limit, that is written
ROUND_S = 2.0
BYTES = 80  # of a sample that is not merged yet, about


def limit(folder: Path) -> bool:
    """Write more than is allowed; print the largest size on the disk."""
    store = open_store(f"sqlite:///{folder}/faultline.db")
    lease = Lease(store)
    lease.take()
    rules = Rules(hot_s=3 * HOUR_S, days=DAYS, size_gb=SIZE_GB)
    writer, seconds = Writer(store), TIMES * SIZE_GB * 1e9 / BYTES / AIM_RATE
    largest = 0
    with process(store, rules, lease.owner):
        for _ in range(round(seconds / ROUND_S)):
            writer.commits(ROUND_S)
            largest = max(largest, _on_disk(folder))
    store.dispose()
    is_met = largest <= AIM * SIZE_GB * 1e9
    print(f"{seconds:.0f} s of {AIM_RATE:,} samples/s, {SIZE_GB:g} GB allowed: at most "
          f"{largest / 1e9:.3f} GB on the disk ({largest / SIZE_GB / 1e9:.3f} of the limit, aim "
          f"{AIM:g}: {'met' if is_met else 'MISSED'})")  # fmt: skip
    return is_met


def _on_disk(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
