"""What it costs to open, measure and copy a large store.

Frames of one sample each, the dearest kind: a fleet of devices at 1 Hz.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa

from detector.store.archive.place import place_at
from detector.store.keeping.deciding import ORDER
from detector.store.keeping.rules import Rules
from detector.store.measuring.usage import measure
from detector.store.schema import Engine, open_store
from detector.store.upkeep.backup import back_up
from detector.store.upkeep.damage import refuse_damaged

T = TypeVar("T")
STATUS_TARGET_S = 1.0
RULES = Rules(hot_s=3 * 3600, days=dict.fromkeys(ORDER, 30.0))
FRAMES = sa.text("""
    WITH RECURSIVE number(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM number WHERE i + 1 < :frames)
    INSERT INTO frames (device, start, "end", session, n, features, ts, sample_values,
                        reconstruction, score, mse, judged, threshold, contributions, arrival)
    SELECT 'pump-' || (i % :devices), 1.7e9 + i / :devices, 1.7e9 + i / :devices, 's', 1,
           '["a","b","c"]', zeroblob(8), zeroblob(12), zeroblob(12), zeroblob(4), zeroblob(4),
           zeroblob(1), 1.0, zeroblob(12), 1.7e9 + i * 1.0 / :devices
    FROM number
""")


def opening(folder: Path, frames: int, devices: int = 1000) -> bool:
    """Make a store of so many frames, then time one thing after the other."""
    url = f"sqlite:///{folder}/faultline.db"
    _fill(open_store(url), frames, devices)
    size = Path(folder, "faultline.db").stat().st_size
    print(f"{frames:,} frames of {devices:,} devices, {size / 1e6:,.0f} MB")
    store = _timed("open", lambda: open_store(url))
    now, place = 1.7e9 + frames / devices, place_at(f"{folder}/archive")
    _timed("status, first", lambda: measure(store, place, RULES, now))
    took = time.perf_counter()
    usage = _timed("status, again", lambda: measure(store, place, RULES, now))
    is_met = time.perf_counter() - took < STATUS_TARGET_S
    found = sum(device.samples or 0 for device in usage.devices)
    print(f"target: below {STATUS_TARGET_S:g} s: {'met' if is_met else 'MISSED'}")
    print(f"samples estimated / stored: {found / frames:.4f}")
    _timed("check after an unclean end", lambda: refuse_damaged(store))
    _timed("backup", lambda: back_up(store, folder / "copy.db"))
    store.dispose()
    return is_met


def _fill(store: Engine, frames: int, devices: int) -> None:
    with store.begin() as connection:
        connection.execute(FRAMES, {"frames": frames, "devices": devices})
    store.dispose()


def _timed(what: str, act: Callable[[], T]) -> T:
    began = time.perf_counter()
    answer = act()
    print(f"{what}: {time.perf_counter() - began:.3f} s")
    return answer
