"""The newest raw waveform of each device, in memory that is bounded."""

from __future__ import annotations

import threading
from collections import deque

import numpy as np

from detector.records import Times, Values
from detector.store.archive.waveforms import Waveform, WaveformNote


class Waveforms:
    """Rings of raw waveform, filled by the scoring thread and read by the one that writes them.

    A device that sends bursts has as many seconds of waveform as one that sends all the time, from
    a longer time.

    Args:
        seconds: Of waveform kept of each device.
        megabytes: Of all devices together; each has an equal share where there are many.
    """

    def __init__(self, seconds: float, megabytes: float) -> None:
        self._seconds, self._bytes = seconds, megabytes * 1e6
        self._rings: dict[str, _Ring] = {}
        self._wanted: set[str] = set()
        self._lock = threading.Lock()

    def hear(self, about: WaveformNote, ts: Times, values: Values) -> None:
        """Keep samples in order of time, in place of the oldest.

        Args:
            about: What is known of them; where it is other than before, the ring begins anew.
            ts: Shape (n,).
            values: Shape (n, F).
        """
        if not len(ts):
            return
        with self._lock:
            ring = self._rings.get(about.device)
            if ring is None or ring.about != about:
                ring = self._rings[about.device] = _Ring(about)
            ring.add(ts, values, self._limit(ring))

    def around(self, device: str, moment: float, seconds: float) -> Waveform | None:
        """Up to so many seconds of waveform before and as many after a moment of device time.

        Returns:
            None where nothing from before the moment is kept.
        """
        whole = self.newest(device)
        if whole is None or not len(whole.ts) or whole.ts[0] > moment:
            return None
        at, side = int(np.searchsorted(whole.ts, moment)), round(seconds * whole.note.rate_hz)
        kept = slice(max(at - side, 0), at + side)
        return Waveform(whole.note, whole.ts[kept], whole.values[kept])

    def heard_since(self, device: str, moment: float) -> tuple[float, float] | None:
        """Seconds of waveform kept from after a moment, and the time of the newest sample.

        Returns:
            None where the device has no ring.
        """
        with self._lock:
            ring = self._rings.get(device)
            if ring is None or not ring.parts:
                return None
            later = sum(int((ts >= moment).sum()) for ts, _ in ring.parts)
            return later / ring.about.rate_hz, float(ring.parts[-1][0][-1])

    def newest(self, device: str) -> Waveform | None:
        """All that is kept of a device; None: it has no ring."""
        with self._lock:
            ring = self._rings.get(device)
            return None if ring is None else ring.whole()

    def ask(self, device: str) -> bool:
        """Have the newest waveform of a device written; returns whether there is any."""
        with self._lock:
            if device not in self._rings:
                return False
            self._wanted.add(device)
            return True

    def asked(self) -> set[str]:
        """Devices whose waveform is wanted, each told once."""
        with self._lock:
            found, self._wanted = self._wanted, set()
            return found

    @property
    def bytes(self) -> int:
        """What is kept of all devices."""
        with self._lock:
            return sum(ring.size * ring.bytes_each for ring in self._rings.values())

    def _limit(self, ring: _Ring) -> int:
        share = self._bytes / len(self._rings)
        return int(min(self._seconds * ring.about.rate_hz, share / ring.bytes_each))


class _Ring:
    """Parts as they came; the oldest goes sample by sample."""

    def __init__(self, about: WaveformNote) -> None:
        self.about, self.size = about, 0
        self.parts: deque[tuple[Times, Values]] = deque()
        self.bytes_each = 8 + 4 * len(about.features)

    def add(self, ts: Times, values: Values, limit: int) -> None:
        self.parts.append((ts.copy(), np.array(values, np.float32)))
        self.size += len(ts)
        while self.size > limit and self.parts:
            first_ts, first = self.parts.popleft()
            self.size -= len(first_ts)
            left = min(limit - self.size, len(first_ts))
            if left > 0:
                self.parts.appendleft((first_ts[-left:].copy(), first[-left:].copy()))
                self.size += left

    def whole(self) -> Waveform:
        width = len(self.about.features)
        ts = np.concatenate([np.empty(0), *(ts for ts, _ in self.parts)])
        values = np.concatenate([np.empty((0, width), np.float32), *(v for _, v in self.parts)])
        return Waveform(self.about, ts, values)
