"""Which samples a flight record keeps, and when it is written: decided from numbers alone.

All from a minute before the alarm to a minute after it. Of an alarm longer than ten minutes the
first and last minutes and those around its highest score: the record stays small, however long
nobody comes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum, auto

import numpy as np

from detector.records import Alarm, Flags, Frame, Times, Values
from detector.store.archive.flights import Flight, FlightNote
from detector.store.flight_log import Due
from detector.store.frames import names_in

AROUND_S = 60.0  # before the start, after the end, and on both sides of the peak
WHOLE_S = 600.0  # an alarm that is no longer is kept whole
ENDS_S = 120.0  # kept of a longer one after its start and before its end
EVERY_S = WHOLE_S  # of samples, after which the record of an active alarm is written again
SILENT_S = 90.0  # without a sample, after which what is there is written
GIVEN_UP_S = 3600.0  # after the end, or the start of the detector, when no more is waited for

Spans = tuple[tuple[float, float], ...]


class Step(Enum):
    """What is to be done about a record."""

    WAIT = auto()
    WRITE = auto()
    FINISH = auto()


def step(due: Due, until: float | None, now: float, began: float) -> Step:
    """Decide about one record.

    Args:
        due: The alarm and its device.
        until: Sample time up to which its record goes; None: there is none.
        now: Detector clock.
        began: When this detector began: what waited at the broker until then is still to come.
    """
    alarm = due.alarm
    newest = -math.inf if due.newest is None else due.newest
    if alarm.end is not None:
        over_s = now - max(due.cleared_at or 0.0, began)
        if newest >= alarm.end + AROUND_S or over_s >= GIVEN_UP_S:
            return Step.FINISH
    has_grown_s = newest - (alarm.start if until is None else until)
    is_silent = now - (due.last_arrival or 0.0) >= SILENT_S
    is_due = has_grown_s >= EVERY_S or (is_silent and (has_grown_s > 0 or until is None))
    return Step.WRITE if is_due else Step.WAIT


def stretches(
    alarm: Alarm, since: float | None, newest: float | None
) -> Iterator[tuple[float, float]]:
    """First and last time of what is to be read for a record, one piece after the other.

    Args:
        alarm: As it is now.
        since: Up to which sample time its record goes; None: there is none.
        newest: Sample time of the device's newest sample; None: the device is not known.
    """
    if is_set_back(alarm):
        assert alarm.end is not None
        yield from wanted(alarm.start, alarm.end, None)
        return
    first = alarm.start - AROUND_S if since is None else since
    last = first if newest is None else newest
    last = max(first, last if alarm.end is None else min(last, alarm.end + AROUND_S))
    while last - first > EVERY_S:
        yield first, first + EVERY_S
        first += EVERY_S
    yield first, last


def is_set_back(alarm: Alarm) -> bool:
    """Whether an alarm ends before it begins, for the device's clock was set back."""
    return alarm.end is not None and alarm.end < alarm.start


def wanted(start: float, end: float, peak: float | None) -> Spans:
    """First and last time of each stretch to keep, in order and apart.

    Args:
        start: Of the alarm.
        end: Of it, or of what is known of it.
        peak: Time of its highest score; None: not known.
    """
    if 0 <= end - start <= WHOLE_S:
        return ((start - AROUND_S, end + AROUND_S),)
    spans = [(start - AROUND_S, start + ENDS_S), (end - ENDS_S, end + AROUND_S)]
    if peak is not None:
        spans.append((peak - AROUND_S, peak + AROUND_S))
    return _apart(sorted(spans))


