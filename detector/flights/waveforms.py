"""Raw waveforms written beside the scoring: around each alarm once, and when one is asked for."""

from __future__ import annotations

import logging
from dataclasses import replace

from detector.errors import StoreError
from detector.flights.ring import Waveforms
from detector.records import Alarm
from detector.store.archive import waveforms as files
from detector.store.archive.waveforms import Waveform

logger = logging.getLogger(__name__)

AROUND_S = 10.0  # of waveform before an alarm's first anomaly, and after it
GIVEN_UP_S = 120.0  # of device time after it, when a device that sends bursts is waited for no more
NEWEST_S = 10.0  # of waveform that is written where somebody asks


class WaveformWriter:
    """Writes what the rings hold; used by one thread.

    Args:
        rings: Filled by the scoring thread; None: no waveform is kept.
        place: See ``archive_place``.
    """

    def __init__(self, rings: Waveforms | None, place: str) -> None:
        self._rings, self._place = rings, place
        self._done: set[int] = set()

    def keep(self, alarm: Alarm, *, is_last: bool = False) -> None:
        """Write the waveform around an alarm, once enough of it has come; else do nothing yet.

        Args:
            alarm: With its number.
            is_last: What has come is written, for nothing more is waited for.

        Raises:
            StoreError: If it cannot be written; it is tried again.
        """
        number = alarm.id or 0
        if self._rings is None or number in self._done or not self._has_come(alarm, is_last):
            return
        found = self._rings.around(alarm.device, alarm.start, AROUND_S)
        if found is not None:
            note = replace(found.note, alarm_start=alarm.start)
            files.write(self._place, files.of_alarm(number), replace(found, note=note))
        self._done.add(number)

    def _has_come(self, alarm: Alarm, is_last: bool) -> bool:
        assert self._rings is not None
        heard = self._rings.heard_since(alarm.device, alarm.start)
        if heard is None:
            return False
        waveform_s, newest = heard
        return is_last or waveform_s >= AROUND_S or newest >= alarm.start + GIVEN_UP_S

    def answer(self) -> None:
        """Write the newest waveform of each device that somebody asked for."""
        if self._rings is None:
            return
        for device in self._rings.asked():
            found = self._rings.newest(device)
            if found is None:
                continue
            try:
                files.write(self._place, files.of_device(device), _newest(found))
            except StoreError as error:
                logger.warning("%s", error)

    def forget(self, still_due: set[int]) -> None:
        """Alarms whose records are finished need no memory any more."""
        self._done &= still_due


def _newest(waveform: Waveform) -> Waveform:
    kept = slice(-round(NEWEST_S * waveform.note.rate_hz), None)
    return Waveform(waveform.note, waveform.ts[kept], waveform.values[kept])
