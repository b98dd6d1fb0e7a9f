"""How late a device's samples come by its own clock: whether that clock jumps, or runs wrong.

A network can only add to a delay, and takes back no more than it added. So what counts is the least
delay of a second: one that is shorter than ever is the clock's, at once, also while it still grows
shorter; one that is longer only when it stays so, evenly, for longer than a network is full. No
quartz is wrong by more than a hundred millionths, so a least delay that goes on growing faster is a
clock that runs wrong.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from detector.text import plain

LEAST_S = 0.2  # jumps below are what a clock that is set now and then does
SURE_S = 1.0  # a jump that no network makes evenly
OF_JITTER = 5.0  # times the usual change from one second to the next
SOON, LATER = 3, 30  # seconds that a delay is as even, until it counts
ABRUPT = 10  # seconds that a step is looked for in
KEPT = 60  # seconds whose changes are usual
FOLLOWS = 0.5  # of a difference that is none, from one second to the next
DRIFTED_S = 10.0  # by slowly moving
BIN_S = 10.0  # of arrival, of which the least delay is one point of a slope
FEWEST_BINS, BINS = 6, 30
SKEWED, FASTEST = 1e-4, 0.01  # seconds a second: no quartz, and no clock at all
EXCURSION_S = 0.05  # that a slope has made, at least
OF_SCATTER = 6.0  # times the scatter around the slope, likewise
GOES_ON = 0.75  # share of its steps that go the same way
MILLION = 1e6


@dataclass(frozen=True, slots=True)
class Said:
    """What is wrong.

    Attributes:
        rule: ``jumped``, ``drifted`` or ``skewed``.
        sentence: One plain sentence.
        since: Sample time before it.
    """

    rule: str
    sentence: str
    since: float


class DelayWatch:
    """Of one device.

    Attributes:
        skew: Said while its clock runs wrong.
        runs_ahead: It has been told that it jumped forward, and goes on to.
    """

    def __init__(self) -> None:
        self.skew: Said | None = None
        self._seconds: deque[tuple[float, float]] = deque(maxlen=LATER + 1)  # delay, newest time
        self._changes: deque[float] = deque(maxlen=KEPT)
        self._was_s = self._learnt_s = np.nan
        self.runs_ahead = False
        self._bin_s, self._least_s = np.nan, np.inf  # arrival since, and the least in it
        self._bins: deque[tuple[float, float, float]] = deque(maxlen=BINS)  # arrival, delay, time
        self._steep = 0  # bins in a row

    def take(
        self, arrival: float, delay_s: float, newest: float, *, is_learning: bool
    ) -> Said | None:
        """Take the least delay of a second.

        Args:
            arrival: Detector clock.
            delay_s: Arrival minus sample time.
            newest: Sample time.
            is_learning: Whatever it is, it is the way of this device.

        Returns:
            A jump, or a drift that has become large, once each.
        """
        if self._seconds:
            self._changes.append(abs(delay_s - self._seconds[-1][0]))
        self._seconds.append((delay_s, newest))
        self._slope(arrival, delay_s, newest)
        jitter_s = float(np.median(self._changes or [0.0]))
        limit = min(max(LEAST_S, OF_JITTER * jitter_s), SURE_S)
        if not self._is_even(SOON, limit):
            return None if is_learning else self._ahead(limit)
        now = min(delay for delay, _ in list(self._seconds)[-SOON:])
        if is_learning or np.isnan(self._was_s):
            self._was_s = self._learnt_s = now
            return None
        return self._jumped(now, limit) or self._drifted(now)

    def _is_even(self, count: int, limit: float) -> bool:
        last = [delay for delay, _ in self._seconds][-count:]
        return len(last) == count and max(last) - min(last) < limit / 2

    def _ahead(self, limit: float) -> Said | None:
        """Seconds that are all shorter than any before, though not alike; told once."""
        last, before_s = [delay for delay, _ in self._seconds][-SOON:], self._shortest()
        if self.runs_ahead or len(last) < SOON or not max(last) < before_s - limit:
            return None
        self.runs_ahead = True
        return Said("jumped", _jump("forward", before_s - last[-1]), self._before(SOON))

    def _shortest(self) -> float:
        """The shortest delay before the newest bin; NaN while nothing is known."""
        return min([self._was_s, *(delay for _, delay, _ in list(self._bins)[:-1])])

    def _jumped(self, now: float, limit: float) -> Said | None:
        is_since_was = now > self._was_s or self.runs_ahead
        moved = now - (self._was_s if is_since_was else self._shortest())
        self.runs_ahead = False
        if abs(moved) <= limit:
            self._was_s += FOLLOWS * (now - self._was_s)
            return None
        is_later = moved > 0 and not (moved > SURE_S and self._is_abrupt(moved))
        if is_later and not self._is_even(LATER, limit):
            return None
        self._was_s = self._learnt_s = now
        self._forget_slope()
        way, since = "back" if moved > 0 else "forward", self._before(LATER if is_later else SOON)
        return Said("jumped", _jump(way, abs(moved)), since)

    def _is_abrupt(self, moved: float) -> bool:
        """Whether one second or the next made most of it."""
        return max(list(self._changes)[-ABRUPT:]) > moved / 2

    def _before(self, count: int) -> float:
        """Sample time before the last so many seconds."""
        return list(self._seconds)[-count - 1 :][0][1]

    def _drifted(self, now: float) -> Said | None:
        moved = now - self._learnt_s
        if abs(moved) <= DRIFTED_S:
            return None
        self._was_s = self._learnt_s = now
        way = "back" if moved > 0 else "forward"
        said = f"its clock drifted {way} by {plain(abs(moved))} s against the arrival"
        return Said("drifted", said, self._seconds[-1][1])

    def _slope(self, arrival: float, delay_s: float, newest: float) -> None:
        """Follow how the least delay of some seconds grows."""
        if np.isnan(self._bin_s):
            self._bin_s = arrival
        self._least_s = min(self._least_s, delay_s)
        if 0 <= arrival - self._bin_s < BIN_S:
            return
        self._bins.append((arrival, self._least_s, newest))
        self._bin_s, self._least_s = arrival, np.inf
        if len(self._bins) >= FEWEST_BINS:
            self._judge_slope()

    def _judge_slope(self) -> None:
        at, delay = np.array(self._bins)[:, :2].T
        slope = _theil_sen(at, delay)
        scatter = float(np.median(np.abs(delay - slope * at - np.median(delay - slope * at))))
        is_clear = abs(slope) * (at[-1] - at[0]) > max(EXCURSION_S, OF_SCATTER * scatter)
        goes_on = (np.diff(delay) * np.sign(slope) > 0).mean() >= GOES_ON
        is_steep = is_clear and goes_on and SKEWED < abs(slope) < FASTEST
        self._steep = self._steep + 1 if is_steep else 0
        if self._steep < 2:
            self.skew = None if self._steep == 0 else self.skew
        elif self.skew is None:
            word = "slow" if slope > 0 else "fast"
            said = (
                f"its clock runs {MILLION * abs(slope):.0f} millionths {word} against the arrival"
            )
            self.skew = Said("skewed", said, self._bins[0][2])

    def _forget_slope(self) -> None:
        self._bins.clear()
        self._bin_s, self._least_s, self._steep, self.skew = np.nan, np.inf, 0, None


def _jump(way: str, by_s: float) -> str:
    return f"its clock jumped {way} by {plain(by_s)} s against the arrival"


def _theil_sen(x: np.ndarray, y: np.ndarray) -> float:
    """Median slope of each two points."""
    a, b = np.triu_indices(len(x), 1)
    return float(np.median((y[b] - y[a]) / (x[b] - x[a])))
