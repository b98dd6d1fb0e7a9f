"""Delivers what waits in the outbox, in order for each target, beside the scoring.

A message is marked before each attempt and after it, so a crash in between leads to another one
under the same id: at least once, and never under two ids. A target that cannot be reached keeps
no other one waiting.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from functools import partial

from detector.errors import SettingsError, StoreError
from detector.notifying.targets import open_target
from detector.notifying.words import message_of
from detector.records import HELD, Alarm
from detector.settings.targets.notify import NotifySettings
from detector.store import alarms
from detector.store.connecting import reason_of
from detector.store.outbox import outbox
from detector.store.outbox.outbox import Notice
from detector.store.schema import Connection, Engine, StoreFailure
from detector.text import counted, span

logger = logging.getLogger(__name__)

LOOK_S = 0.5  # between looks for what is due
STOP_S = 5.0  # that a delivery may take at the end; it is tried again otherwise
FIRST_RETRY_S, LONGEST_RETRY_S = 5.0, 300.0
KEEP_S = 30 * 86_400.0  # how long is recorded what was done
TIDY_S = 3600.0
PICTURED = ("score", "sensor")  # kinds of alarms whose signal says something
GONE = "no longer in the settings"

Targets = Callable[[], tuple[NotifySettings, ...]]


def retry_after(attempts: int) -> float:
    """Seconds to the next attempt after so many, doubling from one to the next."""
    return min(FIRST_RETRY_S * 2.0 ** min(attempts, 30), LONGEST_RETRY_S)


class Notifier:
    """Threads of its own with connections of their own: no commit waits for them.

    Args:
        store: Open; this process holds its lease.
        place: Of the archive, for pictures.
        targets: Those in the settings of now.
        clock: The detector's.
    """

    def __init__(
        self, store: Engine, place: str, targets: Targets, clock: Callable[[], float] = time.time
    ) -> None:
        self._store, self._place, self._targets, self._clock = store, place, targets, clock
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="notifications", daemon=True)
        self._busy: dict[str, threading.Thread] = {}
        self._failing: set[str] = set()
        self._tidy_at = 0.0
        self._is_broken = False

    def start(self) -> None:
        """Begin with all that waits, and go on until ``stop``."""
        self._thread.start()

    def stop(self) -> None:
        """End after what is being delivered, unless that takes long."""
        self._stop.set()
        ends = time.monotonic() + STOP_S
        for thread in (self._thread, *self._busy.values()):
            if thread.is_alive():
                thread.join(max(ends - time.monotonic(), 0.0))

    def deliver(self, name: str) -> None:
        """Send what is due to one target, in order; one that is not delivered is due later."""
        while not self._stop.is_set() and self._deliver_next(name):
            pass

    def deliver_all(self) -> None:
        """The same for all targets, one after the other."""
        for name in self._due():
            self.deliver(name)

    def _run(self) -> None:
        self._guarded(self._make_due)
        while not self._stop.wait(LOOK_S):
            self._guarded(self._look)

    def _make_due(self) -> None:
        with self._store.begin() as connection:
            outbox.try_now(connection, self._clock())

    def _look(self) -> None:
        for name in self._due():
            if name not in self._busy or not self._busy[name].is_alive():
                work = threading.Thread(
                    target=self._guarded, args=(partial(self.deliver, name),),
                    name=f"notify {name}", daemon=True,
                )  # fmt: skip
                self._busy[name] = work
                work.start()

    def _due(self) -> list[str]:
        now = self._clock()
        if now >= self._tidy_at:
            self._tidy_at = now + TIDY_S
            with self._store.begin() as connection:
                outbox.prune(connection, now - KEEP_S)
        with self._store.connect() as connection:
            return outbox.heads(connection, now)

    def _deliver_next(self, name: str) -> bool:
        """One attempt; returns whether anything was due."""
        target = next((one for one in self._targets() if one.key == name), None)
        now = self._clock()
        with self._store.begin() as connection:
            found = outbox.head(connection, name)
            if found is None or found[1] > now:
                return False
            notice = found[0]
            if (why := self._why_not(connection, notice, target, now)) is not None:
                outbox.finish(connection, notice, why, now)
                return True
            outbox.begin_attempt(connection, notice, now + retry_after(notice.attempts))
            dropped = outbox.dropped_before(connection, notice)
        self._attempt(notice, target, dropped)
        return True

    def _why_not(
        self, connection: Connection, notice: Notice, target: NotifySettings | None, now: float
    ) -> str | None:
        """Why a message is not to be sent any more; None: it is."""
        keep_s = 3600.0 * (24.0 if target is None else target.keep_h)
        if now - notice.at > keep_s:
            logger.error("notify %s: message %d waited for more than %s and is dropped",
                         notice.target, notice.id, span(keep_s))  # fmt: skip
            return outbox.TOO_OLD
        if notice.alarm is None:
            return None
        alarm = alarms.one(connection, notice.alarm.id or 0)
        is_held = alarm is not None and alarm.life in HELD
        return outbox.HELD_BACK if is_held else None

    def _attempt(self, notice: Notice, target: NotifySettings | None, dropped: int) -> None:
        reason = GONE if target is None else self._send(notice, target, dropped)
        now = self._clock()
        with self._store.begin() as connection:
            if reason is None:
                outbox.finish(connection, notice, outbox.SENT, now)
            else:
                outbox.failed(connection, notice, reason, now + retry_after(notice.attempts))
        self._tell(notice, reason)

    def _send(self, notice: Notice, target: NotifySettings, dropped: int) -> str | None:
        try:
            opened = open_target(target)
        except SettingsError as error:  # a file or a variable that is gone meanwhile
            return str(error)
        picture = self._picture(notice.alarm) if target.attach else None
        return opened.send(message_of(notice, dropped, picture))

    def _picture(self, alarm: Alarm | None) -> bytes | None:
        """None where there is nothing to draw; a message never waits for its picture."""
        if alarm is None or alarm.kind not in PICTURED:
            return None
        from detector.notifying.picture import picture_of  # noqa: PLC0415 -- matplotlib takes time

        try:
            return picture_of(self._store, self._place, alarm)
        except Exception as error:  # noqa: BLE001 -- whatever it is, the message goes
            logger.warning("notify: no picture of alarm %s: %s", alarm.id, reason_of(error))
            return None

    def _tell(self, notice: Notice, reason: str | None) -> None:
        """Say the first failure of a target, and when there is none any more."""
        if reason is None:
            if notice.target in self._failing:
                self._failing.discard(notice.target)
                tries = counted(notice.attempts + 1, "attempt")
                logger.info("notify %s: delivered again, after %s", notice.target, tries)
            return
        if notice.target not in self._failing:
            self._failing.add(notice.target)
            logger.warning("notify %s: message %d waits: %s", notice.target, notice.id, reason)

    def _guarded(self, work: Callable[[], None]) -> None:
        """A store that is away for a while, or a fault, ends no thread for good."""
        try:
            work()
            self._is_broken = False
        except Exception as error:  # noqa: BLE001 -- the guard of these threads
            if not self._is_broken:
                is_outside = isinstance(error, (StoreFailure, StoreError, OSError))
                told = logger.error if is_outside else logger.exception
                told("notifications wait: %s", reason_of(error))
            self._is_broken = True
