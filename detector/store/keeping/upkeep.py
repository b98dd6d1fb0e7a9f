"""What is done beside the scoring, which never waits for it: rollups, merging, closing, room."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial

from detector.errors import StoreError
from detector.store import devices, frames
from detector.store.archive import closing
from detector.store.archive.owner import claim
from detector.store.archive.place import place_at
from detector.store.connecting import reason_of
from detector.store.history import rolling
from detector.store.keeping import room
from detector.store.keeping.checkpoints import begin_anew
from detector.store.keeping.deciding import DAY_S, HOT, Drop, decide, is_kept_alone_too_large
from detector.store.keeping.merging import Settled, merge
from detector.store.keeping.rules import Rules
from detector.store.keeping.settling import Doubt, Settling
from detector.store.postgresql import partitions
from detector.store.schema import Engine, StoreFailure

logger = logging.getLogger(__name__)

EVERY_S = 10.0  # between looks; what came since is summed up by whoever asks
PAUSE_S = 0.02  # after a transaction of a backlog: the scoring thread writes to the same store
DELETED_S = 0.05  # the same after one that deletes, which is always quicker than who writes
ROOM_S = 60.0  # between looks at age and size
SIZE_S = 1.0  # between glances at the size alone, also amid a backlog
LOG_S = 0.3  # between looks at the log of SQLite
BACKLOG = 5000  # frames beyond which it is told how far it is
TELL_S = 30.0  # between lines of progress
AGAIN_S = 600.0  # between lines on the same trouble
HOUR_S = 3600.0


class Upkeep:
    """A thread that keeps a store small and its rollups up to date.

    An older store, whose frames were never counted, comes there by the same way.

    Args:
        store: Open; this process holds its lease.
        archive: Folder or URL of the archive.
        rules: Asked before each look, so that they may change while it runs.
        clock: Seconds, only forward.

    Raises:
        StoreError: If the archive cannot be used, or is another store's.
    """

    def __init__(
        self,
        store: Engine,
        archive: str,
        rules: Callable[[], Rules],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._store, self._rules = store, rules
        self._place = place_at(archive)
        claim(store, self._place, archive)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="upkeep", daemon=True)
        self._settling, self._doubt = Settling(clock), Doubt(clock)
        self._room_due = self._size_due = self._log_due = self._tell_due = 0.0
        self._told: dict[str, float] = {}
        self._beside = 0  # bytes of flight records when they were last looked at

    def start(self) -> None:
        """Begin, in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """End after the transaction it is in; the next start goes on from there."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def roll_all(self) -> None:
        """Count all that waits into rollups."""
        with self._store.connect() as connection:
            names = list(rolling.stored_devices(connection))
            waiting = {name: rolling.waiting(connection, name) for name in names}
        total, done = sum(waiting.values()), 0
        for name in names:
            for counted in self._steps(partial(rolling.roll, self._store, name)):
                done += counted
                self._tell(done, total)
        if total > BACKLOG and not self._stop.is_set():
            logger.info("rollups: all %d frames counted", done)

    def merge_all(self, settled: Settled) -> None:
        """Merge all frames that have settled."""
        with self._store.connect() as connection:
            names = list(rolling.stored_devices(connection))
        for name in names:
            for _ in self._steps(partial(merge, self._store, name, settled)):
                pass

    def close_all(self, before: float) -> int:
        """Put all merged frames that arrived before a time into files; returns their samples."""
        closed = 0
        for samples in self._steps(partial(closing.close_next, self._store, self._place, before)):
            closed += samples
        return closed

    def make_room(self, now: float) -> list[Drop]:
        """Delete what is too old or too much; returns what was decided."""
        rules = self._rules()
        self._give_back()
        held = room.holding(self._store, self._place, rules.size_gb)
        limit = room.limit_of(self._store, rules.size_gb, held.bytes)
        is_kept_too_large = is_kept_alone_too_large(held, limit)
        with self._store.begin() as connection:
            devices.note(connection, devices.KEPT_TOO_LARGE, int(is_kept_too_large))
        if is_kept_too_large:
            self._say_once("kept", "store: alarms, flight records and commands alone take %.2f GB, "
                           "more than the %.2f GB allowed; they stay", held.kept_bytes / 1e9,
                           limit / 1e9)  # fmt: skip
        days = dict.fromkeys(rules.days, math.inf) if self._doubt.is_founded(now) else rules.days
        self._part_days(now - days[HOT] * DAY_S, now)
        drops = decide(held, days, room.room_in(limit), now)
        for drop in drops:
            freed = room.carry_out(self._store, self._place, drop, self._may_go_on)
            if freed and drop.reason == "size":
                logger.info("store: %.1f MB of %s deleted to stay within %.2f GB", freed / 1e6,
                            drop.tier, limit / 1e9)  # fmt: skip
        self._beside = held.beside_bytes
        self._give_back()
        return drops

    def _give_back(self) -> None:
        """To the disk, what there is no room for."""
        room.give_back(self._store, self._excess(), self._may_go_on)

    def _excess(self) -> float:
        return room.excess(self._store, self._place, self._rules().size_gb, self._beside)

    def _keep_to_size(self) -> None:
        """Make room at once where what came since has used it up."""
        if time.monotonic() < self._size_due:
            return
        self._size_due = time.monotonic() + SIZE_S
        if self._excess() > 0:
            self.make_room(time.time())

    def _keep_log_short(self) -> None:
        """Between two steps, when this thread reads nothing."""
        if time.monotonic() >= self._log_due:
            self._log_due = time.monotonic() + LOG_S
            self._guarded("log", lambda: begin_anew(self._store))

    def _part_days(self, before: float, now: float) -> None:
        """In PostgreSQL frames lie in one partition a day: old ones go whole, next ones come."""
        if self._store.dialect.name == "postgresql":
            with self._store.begin() as connection:
                partitions.drop_before(connection, before, now)
                partitions.make_ahead(connection, now)

    def sweep(self) -> None:
        """Delete what a kill has left in the archive."""
        if left := closing.sweep(self._store, self._place):
            logger.info("store: %d unfinished files of the archive deleted", left)

    def look(self, now: float) -> None:
        """All that is due."""
        with self._store.connect() as connection:
            settled = self._settling.note(frames.newest_id(connection))
        self.roll_all()
        self.merge_all(settled)
        self._guarded("archive", lambda: self.close_all(closing_time(now, self._rules().hot_s)))
        if time.monotonic() >= self._room_due:
            self._room_due = time.monotonic() + ROOM_S
            self._guarded("room", lambda: self.make_room(now))
            self._guarded("room", lambda: room.shrink_slowly(self._store))

    def _work(self) -> None:
        self._guarded("archive", self.sweep)
        while not self._stop.is_set():
            self._guarded("upkeep", lambda: self.look(time.time()))
            again = time.monotonic() + EVERY_S
            while time.monotonic() < again and not self._stop.wait(min(LOG_S, EVERY_S)):
                self._keep_log_short()
                self._guarded("room", self._keep_to_size)

    def _steps(self, step: Callable[[], int]) -> Iterator[int]:
        """Again and again while something is done, with a pause for others between."""
        while not self._stop.is_set() and (done := step()):
            yield done
            self._keep_log_short()
            self._stop.wait(PAUSE_S)
            self._guarded("room", self._keep_to_size)

    def _may_go_on(self) -> bool:
        self._keep_log_short()
        return not self._stop.wait(DELETED_S)

    def _guarded(self, what: str, act: Callable[[], object]) -> None:
        """The thread goes on whatever happens; outer trouble is one line, now and then."""
        try:
            act()
        except (OSError, StoreFailure, StoreError) as error:
            reason = getattr(error, "strerror", None) or reason_of(error)
            self._say_once(what, "store: %s: %s; tried again", what, reason)
        except Exception:
            if self._is_new(what):
                logger.exception("store: fault in %s, its thread goes on", what)

    def _say_once(self, what: str, line: str, *facts: object, level: int = logging.ERROR) -> None:
        if self._is_new(what):
            logger.log(level, line, *facts)

    def _is_new(self, what: str) -> bool:
        now = time.monotonic()
        if now < self._told.get(what, 0.0):
            return False
        self._told[what] = now + AGAIN_S
        return True

    def _tell(self, done: int, total: int) -> None:
        if total > BACKLOG and time.monotonic() >= self._tell_due:
            self._tell_due = time.monotonic() + TELL_S
            logger.info("rollups: %d of %d frames counted", done, total)


def closing_time(now: float, hot_s: float) -> float:
    """Frames that arrived before it are closed: whole hours, so that each is one file."""
    return (now - hot_s) // HOUR_S * HOUR_S
