"""`kill -9` of what changes a store, at moments by chance: `benchmarks.soak.store_kills`.

Ten times each a process of its own closes hours, deletes, migrates or makes a copy, and is killed
amid it; then everything is counted. The short form, which kills before one step after the other,
stands in the tests.
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import os
import random
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from detector.records import Frame
from detector.store.archive import closing as hours_closing
from detector.store.archive import hours, reading
from detector.store.archive.place import Folder
from detector.store.keeping import room
from detector.store.keeping.deciding import ARCHIVE, HOT, Drop
from detector.store.rows.rows import PACKED, row_of
from detector.store.schema import Engine, frames, open_store
from detector.store.upkeep.backup import UNFINISHED, back_up
from detector.store.upkeep.migrating import migrate

GOLDEN = Path(__file__).parents[2] / "tests" / "golden" / "store" / "0000.sql"
START, HOURS, N = 1_700_000_000.0 // 3600 * 3600, 60, 36_000
OLD_FRAMES = 60_000
NUMBERS = """
    CREATE TEMP TABLE numbers AS WITH RECURSIVE n(value) AS
    (SELECT 0 UNION ALL SELECT value + 1 FROM n WHERE value + 1 < :count) SELECT value FROM n
"""


@dataclass
class Row:
    """What came of one kind.

    Attributes:
        kills: Processes that were killed.
        lost: Samples or rows that were gone.
        twice: Those that were there more than once.
        orphans: Files that nobody knew after the next start.
        notes: What else was wrong.
    """

    kills: int = 0
    lost: int = 0
    twice: int = 0
    orphans: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def is_whole(self) -> bool:
        """Whether nothing was."""
        return not (self.lost or self.twice or self.orphans or self.notes)


def main(arguments: Sequence[str] | None = None) -> int:
    """Kill, count and print; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak.store_kills")
    parser.add_argument("--kills", type=int, default=10, help="of each kind (default: 10)")
    parser.add_argument("--seed", type=int, default=7, help="of the moments (default: 7)")
    args = parser.parse_args(arguments)
    chance, is_whole = random.Random(args.seed), True  # noqa: S311 -- moments, no secrets
    print(f"{'':10}{'kills':>7}{'lost':>7}{'twice':>7}{'orphans':>9}")
    for name, ordeal in ORDEALS.items():
        with tempfile.TemporaryDirectory() as folder:
            row = ordeal(Path(folder), args.kills, chance)
        print(f"{name:10}{row.kills:7}{row.lost:7}{row.twice:7}{row.orphans:9}  "
              f"{'; '.join(row.notes)}", flush=True)  # fmt: skip
        is_whole = is_whole and row.is_whole
    return 0 if is_whole else 1


def _killed(act: Callable[[Path], None], folder: Path, longest_s: float, chance: random.Random,
            ) -> bool:  # fmt: skip
    """Run it in a process and kill that after a while; False: it came to its end before."""
    process = multiprocessing.get_context("fork").Process(target=act, args=(folder,))
    process.start()
    process.join(chance.uniform(0, longest_s))
    if process.is_alive():
        os.kill(process.pid or 0, signal.SIGKILL)
    process.join()
    return process.exitcode == -signal.SIGKILL


def _seconds(act: Callable[[Path], None], folder: Path) -> float:
    """How long it takes when nobody kills it."""
    began = time.perf_counter()
    _killed(act, folder, 600.0, random.Random(0))  # noqa: S311
    return min(time.perf_counter() - began, 600.0)


def _archiving(folder: Path, kills: int, chance: random.Random) -> Row:
    return _moving(folder, kills, chance, _close_all, is_all=True)


def _deleting(folder: Path, kills: int, chance: random.Random) -> Row:
    return _moving(folder, kills, chance, _delete_all, is_all=False)


def _moving(
    folder: Path, kills: int, chance: random.Random, act: Callable[[Path], None], *, is_all: bool
) -> Row:
    """Again and again until there were so many kills; each begins with what the last has left."""
    row, makes = Row(), 0
    while row.kills < kills:
        if not makes or not _count(folder / str(makes), row, is_all=is_all):
            makes += 1
            _make(folder / str(makes), is_closed=not is_all)
        row.kills += _killed(act, folder / str(makes), 0.4, chance)
        _count(folder / str(makes), row, is_all=is_all)
    return row


