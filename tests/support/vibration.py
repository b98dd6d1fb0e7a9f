"""Looking at synthesised vibration: short sessions of a running machine, and their spectra."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from scipy import signal

from simulator.machines.designs import MOTORS
from simulator.machines.motor import INTERNAL_HZ, Damage, Motor, Samples
from simulator.machines.profile import CALM, STEADY
from simulator.machines.sensor import GRAVITY_G, SENSORS, FrontEnd, Probe

SECONDS = 24.0
IDEAL = Probe(SENSORS["ideal"], INTERNAL_HZ, filtered=False)
RUNNING = replace(CALM, durations=STEADY)  # at rated speed without end, nothing happens
FOREVER_S = 1e9


@dataclass(frozen=True)
class Shaken:
    """A session: ``acc`` of shape (n, 3) in g without gravity, and its measured 1x."""

    acc: np.ndarray
    rate_hz: float
    shaft_hz: float

    def spectrum(self, seconds: float = 4.0) -> tuple[np.ndarray, np.ndarray]:
        """Orders, and the power density on each axis; lines 1 / ``seconds`` Hz apart."""
        frequency, power = signal.welch(
            self.acc, self.rate_hz, nperseg=round(seconds * self.rate_hz), axis=0
        )
        return frequency / self.shaft_hz, power

    def dominant_order(self) -> np.ndarray:
        """The strongest line of each axis."""
        orders, power = self.spectrum(8.0)
        return orders[power.argmax(axis=0)]

    def velocity_mm_s(self) -> np.ndarray:
        """Velocity of each axis from 2 to 1000 Hz, rms."""
        frequency, lines = self._lines()
        band = (frequency > 2.0) & (frequency < 1000.0)
        velocity = 9806.65 * lines[band] / (2 * np.pi * frequency[band, None])
        return np.sqrt((velocity**2).sum(axis=0))

    def band_g(self, low_hz: float, high_hz: float) -> np.ndarray:
        """Acceleration of each axis in a band, rms."""
        frequency, lines = self._lines()
        return np.sqrt((lines[(frequency >= low_hz) & (frequency < high_hz)] ** 2).sum(axis=0))

    def order_g(self, order: float, width: float = 0.04) -> np.ndarray:
        """Acceleration of each axis around an order of the shaft, rms."""
        return self.band_g(self.shaft_hz * (order - width), self.shaft_hz * (order + width))

    def kurtosis(self) -> float:
        """Of the horizontal acceleration; 3 is noise, 1.5 a sine."""
        away = self.acc[:, 0] - self.acc[:, 0].mean()
        return float((away**4).mean() / (away**2).mean() ** 2)

    def envelope(self, band_hz: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
        """Orders from 0.25x to 12x, and the spectrum of the horizontal envelope in a band."""
        sos = signal.butter(4, band_hz, "bandpass", fs=self.rate_hz, output="sos")
        rung = np.abs(signal.hilbert(signal.sosfiltfilt(sos, self.acc[:, 0])))
        lines = np.abs(np.fft.rfft((rung - rung.mean()) * np.hanning(len(rung))))
        orders = np.fft.rfftfreq(len(rung), 1 / self.rate_hz) / self.shaft_hz
        asked = (orders > 0.25) & (orders < 12.0)
        return orders[asked], lines[asked]

    def _lines(self) -> tuple[np.ndarray, np.ndarray]:
        """Frequencies, and the rms of the line at each."""
        lines = np.abs(np.fft.rfft(self.acc, axis=0)) * np.sqrt(2) / len(self.acc)
        return np.fft.rfftfreq(len(self.acc), 1 / self.rate_hz), lines


@cache
def shaken(
    rpm: int,
    family: str | None = None,
    severity: float = 1.0,
    probe: Probe = IDEAL,
    seed: int = 7,
) -> Shaken:
    """A preset running for ``SECONDS``, healthy or with a fault of constant severity."""
    true = synthesised(rpm, family, severity, seed)
    acc, rpm_measured = true.acc - GRAVITY_G, float(true.rpm.mean())
    if probe is not IDEAL:
        factor = round(INTERNAL_HZ / probe.rate_hz)
        unit, chance = (np.random.default_rng((seed, part)) for part in (5, 6))
        front = FrontEnd(probe, factor=factor, unit=unit, rng=chance)
        acc = front.report(acc, true.temp_c[factor - 1 :: factor]) - GRAVITY_G
    return Shaken(acc, probe.rate_hz, rpm_measured / 60.0)


@cache
def synthesised(rpm: int, family: str | None, severity: float, seed: int) -> Samples:
    """What an ideal sensor reports at the rate of the synthesis; others look at the same."""
    damages = [Damage(family, severity, 0.0, 0.0, FOREVER_S)] if family else []
    motor = Motor(
        MOTORS[f"motor-{rpm}"],
        seed=seed,
        probe=IDEAL,
        habits=RUNNING,
        begin_running=True,
        damages=damages,
    )
    return motor.block(round(SECONDS * INTERNAL_HZ))
