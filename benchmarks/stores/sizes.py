"""What a sample takes in each tier, beside plain pyarrow.

A motor of the demo, 3 features at 100 Hz, scored by the shipped model: the same frames loose (as
0.1 kept all of them), merged and archived.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.lib.load import healthy
from detector.engines.fleet import Fleet
from detector.ingest.buffer import TakenBlock
from detector.records import Frame, Samples
from detector.settings.tree import Settings
from detector.store import frames
from detector.store.archive import closing
from detector.store.archive.place import Folder
from detector.store.history.rolling import roll
from detector.store.keeping.compacting import shrink
from detector.store.keeping.merging import ALL, merge
from detector.store.schema import Engine, open_store

RATE_HZ, BLOCK, START = 100.0, 10, 1_772_366_400.0
NAMES = ("acc_x", "acc_y", "acc_z")
AIM_SHARE = 1 / 3


def sizes(folder: Path, n: int) -> bool:
    """Print bytes of a sample of n; returns whether they reach what they should."""
    store, place = open_store(f"sqlite:///{folder}/sizes.db"), Folder(folder / "archive")
    empty = _file(store, folder / "sizes.db")
    scored = _scored(n)
    with store.begin() as connection:
        frames.write(connection, scored)
    loose = (_file(store, folder / "sizes.db") - empty) / n
    _settle(store, "motor-600-1")
    merged = (_file(store, folder / "sizes.db") - empty) / n
    while closing.close_next(store, place, math.inf):
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
    while merge(store, device, ALL):
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


def _file(store: Engine, path: Path) -> int:
    """Bytes of the file, shrunk."""
    assert not shrink(store), "the disk has no room"
    return path.stat().st_size


def _word(is_met: bool) -> str:
    return "met" if is_met else "MISSED"
