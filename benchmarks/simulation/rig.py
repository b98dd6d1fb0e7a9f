"""Recordings of a real machinery fault rig, and what is measured of them and of simulated ones.

``DIR/RPM_BEARING_GS_BALANCE_WA_LOADlb.csv.gz``: three axes of an ADXL356C in volts, 20 kHz for
2 s, ``;``-separated, seconds first. The first row carries three extra values, which are left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from simulator.errors import SimulatorError
from simulator.machines.sensor import SENSORS, FrontEnd, Probe

Array = NDArray[np.float64]
Figures = Mapping[str, Array]  # rms of each column on each axis, shape (3,)

RATE_HZ = 20_000.0
VOLTS_PER_G = 0.080  # of an ADXL356 in its 10 g range
PROBE_HZ = 100.0
FACTOR = round(RATE_HZ / PROBE_HZ)
SECONDS = 2.0
SETTLE = 20  # samples until the filter forgets its beginning
PHASES = 20  # instants at which sampling may begin
LINE_HZ = 0.75  # half the width of the line at 1x; the spectrum's lines are 0.5 Hz apart

FILTERED, UNFILTERED = "100 Hz filtered", "100 Hz unfiltered"
COLUMNS = ("2-50 Hz", "50-500 Hz", "1x", FILTERED, UNFILTERED)
FLOOR = "above 50 Hz"

# Filter and sampling of an ADXL356 and nothing else: the rig has its own noise and mounting.
QUIET = replace(SENSORS["ideal"], low_pass=SENSORS["adxl356"].low_pass)


@dataclass(frozen=True)
class Condition:
    """What was recorded: speed, load in lb, bearing and balance as the file is named."""

    rpm: int
    load_lb: int
    bearing: str = "GoB"
    balance: str = "BaLo"

    @property
    def name(self) -> str:
        """Of its file."""
        return f"{self.rpm:04d}_{self.bearing}_GS_{self.balance}_WA_{self.load_lb:02d}lb.csv.gz"

    @property
    def healthy(self) -> Condition:
        """The healthy machine at the same speed and load."""
        return Condition(self.rpm, self.load_lb)


def read(folder: Path, condition: Condition) -> Array:
    """Return a recording without its mean, shape (n, 3), g.

    Raises:
        SimulatorError: If the file is not there, or no recording of three axes.
    """
    path = folder / condition.name
    try:
        volts = np.loadtxt(path, delimiter=";", usecols=(1, 2, 3))
    except (OSError, ValueError) as error:
        raise SimulatorError(f"{path}: {error}; allowed: a recording of the rig") from error
    if len(volts) < SECONDS * RATE_HZ:
        needed = round(SECONDS * RATE_HZ)
        raise SimulatorError(f"{path}: {len(volts)} rows; allowed: {needed} or more")
    return np.asarray((volts - volts.mean(axis=0)) / VOLTS_PER_G)


def recorded(acc: Array, rpm: int) -> dict[str, Array]:
    """Figures of a recording, shape (n, 3); the last two through the simulator's front end."""
    sampled = {
        name: rms_of([through(acc, phase, filtered=filtered) for phase in _phases()])
        for name, filtered in ((FILTERED, True), (UNFILTERED, False))
    }
    return {**bands(acc, RATE_HZ, rpm / 60.0), **sampled}


def bands(acc: Array, rate_hz: float, shaft_hz: float) -> dict[str, Array]:
    """Rms in bands of an acceleration of shape (n, 3)."""
    frequency = np.asarray(np.fft.rfftfreq(len(acc), 1.0 / rate_hz), np.float64)
    power = 2.0 * (np.abs(np.fft.rfft(acc - acc.mean(axis=0), axis=0)) / len(acc)) ** 2
    first_hz = _strongest(frequency, power, shaft_hz)
    edges = {
        "2-50 Hz": (2.0, 50.0),
        "50-500 Hz": (50.0, 500.0),
        FLOOR: (50.0, rate_hz),
        "1x": (first_hz - LINE_HZ, first_hz + LINE_HZ),
    }
    return {name: _band(frequency, power, *edge) for name, edge in edges.items()}


def through(acc: Array, phase: int, *, filtered: bool) -> Array:
    """Rms on each axis of what a 100 Hz sensor reports of a recording, shape (3,)."""
    rows = (len(acc) - phase) // FACTOR
    chance = np.random.default_rng(0)  # an ideal sensor has none
    probe = Probe(QUIET, PROBE_HZ, filtered=filtered)
    front = FrontEnd(probe, factor=FACTOR, unit=chance, rng=chance)
    reported = front.report(acc[phase : phase + rows * FACTOR], np.full(rows, 25.0))
    return np.asarray(reported[SETTLE:].std(axis=0))


def rms_of(figures: Sequence[Array]) -> Array:
    """Mean in power of the same figure."""
    return np.asarray(np.sqrt(np.mean(np.square(figures), axis=0)))


def vector(figure: Array) -> float:
    """Sum over the axes, in power."""
    return float(np.sqrt((figure**2).sum()))


def _phases() -> range:
    return range(0, FACTOR, FACTOR // PHASES)


def _strongest(frequency: Array, power: Array, about_hz: float) -> float:
    """The speed is not exactly the stated one."""
    near = np.flatnonzero(np.abs(frequency / about_hz - 1.0) < 0.1)
    return float(frequency[near[power[near].sum(axis=1).argmax()]])


def _band(frequency: Array, power: Array, low_hz: float, high_hz: float) -> Array:
    inside = (frequency >= low_hz) & (frequency < high_hz)
    return np.asarray(np.sqrt(power[inside].sum(axis=0)))
