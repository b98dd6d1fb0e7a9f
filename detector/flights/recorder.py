"""Writes flight records beside the scoring: what is due is in the store, whoever raised it when."""

from __future__ import annotations

import logging
import math
import threading
import time

from detector.errors import FaultlineError, StoreError
from detector.flights.gathering import gathered
from detector.flights.ring import Waveforms
from detector.flights.selection import Step, step
from detector.flights.waveforms import WaveformWriter
from detector.records import Alarm
from detector.store import flight_log
from detector.store.archive import flights
from detector.store.archive.flights import Flight
from detector.store.connecting import reason_of
from detector.store.flight_log import Due
from detector.store.schema import Engine, StoreFailure

logger = logging.getLogger(__name__)

LOOK_S = 2.0  # between looks for what is due
PAUSE_S = 0.3
PIECES = 12  # read of one alarm in a look
STOP_S = 10.0  # that a record may take at the end; one that is cut off is written anew
TIDY_S = 3600.0  # between looks for records whose alarm is gone


class FlightRecorder:
    """A thread of its own with connections of its own: no commit waits for it.

    Args:
        store: Open; this process holds its lease.
        place: See ``archive_place``.
        pause_s: After each record, so that many at once leave the scoring its share of the time.
        waveforms: What is kept of raw waveforms; None: nothing.
    """

    def __init__(
        self,
        store: Engine,
        place: str,
        pause_s: float = PAUSE_S,
        waveforms: Waveforms | None = None,
    ) -> None:
        self._store, self._place, self._pause_s = store, place, pause_s
        self._until: dict[int, float | None] = {}  # of records that are not finished
        self._finished = 0  # the records of all alarms up to this one are
        self._failing: set[int] = set()
        self._waveforms = WaveformWriter(waveforms, place)
        self._tidy_at, self._began = 0.0, math.inf
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="flight records", daemon=True)

    def start(self) -> None:
        """Begin, and go on until ``stop``."""
        self._thread.start()

    def stop(self) -> None:
        """End after the record that is being written."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(STOP_S)

    def look(self, now: float) -> None:
        """Write what is due; a record that cannot be written is told once and tried again.

        Args:
            now: Detector clock.
        """
        self._began = min(self._began, now)
        self._waveforms.answer()
        above = self._finished
        while found := self._due(above):
            for one in found:
                if self._stop.is_set():
                    return
                self._guarded(one, now)
            above = _number(found[-1].alarm)
        self._finished = min(self._until, default=above + 1) - 1
        self._waveforms.forget(set(self._until))
        if now >= self._tidy_at:
            self._tidy()
            self._tidy_at = now + TIDY_S

    def _due(self, above: int) -> list[Due]:
        with self._store.connect() as connection:
            return flight_log.due(connection, above)

    def _run(self) -> None:
        while not self._stop.wait(LOOK_S):
            try:
                self.look(time.time())
                self._tell(0, None)
            except Exception as error:  # noqa: BLE001 -- the guard of this thread
                self._tell(0, error)

    def _guarded(self, due: Due, now: float) -> None:
        """One record that fails keeps no other from being written."""
        number = _number(due.alarm)
        self._until.setdefault(number, None)
        try:
            self._waveforms.keep(due.alarm)
            self._record(due, now)
        except Exception as error:  # noqa: BLE001 -- a file system may raise anything
            self._tell(number, error)
        else:
            self._tell(number, None)

    def _record(self, due: Due, now: float) -> None:
        number = _number(due.alarm)
        if self._until[number] is None and (there := self._there(due.alarm)) is not None:
            self._until[number] = there.note.until
        what = step(due, self._until[number], now, self._began)
        if what is Step.WAIT:
            return
        flight, is_whole = gathered(
            self._store, self._place, due.alarm, self._there(due.alarm),
            newest=due.newest, since=self._until[number], most=PIECES,
        )  # fmt: skip
        self._stop.wait(self._pause_s)
        if len(flight.ts):
            flights.write(self._place, flight)
        is_finished = what is Step.FINISH and is_whole
        with self._store.begin() as connection:
            flight_log.note(connection, number, len(flight.ts), is_finished=is_finished)
        self._until[number] = flight.note.until
        if is_finished:
            self._waveforms.keep(due.alarm, is_last=True)
            del self._until[number]

    def _there(self, alarm: Alarm) -> Flight | None:
        """The record as it was written before; one of another store's alarm makes room."""
        try:
            found = flights.find(self._place, _number(alarm))
        except StoreError as error:
            logger.warning("%s; written anew from what is stored", error)
            return None
        if found is None or flights.is_of(found, alarm):
            return found
        aside = flights.set_aside(self._place, found)
        logger.warning("flight record of alarm %s: found one of another store, now %s", alarm.id,
                       aside)  # fmt: skip
        return None

    def _tidy(self) -> None:
        """Records go with their alarms."""
        with self._store.connect() as connection:
            gone = flight_log.forsaken(connection)
        for number in gone:
            flights.remove(self._place, number)
            with self._store.begin() as connection:
                flight_log.forget(connection, number)

    def _tell(self, number: int, error: Exception | None) -> None:
        """Say the first failure, and when there is none any more."""
        if error is None:
            if number in self._failing:
                self._failing.discard(number)
                if not self._failing:
                    logger.info("flight records are written again")
            return
        if not self._failing:
            is_outside = isinstance(error, (FaultlineError, StoreFailure, OSError))
            logger.error("flight records wait: %s", reason_of(error),
                         exc_info=None if is_outside else error)  # fmt: skip
        self._failing.add(number)


def _number(alarm: Alarm) -> int:
    assert alarm.id is not None  # it is stored
    return alarm.id
