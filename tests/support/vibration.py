"""Looking at synthesised vibration: short sessions of a running machine, and their spectra."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
from scipy import signal

from simulator.machines.designs import MOTORS
from simulator.machines.motor import INTERNAL_HZ, Damage, Motor
from simulator.machines.profile import CALM, STEADY
from simulator.machines.sensor import GRAVITY_G, SENSORS, FrontEnd, Probe

SECONDS = 24.0
IDEAL = Probe(SENSORS["ideal"], INTERNAL_HZ, filtered=False)
RUNNING = replace(CALM, durations=STEADY)  # at rated speed without end, nothing happens
FOREVER_S = 1e9
LATE = 2  # samples that an ideal sensor reports before the first that is synthesised


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
    acc, temp_c, measured_rpm = synthesised(rpm, family, severity, seed)
    if probe is not IDEAL:
        acc = reported(acc, temp_c, probe, seed)
    return Shaken(acc, probe.rate_hz, measured_rpm / 60.0)


def reported(acc: np.ndarray, temp_c: np.ndarray, probe: Probe, seed: int) -> np.ndarray:
    """What the sensor of that unit makes of it, a second at a time as in ``Motor``."""
    factor, second = round(INTERNAL_HZ / probe.rate_hz), round(INTERNAL_HZ)
    unit, chance = (
        np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key)) for key in ((5,), (6, 0))
    )
    front = FrontEnd(probe, factor=factor, unit=unit, rng=chance)
    blocks = [
        front.report(acc[at : at + second], temp_c[at : at + second][factor - 1 :: factor])
        for at in range(0, len(acc), second)
    ]
    return np.concatenate(blocks) - GRAVITY_G


@cache
def synthesised(
    rpm: int, family: str | None, severity: float, seed: int
) -> tuple[np.ndarray, np.ndarray, float]:
    """What an ideal sensor reports at the rate of the synthesis; others look at the same.

    Without gravity, with the temperature of the housing, and the mean speed.
    """
    damages = [Damage(family, severity, 0.0, 0.0, FOREVER_S)] if family else []
    motor = Motor(
        MOTORS[f"motor-{rpm}"],
        seed=seed,
        probe=IDEAL,
        habits=RUNNING,
        begin_running=True,
        damages=damages,
    )
    made = motor.block(round(SECONDS * INTERNAL_HZ) + LATE)
    return made.acc[LATE:] - GRAVITY_G, made.temp_c[:-LATE].copy(), float(made.rpm.mean())
