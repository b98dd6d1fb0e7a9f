"""What each family of sensor faults does to a feature, or to the clock.

A family draws all its chance once, for the whole length of the fault (``Scene``), and returns a
change that is then applied to any part of it. So a fault is the same in one piece and block by
block, and no two blocks share their chance. Formulas as commonly published for accelerometers;
sigma is the healthy standard deviation of the feature.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Rows = NDArray[np.int64]

# Takes the healthy values or times, shape (m,), the rows of the fault they are, and the last
# healthy one before them; returns them changed.
Change = Callable[[Array, slice, float], Array]

DRIFT_S = 60.0
STUCK_S = (2.0, 30.0)
ENTER_BURST, LEAVE_BURST = 0.002, 0.05  # Gilbert-Elliott, per sample
CLOCK_OFFSET_S = (0.5, 3600.0)
CLOCK_SKEW = 200e-6
CLOCK_SHARE = 0.05  # of the samples are repeated or out of order at full severity


@dataclass(frozen=True)
class Scene:
    """What a family needs to know to begin.

    Attributes:
        severity: Shape (n,), 0..1, of each sample of the fault; rises along the ramp.
        rate_hz: Samples per second.
        sigma: Healthy standard deviation of the feature, in its unit.
        centre: Healthy mean.
        peak: Healthy peak of the alternating part, from ``centre``.
        rng: Source of all chance.
    """

    severity: Array
    rate_hz: float
    sigma: float
    centre: float
    peak: float
    rng: np.random.Generator


def spike(scene: Scene) -> Change:
    """Jumps: x + s·A, A 5-15 sigma either way, for 1-3 samples; at least one, or the label lies."""
    n, rng = len(scene.severity), scene.rng
    kick = np.zeros(n)
    onsets = np.flatnonzero(rng.random(n) < 0.005)
    for onset in onsets if len(onsets) else [int(rng.integers(n))]:
        height = rng.choice([-1.0, 1.0]) * rng.uniform(5.0, 15.0) * scene.sigma
        kick[onset : onset + rng.integers(1, 4)] = height
    return _adding(scene.severity * kick)


def bias(scene: Scene) -> Change:
    """A shifted level: x + b, b up to 5 sigma."""
    return _adding(5.0 * scene.sigma * scene.severity)


def drift(scene: Scene) -> Change:
    """A moving level: x + r·i, 3 sigma in 60 s or in a shorter fault; a longer one goes on."""
    n = len(scene.severity)
    full = min(DRIFT_S * scene.rate_hz, n)
    return _adding(3.0 * scene.sigma * scene.severity * np.arange(1, n + 1) / full)


def noise(scene: Scene) -> Change:
    """White noise: x + N(0, (k·sigma)²), k up to 5."""
    white = scene.rng.standard_normal(len(scene.severity))
    return _adding(5.0 * scene.sigma * scene.severity * white)


def gain(scene: Scene) -> Change:
    """(1 - 0.7 s)·x: down to 0.3, and a level such as gravity is scaled with it.

    On a feature whose level is far above its vibration this is trivial to detect: report it apart.
    """
    factor = 1.0 - 0.7 * scene.severity
    return lambda x, rows, _: x * factor[rows]


def clip(scene: Scene) -> Change:
    """Cut at (1 - 0.7 s) of the peak, on both sides of the healthy mean: 0.3 of it at s = 1."""
    limit = scene.peak * (1.0 - 0.7 * scene.severity)
    return lambda x, rows, _: np.clip(x, scene.centre - limit[rows], scene.centre + limit[rows])


def quantise(scene: Scene) -> Change:
    """Round to steps of up to 2 sigma."""
    step = 2.0 * scene.sigma * scene.severity
    if scene.sigma == 0.0:
        return lambda x, rows, _: x
    return lambda x, rows, _: np.round(x / step[rows]) * step[rows]


def dropout(scene: Scene) -> Change:
    """Missing in bursts: entered with 0.002 s a sample, left with 0.05; at least one burst.

    Source: Gilbert 1960, Elliott 1963 (a channel of two states).
    """
    n, rng = len(scene.severity), scene.rng
    entries = np.flatnonzero(rng.random(n) < ENTER_BURST * scene.severity)
    missing = np.zeros(n, dtype=bool)
    for entry in entries if len(entries) else [int(rng.integers(n))]:
        if not missing[entry]:  # already in a burst: nothing to enter
            missing[entry : entry + rng.geometric(LEAVE_BURST)] = True
    return lambda x, rows, _: np.where(missing[rows], np.nan, x)


class _Held:
    """The last value is held, and again another after each stretch."""

    def __init__(self, begins: Rows) -> None:
        self._begins = begins  # per row of the fault: the row at which its stretch began
        self._held = np.nan

    def __call__(self, x: Array, rows: slice, before: float) -> Array:
        known = _fill_forward(np.concatenate([[before], x]))  # known[i] lies before x[i]
        begins = self._begins[rows] - rows.start
        held = np.where(begins < 0, self._held, known[np.maximum(begins, 0)])
        self._held = float(held[-1])
        return held


def stuck(scene: Scene) -> Change:
    """The last value, in half of the cases; else 0, or an end of the healthy range.

    The last value is held for 2 s up to 2 + 28 s seconds, then the one that has come meanwhile. A
    file does not tell its sensor's range, so its end is the healthy peak.
    """
    variant = scene.rng.choice(["last", "last", "zero", "end"])
    if variant == "zero":
        return lambda x, rows, _: np.zeros_like(x)
    if variant == "end":
        end = scene.centre + scene.rng.choice([-1.0, 1.0]) * scene.peak
        return lambda x, rows, _: np.full_like(x, end)
    return _Held(_stretches(scene))


def _stretches(scene: Scene) -> Rows:
    shortest, longest = STUCK_S
    longest = shortest + (longest - shortest) * float(scene.severity.max())
    begins, row = np.zeros(len(scene.severity), dtype=np.int64), 0
    while row < len(begins):
        begins[row:] = row
        row += max(1, round(scene.rng.uniform(shortest, longest) * scene.rate_hz))
    return begins


def mirror(scene: Scene, pivot: float) -> Change:
    """A sensor mounted the other way round, 2·pivot - x; it has no degrees."""
    return lambda x, rows, _: np.where(scene.severity[rows] > 0, 2.0 * pivot - x, x)


def swap(pair: Array, severity: Array) -> Array:
    """Exchange two axes, shape (m, 2), where severity, shape (m,), is above 0; no degrees."""
    return np.where(severity[:, None] > 0, pair[:, ::-1], pair)


def clock(scene: Scene) -> Change:
    """Times that are wrong in one of four ways, in s: offset, skew, repeated, out of order.

    Offset 0.5 s growing to an hour (each tenth of severity 2.4 times as much), skew up to 200 ppm,
    or up to 5 % of the samples with the time of the one before, or exchanged with the next one's.
    """
    n, rng, severity = len(scene.severity), scene.rng, scene.severity
    variant = rng.choice(["offset", "skew", "repeated", "disordered"])
    if variant == "offset":
        least, most = CLOCK_OFFSET_S
        top = float(severity.max())
        return _adding(least * (most / least) ** top * severity / top)
    if variant == "skew":
        return _adding(CLOCK_SKEW * severity * np.arange(n) / scene.rate_hz)
    hit = rng.random(n) < CLOCK_SHARE * severity
    hit[rng.integers(max(n - 1, 1))] = True
    if variant == "repeated":
        return lambda ts, rows, before: np.where(hit[rows], np.concatenate([[before], ts[:-1]]), ts)
    return _adding(_exchanges(hit) / scene.rate_hz)


def _exchanges(hit: NDArray[np.bool_]) -> Array:
    """Move a sample one period on and the next one back, in periods."""
    first = np.flatnonzero(hit[:-1])
    first = first[np.diff(first, prepend=-2) > 1]  # pairs do not overlap
    moved = np.zeros(len(hit))
    moved[first], moved[first + 1] = 1.0, -1.0
    return moved


def _adding(extra: Array) -> Change:
    return lambda x, rows, _: x + extra[rows]


def _fill_forward(x: Array) -> Array:
    """Replace each NaN by the last number before it, where there is one."""
    index = np.where(np.isfinite(x), np.arange(len(x)), 0)
    filled: Array = x[np.maximum.accumulate(index)]
    return filled
