"""What goes on beside a writer: hours archived, samples deleted, flight records, an export.

Each as threads of the writer's own process, which they were, and in a process of its own.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import sqlalchemy as sa

from benchmarks.stores.writing import HEAD, Commits, Writer, block
from detector.flights.recorder import FlightRecorder
from detector.housekeeping.contract import Orders
from detector.housekeeping.housekeeper import Housekeeper
from detector.records import Alarm
from detector.service.lease import Lease
from detector.store import alarms, frames
from detector.store.archive import hours
from detector.store.archive.paths import HOUR_S
from detector.store.history import rollups
from detector.store.keeping.deciding import ARCHIVE, HOT
from detector.store.keeping.rules import Rules
from detector.store.keeping.upkeep import Upkeep
from detector.store.places import archive_place
from detector.store.rows.rows import PACKED, row_of
from detector.store.schema import Engine, open_store
from detector.store.schema import flights as written
from detector.store.schema import frames as table

DAYS = dict.fromkeys((HOT, ARCHIVE, *rollups.TIERS), 1e6)
STAYS = Rules(hot_s=1e9, days=DAYS)
CLOSES = Rules(hot_s=3 * HOUR_S, days=DAYS)
GOES = Rules(hot_s=1e9, days=DAYS | {HOT: 0.125})
BLOCK = 1000  # samples of a merged frame
PAST = 4 * 10 * 360  # of them: four hours of ten devices
EXPORTED = 10_000_000
ALARMS = 200
LEAD_S = 2.0  # for what is beside to be at work


def compare(folder: Path, seconds: float) -> bool:
    """Print the table; returns whether all of the process's rows reach what they should."""
    print(HEAD)
    found = [_row(folder, "alone", _nothing, STAYS, seconds)]
    for what, rules, prepare, done in CASES:
        for how, beside in WAYS:
            name = f"{what}, {how}"
            found.append(_row(folder, name, beside, rules, seconds, prepare, done))
    found.append(_row(folder, f"{EXPORTED:,} rows exported, its process beside", _exporting,
                      STAYS, seconds, _exportable))  # fmt: skip
    return all(one.is_met for one in found[:1] + found[2::2] + found[-1:])


def _row(folder, what, beside, rules, seconds, prepare=lambda _: None, done=None) -> Commits:
    path = folder / f"{abs(hash(what))}"
    path.mkdir()
    store = open_store(f"sqlite:///{path}/faultline.db")
    prepare(store)
    lease = Lease(store)
    lease.take()
    writer = Writer(store)
    before = done(store) if done else 0
    with beside(store, rules, lease.owner):
        writer.commits(LEAD_S)
        took = writer.commits(seconds)
    more = f" ({done(store) - before:,})" if done else ""
    store.dispose()
    print(took.row(what + more), flush=True)
    return took


@contextmanager
def _nothing(*_: object) -> Iterator[None]:
    yield


@contextmanager
def _threads(store: Engine, rules: Rules, _owner: str) -> Iterator[None]:
    place = archive_place(store, None)
    both = Upkeep(store, place, lambda: rules), FlightRecorder(store, place)
    for one in both:
        one.start()
    yield
    for one in both:
        one.stop()


@contextmanager
def _process(store: Engine, rules: Rules, owner: str) -> Iterator[None]:
    url = str(store.url)
    orders = Orders(url=url, place=archive_place(store, None), owner=owner, log_level=logging.INFO)
    keeper = Housekeeper(orders, lambda: rules)
    keeper.start()
    yield
    keeper.stop()


@contextmanager
def _exporting(store: Engine, *_: object) -> Iterator[None]:
    """As somebody takes it to pandas."""
    out = f"{store.url.database}.parquet"
    command = [sys.executable, "-m", "detector", "export", "--device", "pump-0", "--out", out]
    child = subprocess.Popen(command, env=os.environ | {"FAULTLINE_STORE__URL": str(store.url)})
    yield
    print("export:", child.poll())
    child.kill()
    child.wait()


def _merged(store: Engine, count: int, devices: int, arrival: float) -> None:
    made = block("", 0.0, BLOCK)
    for first in range(0, count, 360):
        found = []
        for number in range(first, min(first + 360, count)):
            device, at = number % devices, number // devices
            ts = made.ts + arrival + at * BLOCK / 100
            found.append(replace(made, device=f"pump-{device}", ts=ts, arrival=arrival + at * 10))
        rows = [row_of(frame, PACKED) for frame in found]
        with store.begin() as connection:
            connection.execute(table.insert(), rows)
    with store.begin() as connection:
        for device in range(devices):
            rollups.move_on(connection, f"pump-{device}", 0, frames.newest_id(connection))


def _past(store: Engine) -> None:
    _merged(store, PAST, 10, time.time() // HOUR_S * HOUR_S - 10 * HOUR_S)


def _exportable(store: Engine) -> None:
    _merged(store, EXPORTED // BLOCK, 1, time.time() - 40 * HOUR_S)


def _alarmed(store: Engine) -> None:
    _merged(store, 100, 1, time.time() - HOUR_S)
    start = time.time() - HOUR_S + 100
    alarm = Alarm(None, "pump-0", "score", "cleared", start, start + 5, 2.0, {}, "m", 1.0)
    with store.begin() as connection:
        for _ in range(ALARMS):
            alarms.raise_alarm(connection, alarm, at=start)


def _closed(store: Engine) -> int:
    with store.connect() as connection:
        return hours.size(connection).samples


def _deleted(store: Engine) -> int:
    query = sa.select(sa.func.count()).where(table.c.device.like("pump-%"))
    with store.connect() as connection:
        return -int(connection.execute(query).scalar_one()) * BLOCK


def _recorded(store: Engine) -> int:
    with store.connect() as connection:
        return int(connection.execute(sa.select(sa.func.count()).select_from(written)).scalar_one())


CASES = (
    ("samples archived", CLOSES, _past, _closed),
    ("samples deleted", GOES, _past, _deleted),
    ("flight records", STAYS, _alarmed, _recorded),
)
WAYS = (("threads", _threads), ("a process", _process))
if __name__ == "__main__":
    import tempfile

    logging.basicConfig(level=logging.INFO)
    with tempfile.TemporaryDirectory() as folder:
        compare(Path(folder), float(sys.argv[1]))
