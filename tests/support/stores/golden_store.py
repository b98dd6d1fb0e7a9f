"""What the golden stores hold, and the script that made them.

``python -m tests.support.stores.golden_store > tests/golden/store/VERSION.sql`` writes a store of
the present version as SQL. 0000 is Faultline 0.1, whose stores had no version. A golden store stays
as it was made: what follows only reads it.
"""

from __future__ import annotations

import sqlite3
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from detector.normal.level import Own
from detector.records import Alarm, DeviceState, DeviceStatus, Frame, ModelCard, Outcome, Unused
from detector.store import alarms, births, commands, commissionings, devices, frames, unused
from detector.store.history.rolling import roll
from detector.store.outbox import outbox
from detector.store.schema import open_store

FOLDER = Path(__file__).resolve().parents[2] / "golden" / "store"
DEVICES = ("pump-1", "pump-2 \u03b1")
BORN = {"spBv1.0/plant/NBIRTH/edge": b"\x00\xffbirth"}
LEFT_OUT = Unused("plant/pump-1", "mode", Outcome.LEFT_OUT, "", "'auto' is no number", 3, 1.77e9)
CARD = ModelCard("motor", "pca", 20, 0.01, ("a", "b"), ("g", "g"), (0.1, 0.2), (1.0, 2.0), "max")
ALARM = Alarm(None, "pump-1", "score", "cleared", 1.7e9, 1.7e9 + 5, 2.5, {"a": 0.75}, "motor", 1.0,
              life="normal", raised_at=1.7e9)  # fmt: skip
OWN = Own(model="motor", data_hash="5eed", start=1.7e9, end=1.7e9 + 60, seconds=60.0,
          offset=(0.1, -0.2), spread=(-1.0, -2.0), peak=(), mean=(0.0, 0.01))  # fmt: skip


def written() -> list[Frame]:
    """Frames of every device in order of commit, none like another."""
    return [_frame(name, number) for number in range(6) for name in DEVICES]


def load(version: str, path: Path) -> None:
    """Make the golden store of a version at ``path``, in WAL mode as the detector leaves it."""
    store = sqlite3.connect(path)
    store.executescript((FOLDER / f"{version}.sql").read_text(encoding="utf-8"))
    store.execute("PRAGMA journal_mode=WAL")
    store.close()


def _frame(device: str, number: int) -> Frame:
    ramp = np.arange(10, dtype=np.float32) / 7 + number + 100 * DEVICES.index(device)
    values = np.stack([ramp, -ramp], axis=1)
    values[3, 1] = np.nan
    return Frame(
        device=device, session="s~1", features=("a", "b"),
        ts=1.7e9 + 0.1 * np.arange(10 * number, 10 * number + 10),
        values=values, reconstruction=values / 3, score=ramp / 11, mse=ramp / 13,
        judged=np.arange(10) % 3 > 0, threshold=1.0 + number / 3,
        contributions=np.array([0.25, 0.75], np.float32), arrival=1.7e9 + number,
    )  # fmt: skip


def _fill(path: Path) -> None:
    status = DeviceStatus("pump-1", DeviceState.OK, None, 0.5, 0.9, 1.0, 1.7e9, 1.7e9, 10.0,
                          ("a", "b"), CARD, {"late": 3})  # fmt: skip
    store = open_store(f"sqlite:///{path}")
    with store.begin() as connection:
        frames.write(connection, written())
        devices.update(connection, [status])
        number = alarms.raise_alarm(connection, ALARM, at=1.7e9)
        alarms.log(connection, number, "cleared", 1.7e9 + 5, at=1.7e9 + 6)
        outbox.add(connection, "duty", outbox.RAISED, 1.7e9, replace(ALARM, id=number))
        outbox.begin_flood(connection, outbox.PAGE, 1.7e9)
        asked = commands.issue(connection, "pump-1", "threshold", {"threshold": 1.5}, "Kim")
        commands.mark_applied(connection, asked, "applied")
        births.write(connection, dict(BORN))
        unused.write(connection, {LEFT_OUT.topic: [LEFT_OUT]})
        for who in ("Kim", "Lee"):
            commissionings.write(connection, "pump-1", OWN, who, None)
        commissionings.undo(connection, "pump-1", "Ann")
    for device in DEVICES:
        roll(store, device)
    store.dispose()


def _main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "store.db")
        _fill(path)
        store = sqlite3.connect(path)
        sys.stdout.writelines(f"{line}\n" for line in store.iterdump())
        store.close()


if __name__ == "__main__":
    _main()
