"""The sensors of one device: samples in, what is wrong with a sensor out.

Samples are gathered to looks of about a second and at least 64 samples; whatever comes in whatever
pieces, the looks are the same. A look that no rule minds becomes part of the past once five more
have come, so that trouble that begins slowly is no part of what it is held against.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from detector.records import Samples, Times, Values
from detector.sensors.channels import channels_of
from detector.sensors.contract import Rule, Scene
from detector.sensors.ends import Ends
from detector.sensors.look import BEFORE, BREAK, Array, Look, look_at
from detector.sensors.normal import SensorNormal
from detector.sensors.past import Past
from detector.sensors.rules.table import RULES
from detector.sensors.standing import Standing
from detector.sensors.trouble import Trouble
from detector.sensors.untold import untold
from detector.short_arrays import middle

LOOK_S = 1.0
FEWEST, MOST = 64, 32_768  # samples of a look
DELAY = 5  # looks until one is part of the past
RECENT = 32  # looks that measures are summed over at most
SUMMED = [number for number, rule in enumerate(RULES) if rule.over_s]
OVER_S = [RULES[number].over_s for number in SUMMED]
LASTING = {  # looks that raise a rule -> numbers of the rules
    looks: [n for n, rule in enumerate(RULES) if rule.looks == looks]
    for looks in {rule.looks for rule in RULES}
}
NUMBER = {rule.name: number for number, rule in enumerate(RULES)}


class SensorWatch:
    """Of one device.

    Args:
        features: Its F channels.
        normal: What was learnt of them; None: nobody has.

    Attributes:
        features: The same.
        trouble: What is wrong now; None: nothing.
        largest: Shape (R, F), the largest measure of each of ``RULES`` so far that lasted for as
            many looks as raise it, for learning.
    """

    def __init__(self, features: tuple[str, ...], normal: SensorNormal | None = None) -> None:
        self.features, self._channels = features, channels_of(features)
        self._past = Past(self._channels)
        self._waiting: deque[Look] = deque()  # to become part of the past
        self._recent: deque[tuple[float, Array]] = deque(maxlen=RECENT)  # end, of those summed
        self._standing = Standing(RULES, len(features))
        self.follow(normal)
        self._ts: Times = np.empty(0)
        self._values: Values = np.empty((0, len(features)), np.float32)
        self._held, self._held_value = np.zeros(len(features)), np.full(len(features), np.nan)
        self._last: Look | None = None
        self._ends = Ends()
        self.trouble: Trouble | None = None
        self._measures: deque[Array] = deque(maxlen=max(rule.looks for rule in RULES))
        self.largest: Array = np.full((len(RULES), len(features)), np.nan)

    def follow(self, normal: SensorNormal | None) -> None:
        """Go by what another training has learnt from the next look on."""
        self._normal = normal
        self._limits = np.array([self._limits_of(rule, normal) for rule in RULES])

    @property
    def normal(self) -> SensorNormal | None:
        """What it goes by."""
        return self._normal

    def push(self, samples: Samples) -> list[Trouble | None]:
        """Take the next samples.

        Args:
            samples: Of the channels given at the beginning.

        Returns:
            What was wrong after each look, where that changed.
        """
        changes = []
        for ts, values in self._pieces(samples):
            before = self.trouble
            self._judge(look_at(ts, values, self._channels))
            if self.trouble != before:
                changes.append(self.trouble)
        return changes

    def stored(self) -> dict[str, Any]:
        """All that a restart needs while something is wrong, as JSON can keep it."""
        return {
            "features": list(self.features),
            "past": self._past.stored(),
            "standing": self._standing.stored(),
            "trouble": None if self.trouble is None else asdict(self.trouble),
        }

    def restore(self, stored: dict[str, Any]) -> None:
        """Go on from what ``stored`` gave, of the same channels."""
        self._past.restore(stored["past"])
        self._standing.restore(stored["standing"])
        told = stored["trouble"]
        if told is not None:
            self.trouble = Trouble(**{**told, "features": tuple(told["features"])})

    def _limits_of(self, rule: Rule, normal: SensorNormal | None) -> Array:
        learnt = [None if normal is None else normal.of(rule.name, f) for f in self.features]
        shakes = self._channels.shakes.tolist()
        return np.array([rule.limit(a, shakes=b) for a, b in zip(learnt, shakes, strict=True)])

    def _pieces(self, samples: Samples) -> Iterator[tuple[Times, Values]]:
        """As many samples as make a look, again and again."""
        self._ts = np.concatenate([self._ts, samples.ts])
        self._values = np.concatenate([self._values, samples.values])
        while len(self._ts) >= (size := self._size()):
            ts, values = self._ts[:size], self._values[:size]
            self._ts, self._values = self._ts[size:], self._values[size:]
            yield ts, values

    def _size(self) -> int:
        """Samples of a look, by the first of those that wait."""
        if len(self._ts) < FEWEST:
            return FEWEST
        usual = middle(np.diff(self._ts[:FEWEST]))
        wanted = round(LOOK_S / usual) if usual > 0 else FEWEST
        return min(max(wanted, FEWEST), MOST)

    def _judge(self, look: Look) -> None:
        self._hold(look)
        alike = self._past.alike(look)
        far = untold(self._before(look), look, alike.lags)
        look = replace(look, farthest=far.max(axis=0), again=self._ends.again(look))
        scene = Scene(look, self._past, alike, self._channels, self._held, far)
        with np.errstate(invalid="ignore"):
            measures = self._summed(look, np.array([rule.measure(scene) for rule in RULES]))
        self._measures.append(measures)
        self.largest = np.fmax(self.largest, self._lasting())
        self._standing.judge(measures, self._limits, look.start, look.end)
        self.trouble = self._told(scene, measures)
        self._remember(look)

    def _hold(self, look: Look) -> None:
        """Follow how long each channel has had one value."""
        goes_on = (look.run == len(look)) & (look.values[0] == self._held_value)
        self._held = np.where(goes_on, self._held + len(look), look.tail)
        self._held_value = look.values[-1]

    def _before(self, look: Look) -> Array:
        """The last values before a look, NaN of channels with holes; none where there is a gap."""
        last, self._last = self._last, look
        if last is None:
            return look.values[:0]
        usual = (look.end - look.start) / (len(look) - 1)
        goes_on = 0 < look.start - last.end <= BREAK * usual
        whole = np.where(last.missing > 0, np.nan, last.values[-BEFORE:])
        return whole if goes_on else look.values[:0]

    def _lasting(self) -> Array:
        """Least measure of each rule in as many of the last looks as raise it."""
        last, least = np.array(self._measures), np.full((len(RULES), len(self.features)), np.nan)
        for looks, rules in LASTING.items():
            if len(last) >= looks:
                least[rules] = last[-looks:, rules].min(axis=0)
        return least

    def _summed(self, look: Look, measures: Array) -> Array:
        """Measures that count over some seconds, with those of the looks before."""
        unknown = np.isnan(measures)
        self._recent.append((look.end, np.where(unknown, 0.0, measures)[SUMMED]))
        age = np.array([look.end - end for end, _ in self._recent])
        rows = np.array([rows for _, rows in self._recent])
        counts = (age[:, None] >= 0) & (age[:, None] < OVER_S)
        summed = measures.copy()
        summed[SUMMED] = np.where(counts[:, :, None], rows, 0.0).sum(axis=0)
        return np.where(unknown, np.nan, summed)

    def _told(self, scene: Scene, measures: Array) -> Trouble | None:
        """The first rule that holds; what was said stays until none does, or one before it."""
        holding = np.flatnonzero(self._standing.is_on.any(axis=1)).tolist()
        before = self.trouble
        if holding and before is not None and NUMBER[before.rule] < holding[0]:
            return before
        return self._said(holding[0], scene, measures) if holding else None

    def _said(self, number: int, scene: Scene, measures: Array) -> Trouble:
        rule, columns = RULES[number], np.flatnonzero(self._standing.is_on[number]).tolist()
        features = tuple(self.features[column] for column in columns)
        before = self.trouble
        if before is not None and (before.rule, before.features) == (rule.name, features):
            return before
        said = rule.say(scene, columns[0], float(measures[number, columns[0]]))
        since = float(self._standing.since[number, columns].min())
        return Trouble(rule.name, features, since, f"{', '.join(features)}: {said}")

    def _remember(self, look: Look) -> None:
        if self.trouble is not None:
            self._waiting.clear()
        elif not self._standing.is_suspect:
            self._waiting.append(look)
            if len(self._waiting) > DELAY:
                self._past.take(self._waiting.popleft())