def revised(before: Flight | None, found: Sequence[Frame], alarm: Alarm, until: float) -> Flight:
    """A record with what came since.

    Args:
        before: As it was; None: it begins.
        found: Frames of the device since then, in order of time.
        alarm: As it is now.
        until: Up to which sample time ``found`` goes.
    """
    assert alarm.id is not None
    since = -np.inf if before is None else before.note.until
    parts = [] if before is None else [_Part.of_flight(before)]
    parts += [_Part.of(frame).of_time(since, until) for frame in found]
    names = tuple(dict.fromkeys((*(before.note.features if before else ()), *names_in(found))))
    all_ = _Part.joined(parts, names)
    end = until if alarm.end is None else alarm.end
    peak = _peak(all_, alarm)
    spans = wanted(alarm.start, end, peak)
    kept = all_.within(spans)
    note = FlightNote(
        alarm.id, alarm.device, alarm.kind, alarm.model, alarm.threshold, alarm.contributions,
        alarm.start, alarm.end, alarm.peak_score, peak, until, spans, names,
    )  # fmt: skip
    return Flight(note, kept.ts, kept.session, kept.values, kept.reconstruction, kept.score,
                  kept.mse, kept.threshold, kept.judged)  # fmt: skip


@dataclass(frozen=True)
class _Part:
    """Samples of one set of features, as in a ``Flight``."""

    features: tuple[str, ...]
    ts: Times
    session: tuple[str, ...]
    values: Values
    reconstruction: Values
    score: Values
    mse: Values
    threshold: Times
    judged: Flags

    @classmethod
    def of(cls, frame: Frame) -> _Part:
        n = len(frame.ts)
        return cls(
            frame.features, frame.ts, (frame.session,) * n, frame.values, frame.reconstruction,
            frame.score, frame.mse, np.full(n, frame.threshold), frame.judged,
        )  # fmt: skip

    @classmethod
    def of_flight(cls, flight: Flight) -> _Part:
        return cls(
            flight.note.features, flight.ts, flight.session, flight.values, flight.reconstruction,
            flight.score, flight.mse, flight.threshold, flight.judged,
        )  # fmt: skip

    @classmethod
    def joined(cls, parts: Sequence[_Part], names: tuple[str, ...]) -> _Part:
        """Consecutive parts as one; a feature that a part has not is missing there."""
        parts = parts or [cls._none()]
        return cls(
            names,
            np.concatenate([part.ts for part in parts]),
            tuple(name for part in parts for name in part.session),
            np.concatenate([part._with(part.values, names) for part in parts]),
            np.concatenate([part._with(part.reconstruction, names) for part in parts]),
            *(np.concatenate([getattr(part, name) for part in parts])
              for name in ("score", "mse", "threshold", "judged")),
        )  # fmt: skip

    @classmethod
    def _none(cls) -> _Part:
        wide, narrow = np.empty((0, 0), np.float32), np.empty(0, np.float32)
        times = np.empty(0)
        return cls((), times, (), wide, wide, narrow, narrow, times, np.empty(0, np.bool_))

    def of_time(self, since: float, until: float) -> _Part:
        return self._taken((self.ts > since) & (self.ts <= until))

    def within(self, spans: Spans) -> _Part:
        inside = np.zeros(len(self.ts), np.bool_)
        for first, last in spans:
            inside |= (self.ts >= first) & (self.ts <= last)
        return self._taken(inside)

    def _taken(self, rows: Flags) -> _Part:
        if rows.all():
            return self
        session = tuple(self.session[i] for i in np.flatnonzero(rows))
        return _Part(
            self.features, self.ts[rows], session, self.values[rows], self.reconstruction[rows],
            self.score[rows], self.mse[rows], self.threshold[rows], self.judged[rows],
        )  # fmt: skip

    def _with(self, columns: Values, names: tuple[str, ...]) -> Values:
        if names == self.features:
            return columns
        wide = np.full((len(self.ts), len(names)), np.nan, np.float32)
        for column, name in enumerate(self.features):
            wide[:, names.index(name)] = columns[:, column]
        return wide


def _peak(part: _Part, alarm: Alarm) -> float | None:
    """Time of the largest judged score while the alarm lasts."""
    end = np.inf if alarm.end is None else alarm.end
    counted = part.judged & np.isfinite(part.score) & (part.ts >= alarm.start) & (part.ts <= end)
    if not counted.any():
        return None
    return float(part.ts[int(np.argmax(np.where(counted, part.score, -np.inf)))])


def _apart(spans: list[tuple[float, float]]) -> Spans:
    """Stretches in order, those that touch as one."""
    found = [spans[0]]
    for first, last in spans[1:]:
        if first <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return tuple(found)
