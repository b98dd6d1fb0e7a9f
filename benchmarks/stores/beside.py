"""What goes on beside a writer: hours archived, samples deleted, flight records, an export.

Each as threads of the writer's own process, which they were, and in a process of its own.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import sqlalchemy as sa

from benchmarks.stores.writing import HEAD, Commits, Writer, block
from detector.flights.recorder import FlightRecorder
from detector.housekeeping.contract import Orders
from detector.housekeeping.housekeeper import Housekeeper
from detector.records import Alarm
from detector.service.lease import Lease
from detector.store import alarms, flight_log, frames
from detector.store.archive import hours
from detector.store.archive.paths import HOUR_S
from detector.store.history import rollups
from detector.store.keeping.checkpoints import leave_to_others
from detector.store.keeping.deciding import ARCHIVE, HOT
from detector.store.keeping.rules import Rules
from detector.store.keeping.upkeep import Upkeep
from detector.store.places import archive_place
from detector.store.rows.rows import PACKED, row_of
from detector.store.schema import Engine, open_store
from detector.store.schema import frames as table

DAYS = dict.fromkeys((HOT, ARCHIVE, *rollups.TIERS), 1e6)
STAYS = Rules(hot_s=1e9, days=DAYS)
CLOSES = Rules(hot_s=3 * HOUR_S, days=DAYS)
GOES = Rules(hot_s=1e9, days=DAYS | {HOT: 0.125})
BLOCK, BLOCK_S = 1000, 10.0  # a merged frame
PUMPS, PAST_S = 10, 4 * HOUR_S  # what is archived or deleted
EXPORTED = 10_000_000
ALARMS = 200
PATIENCE_S = 60.0  # until what is beside is at work

Beside = Callable[[Engine, Rules, str], AbstractContextManager[None]]


@dataclass(frozen=True)
class Case:
    """What is to be done beside the writer.

    Attributes:
        what: In words.
        rules: For the upkeep.
        prepare: Makes what is to be done.
        done: How much of it is.
    """

    what: str
    rules: Rules
    prepare: Callable[[Engine], None]
    done: Callable[[Engine], int]


def commits(folder: Path, seconds: float) -> bool:
    """Print the table; returns whether all but the threads' rows reach what they should.

    Nor is it asked of an export by another login: Linux shares the processor out by login first,
    and what a process asks for (``give_way``) counts within its own.
    """
    print(HEAD)
    found = [_row(folder, "nothing else", process, NOTHING, seconds)]
    for case in CASES:
        _row(folder, f"{case.what}, by threads", _threads, case, seconds)
        found.append(_row(folder, f"{case.what}, by a process", process, case, seconds))
    what = f"{EXPORTED:,} rows exported"
    found.append(_row(folder, what, _exporting, EXPORT, seconds))
    elsewhere = partial(_exporting, is_elsewhere=True)
    _row(folder, f"{what}, by another login", elsewhere, EXPORT, seconds)
    return all(one.is_met for one in found)


def _row(folder: Path, what: str, beside: Beside, case: Case, seconds: float) -> Commits:
    path = folder / what.replace(" ", "-")
    path.mkdir()
    store = open_store(f"sqlite:///{path}/faultline.db")
    case.prepare(store)
    lease = Lease(store)
    lease.take()
    writer = Writer(store)
    with beside(store, case.rules, lease.owner):
        _begin(case, store, writer)
        gc.freeze()  # as a detector does
        before = case.done(store)
        took = writer.commits(seconds)
        done = case.done(store) - before
    store.dispose()
    print(took.row(what if case is NOTHING else f"{what}: {done:,} meanwhile"), flush=True)
    return took


def _begin(case: Case, store: Engine, writer: Writer) -> None:
    """Write until what is beside is at work."""
    before, deadline = case.done(store), time.monotonic() + PATIENCE_S
    writer.commits(1.0)
    while case is not NOTHING and case.done(store) == before and time.monotonic() < deadline:
        writer.commits(1.0)


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
def process(store: Engine, rules: Rules, owner: str) -> Iterator[None]:
    """As a detector has it."""
    orders = Orders(
        url=str(store.url), place=archive_place(store, None), owner=owner, log_level=logging.WARNING
    )
    leave_to_others(store)
    keeper = Housekeeper(orders, lambda: rules)
    keeper.start()
    yield
    keeper.stop()


@contextmanager
def _exporting(
    store: Engine, rules: Rules, owner: str, *, is_elsewhere: bool = False
) -> Iterator[None]:
    """As somebody takes it to pandas, again if it ends too early, beside the usual process.

    In a session (of processes) of its own, or the writer's.
    """
    out = Path(f"{store.url.database}.parquet")
    command = [sys.executable, "-m", "detector", "export", "--device", "pump-0", "--out", str(out),
               "--force"]  # fmt: skip
    environment = os.environ | {"FAULTLINE_STORE__URL": str(store.url)}
    with process(store, rules, owner):
        child = subprocess.Popen(
            ["/bin/sh", "-c", 'while "$@"; do :; done', "sh", *command],
            env=environment, stdout=subprocess.DEVNULL, start_new_session=is_elsewhere,
            process_group=None if is_elsewhere else 0,
        )  # fmt: skip
        yield
        if (code := child.poll()) is not None:
            print(f"the export failed, exit code {code}")
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def _merged(store: Engine, pumps: int, since: float, seconds: float) -> None:
    """Merged frames of some devices, counted."""
    made = block("", since, BLOCK)
    for step in range(round(seconds / BLOCK_S)):
        ts = made.ts + step * BLOCK_S
        found = [replace(made, device=f"pump-{pump}", ts=ts, arrival=float(ts[-1]))
                 for pump in range(pumps)]  # fmt: skip
        with store.begin() as connection:
            connection.execute(table.insert(), [row_of(frame, PACKED) for frame in found])
    with store.begin() as connection:
        for pump in range(pumps):
            rollups.move_on(connection, f"pump-{pump}", 0, frames.newest_id(connection))


def _past(store: Engine) -> None:
    _merged(store, PUMPS, time.time() // HOUR_S * HOUR_S - 10 * HOUR_S, PAST_S)


def _exportable(store: Engine) -> None:
    seconds = EXPORTED / BLOCK * BLOCK_S
    _merged(store, 1, time.time() - seconds, seconds)


def _alarmed(store: Engine) -> None:
    since = time.time() - HOUR_S
    _merged(store, 1, since, 1000.0)
    start = since + 100
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
        return len(flight_log.recorded(connection, range(1, ALARMS + 1)))


def _exported(store: Engine) -> int:
    """Bytes that are written."""
    folder = Path(str(store.url.database)).parent
    return sum(path.stat().st_size for path in folder.glob("*.parquet*"))


NOTHING = Case("", STAYS, lambda _: None, lambda _: 0)
EXPORT = Case("", STAYS, _exportable, _exported)
CASES = (
    Case("samples archived", CLOSES, _past, _closed),
    Case("samples deleted", GOES, _past, _deleted),
    Case("flight records", STAYS, _alarmed, _recorded),
)
