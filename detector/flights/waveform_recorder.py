"""The thread that writes raw waveforms: they are in the memory of the detector's own process."""

from __future__ import annotations

import logging
import threading

from detector.errors import StoreError
from detector.flights.ring import Waveforms
from detector.flights.waveforms import WaveformWriter
from detector.records import Alarm
from detector.store import flight_log
from detector.store.schema import Engine, StoreFailure

logger = logging.getLogger(__name__)

EVERY_S = 1.0


class WaveformRecorder:
    """Writes the waveform around each alarm whose flight record goes on, and those asked for.

    Args:
        store: Open.
        place: See ``archive_place``.
        rings: Filled by the scoring thread; None: no waveform is kept.
    """

    def __init__(self, store: Engine, place: str, rings: Waveforms | None) -> None:
        self._store, self._rings = store, rings
        self._writer = WaveformWriter(rings, place)
        self._going_on: dict[int, Alarm] = {}
        self._failing: set[int] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="waveforms", daemon=True)

    def start(self) -> None:
        """Begin; where no waveform is kept there is nothing to do."""
        if self._rings is not None:
            self._thread.start()

    def stop(self) -> None:
        """End after the file that is being written."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def look(self) -> None:
        """Write what is due."""
        self._writer.answer()
        due = self._due()
        for number in self._going_on.keys() - due.keys():  # what comes now is too late
            self._keep(self._going_on[number], is_last=True)
        for alarm in due.values():
            self._keep(alarm)
        self._going_on = due
        self._failing &= due.keys()
        self._writer.forget(set(due))

    def _due(self) -> dict[int, Alarm]:
        found: dict[int, Alarm] = {}
        with self._store.connect() as connection:
            while some := flight_log.due(connection, max(found, default=0)):
                found |= {one.alarm.id or 0: one.alarm for one in some}
        return found

    def _keep(self, alarm: Alarm, *, is_last: bool = False) -> None:
        number = alarm.id or 0
        try:
            self._writer.keep(alarm, is_last=is_last)
        except StoreError as error:
            if number not in self._failing:
                logger.warning("%s", error)
            self._failing.add(number)

    def _run(self) -> None:
        while not self._stop.wait(EVERY_S):
            try:
                self.look()
            except StoreFailure:
                continue  # the scoring tells of a store that is away
            except Exception:
                logger.exception("waveforms: a look failed")