def _make(folder: Path, *, is_closed: bool) -> None:
    folder.mkdir()
    with _opened(folder) as store:
        with store.begin() as connection:
            connection.execute(frames.insert(), [row_of(one, PACKED) for one in _blocks()])
        if is_closed:
            for _ in range(HOURS // 2):
                hours_closing.close_next(store, Folder(folder / "archive"), math.inf)


def _close_all(folder: Path) -> None:
    with _opened(folder) as store:
        while hours_closing.close_next(store, Folder(folder / "archive"), math.inf):
            pass


def _delete_all(folder: Path) -> None:
    with _opened(folder) as store:
        for tier in (ARCHIVE, HOT):
            room.carry_out(store, Folder(folder / "archive"), Drop(tier, None, 10**12, "size"),
                           lambda: True)  # fmt: skip


def _count(folder: Path, row: Row, *, is_all: bool) -> bool:
    """What is there after a start; returns whether there is something left to do."""
    place = Folder(folder / "archive")
    with _opened(folder) as store:
        hours_closing.sweep(store, place)
        with store.connect() as connection:
            known = hours.known(connection)
            row.orphans += len({p for p in place.paths() if p.startswith("device=")} ^ known)
            found = list(reading.between(connection, place, "pump", -math.inf, math.inf,
                                         lambda lost: row.notes.append(lost.reason)))  # fmt: skip
    ts = np.sort(np.concatenate([one.ts for one in found])) if found else np.empty(0)
    row.twice += len(ts) - len(np.unique(ts))
    whole = START + np.arange(HOURS * N) / 10.0
    wanted = whole if is_all else whole[len(whole) - len(np.unique(ts)) :]
    row.lost += len(np.setdiff1d(wanted, ts))
    return len(known) < HOURS if is_all else bool(len(ts))


def _migrating(folder: Path, kills: int, chance: random.Random) -> Row:
    row, path, copy = Row(), folder / "store.db", folder / "older.db"
    _older(copy)
    longest = _seconds(_migrate, _copied(copy, path))
    while row.kills < kills:
        _copied(copy, path)
        row.kills += _killed(_migrate, path.parent, longest, chance)
        _compare(path, copy, row)
    _migrate(folder)  # the next start
    _compare(path, copy, row)
    row.orphans += len(list(folder.glob(f".*{UNFINISHED}*")))
    return row


def _backup(folder: Path, kills: int, chance: random.Random) -> Row:
    row, path = Row(), folder / "store.db"
    _older(path)
    longest = _seconds(_back_up, folder)
    while row.kills < kills:
        (folder / "copy.db").unlink(missing_ok=True)
        row.kills += _killed(_back_up, folder, longest, chance)
        for one in (path, folder / "copy.db"):
            if one.exists():
                _compare(one, path, row)
    _back_up(folder)
    row.orphans += len(list(folder.glob(f".*{UNFINISHED}*")))
    return row


def _back_up(folder: Path) -> None:
    store = open_store(f"sqlite:///{folder}/store.db", may_be_older=True)
    back_up(store, folder / "copy.db", force=True)
    store.dispose()


def _migrate(folder: Path) -> None:
    store = open_store(f"sqlite:///{folder}/store.db", may_be_older=True)
    migrate(store, "me")
    store.dispose()


def _copied(copy: Path, path: Path) -> Path:
    for left in path.parent.glob(f"{path.name}*"):
        left.unlink()
    shutil.copy(copy, path)
    return path.parent


def _older(path: Path) -> None:
    """A store of 0.1 with more frames than are copied in a moment."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(GOLDEN.read_text())
        columns = [row[1] for row in connection.execute("PRAGMA table_info(frames)")]
        others = ", ".join(f'"{name}"' for name in columns if name not in ("id", "start"))
        connection.execute(NUMBERS, {"count": OLD_FRAMES})
        connection.execute(
            f"INSERT INTO frames (start, {others}) SELECT 1e6 + value, {others} "  # noqa: S608 -- names of ours
            "FROM (SELECT * FROM frames LIMIT 1), numbers"
        )
        connection.execute("DROP TABLE numbers")
        connection.commit()


def _compare(path: Path, whole: Path, row: Row) -> None:
    sound, count, different = _facts(path)
    wanted = _facts(whole)[1]
    row.lost += max(wanted - count, 0)
    row.twice += count - different
    if sound != "ok":
        row.notes.append(f"{path.name}: {sound}")


def _facts(path: Path) -> tuple[str, int, int]:
    with closing(sqlite3.connect(path)) as connection:
        [sound] = connection.execute("PRAGMA quick_check").fetchone()
        counts = connection.execute(
            "SELECT count(*), count(DISTINCT device || ' ' || start) FROM frames"
        ).fetchone()
    return sound, *counts


class _opened:  # noqa: N801 -- reads as a verb
    """A store of this process alone."""

    def __init__(self, folder: Path) -> None:
        self._store = open_store(f"sqlite:///{folder}/store.db")

    def __enter__(self) -> Engine:
        return self._store

    def __exit__(self, *_: object) -> None:
        self._store.dispose()


def _blocks() -> list[Frame]:
    n = N // 10
    values = np.random.default_rng(3).normal(size=(n, 2)).astype(np.float32)
    one = Frame(
        device="pump", session="#1", features=("a", "b"), ts=np.arange(n) / 10.0, values=values,
        reconstruction=values, score=values[:, 0], mse=values[:, 0], judged=np.ones(n, np.bool_),
        threshold=1.0, contributions=np.ones(2, np.float32), arrival=0.0,
    )  # fmt: skip
    starts = (START + np.arange(HOURS * 10) * n / 10.0).tolist()
    return [replace(one, ts=start + one.ts, arrival=start) for start in starts]


ORDEALS = {
    "archiving": _archiving, "deleting": _deleting, "migrating": _migrating, "backup": _backup,
}  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
