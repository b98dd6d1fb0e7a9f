"""What a machine sent: the stretch of its stored samples that a model may be learnt from.

Everything a device sends is stored, scored or not, so nothing is collected here: a stretch has a
beginning, and whoever stops waiting for its end can come back to it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

import numpy as np

from detector.errors import AdoptError
from detector.records import Alarm, Frame, Samples, Times
from detector.scoring.rate import TOLERANCE
from detector.sessions.files import Recording
from detector.store import alarms, devices, frames
from detector.store.schema import Connection

LOOK_BACK_S = 6 * 3600.0  # of device time; what is older may be another season of the machine
STEPS = 64  # sampling steps that tell a rate


@dataclass(frozen=True, slots=True)
class Stretch:
    """Samples of one device in order of time, and why they begin where they do.

    Attributes:
        recordings: One a session, the same features in all; a missing value is NaN.
        begins: Why nothing before is used, in words.
    """

    recordings: tuple[Recording, ...]
    begins: str

    @property
    def samples(self) -> int:
        """Of all sessions."""
        return sum(len(one.samples) for one in self.recordings)

    @property
    def span(self) -> tuple[float, float]:
        """First and last sample, UTC seconds; both NaN where there is none."""
        if not self.recordings:
            return math.nan, math.nan
        first, last = self.recordings[0].samples, self.recordings[-1].samples
        return float(first.ts[0]), float(last.ts[-1])

    def since(self, start: float, begins: str) -> Stretch:
        """Only what was sampled at ``start`` or later."""
        kept = [_from(one, start) for one in self.recordings]
        return Stretch(tuple(one for one in kept if len(one.samples)), begins)


def stored_stretch(connection: Connection, device: str, start: float | None = None) -> Stretch:
    """The newest samples of a device, back to when they can be trusted to be one machine's normal.

    That ends, going back, at an alarm, at a change of the sampling rate, at a jump of the device
    clock, or after six hours; with ``start`` whoever names it vouches for all that follows.

    Args:
        connection: To the store.
        device: Name of the machine.
        start: Use all from this time on, UTC seconds of the device clock.

    Raises:
        AdoptError: If the store does not know the device, or an alarm is active.
    """
    refuse_unknown(connection, device)
    newest = frames.newest_live(connection, device)
    if newest is None:
        return Stretch((), "nothing is stored yet")
    end = float(newest.ts[-1])
    reach = LOOK_BACK_S if start is None else max(end - start, 0.0)
    found = frames.recent(connection, device, reach)
    oldest = found[0].ts[0]
    stretch = Stretch(_recordings(found), _first_reason(oldest, end - reach))
    if start is not None:
        return stretch.since(start, "as asked for")
    for since, begins in (_by_rate(stretch), _by_alarms(connection, device, stretch)):
        if since > stretch.span[0]:
            stretch = stretch.since(since, begins)
    return stretch


def refuse_unknown(connection: Connection, device: str) -> None:
    """Refuse a device that never sent anything.

    Raises:
        AdoptError: Naming those that did.
    """
    known = [status.device for status in devices.every(connection)]
    if device in known or frames.extent(connection, device) is not None:
        return
    shown = ", ".join(known[:20]) + (" …" if len(known) > 20 else "")
    raise AdoptError(f"--device {device}: nothing came from it, allowed: {shown or 'none yet'}")


def steady_since(ts: Times) -> int:
    """Number of the first sample from which on the rate is that of the newest samples.

    Args:
        ts: Shape (n,), increasing but for gaps.
    """
    steps = np.diff(ts)
    blocks = len(steps) // STEPS
    if blocks < 2:
        return 0
    first = len(steps) - blocks * STEPS
    medians = np.median(steps[first:].reshape(blocks, STEPS), axis=1)
    changed = np.flatnonzero(np.abs(medians / medians[-1] - 1) > TOLERANCE)
    return int(first + (changed[-1] + 1) * STEPS) if len(changed) else 0


def _first_reason(oldest: float, reach: float) -> str:
    if oldest <= reach + 1:
        return f"no more than {LOOK_BACK_S / 3600:g} h are looked back"
    return "it is the first sample, or the clock jumped back before it"


def _recordings(found: Sequence[Frame]) -> tuple[Recording, ...]:
    """One recording a session; features of all of them in each."""
    names = frames.names_in(found)
    sessions = groupby(found, key=lambda frame: frame.session)
    return tuple(
        Recording(session, replace(frames.joined(list(group), names), session=session), None)
        for session, group in sessions
    )


def _from(recording: Recording, start: float) -> Recording:
    samples = recording.samples
    rows = slice(int(np.searchsorted(samples.ts, start)), None)
    kept = Samples(samples.features, samples.ts[rows], samples.values[rows], samples.session)
    return Recording(recording.name, kept, None, recording.found)


def _by_rate(stretch: Stretch) -> tuple[float, str]:
    ts = np.concatenate([one.samples.ts for one in stretch.recordings])
    return float(ts[steady_since(ts)]), "the sampling rate changed"


def _by_alarms(connection: Connection, device: str, stretch: Stretch) -> tuple[float, str]:
    found = alarms.overlapping(connection, device, *stretch.span)
    if not found:
        return -math.inf, ""
    last = max(found, key=_end)
    if last.end is None:
        raise AdoptError(
            f"{device}: alarm {last.id} is active, allowed: a machine without one, or --start "
            "TIME, from which on it ran as usual"
        )
    return float(np.nextafter(last.end, math.inf)), f"alarm {last.id} ended then"


def _end(alarm: Alarm) -> float:
    return math.inf if alarm.end is None else alarm.end
