"""What a healthy machine does to its housing, at the internal rate."""

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from simulator.machines.designs import MotorDesign, Unit, tone_peak_g
from simulator.machines.shaft import Turn

Array = NDArray[np.float64]

FLOOR_BAND_HZ = (50.0, 2000.0)  # first-order slopes beyond, as on a recorded rig
LINE_HZ = 50.0
SUPPORT_GAIN = 3.0  # of 1x at the resonance of the support
SUPPORT_WIDTH = 0.08  # of its frequency


class Noise:
    """Band-limited Gaussian noise of rms 1 on three axes, continuous from call to call.

    Args:
        band_hz: Lower and upper edge; the upper may lie above the Nyquist frequency.
        rate_hz: Internal rate.
        rng: Source of all chance.
        order: Of the Butterworth filter, per edge.
    """

    def __init__(
        self, band_hz: tuple[float, float], rate_hz: float, rng: np.random.Generator, order: int = 4
    ) -> None:
        low, high = band_hz[0], min(band_hz[1], 0.49 * rate_hz)
        self._rng = rng
        self._sos = signal.butter(order, (low, high), "bandpass", fs=rate_hz, output="sos")
        response = np.abs(signal.freqz_sos(self._sos, 1 << 16)[1]) ** 2
        self._sos[0, :3] /= np.sqrt(response.mean())
        self._state = np.zeros((len(self._sos), 2, 3))

    def take(self, n: int) -> Array:
        """Return the next samples, shape (n, 3)."""
        white = self._rng.standard_normal((n, 3))
        coloured, self._state = signal.sosfilt(self._sos, white, axis=0, zi=self._state)
        return np.asarray(coloured)


class Signature:
    """Harmonics of the shaft, vane pass, line frequency and a broadband floor.

    Args:
        design: Type of motor.
        unit: This one's deviation.
        rate_hz: Internal rate.
        rng: Source of the floor.
    """

    def __init__(
        self, design: MotorDesign, unit: Unit, rate_hz: float, rng: np.random.Generator
    ) -> None:
        self._design, self._unit, self._rate_hz = design, unit, rate_hz
        self._floor = Noise(FLOOR_BAND_HZ, rate_hz, rng, order=1)
        self._line_phase = 0.0

    def shake(self, turn: Turn) -> Array:
        """Return the acceleration during ``turn``, shape (n, 3), g."""
        floor = self._floor.take(len(turn)) * (1e-3 * np.asarray(self._design.floor_mg))
        vibration = self._orders(turn) + turn.force[:, None] * floor
        if self._design.vane_mm_s:
            vibration += self._vanes(turn)
        if self._design.line_mm_s:
            vibration += self._line(turn)
        return np.asarray(self._unit.amplitude * vibration)

    def _orders(self, turn: Turn) -> Array:
        """Harmonics; load and the support's resonance raise the first."""
        design = self._design
        cosine, sine = turn.carriers
        first = turn.force * (1.0 + turn.load) * self._support(turn)
        columns, coefficients = [], []
        real, imaginary = cosine, sine
        for order, (share, phase, shift) in enumerate(
            zip(design.harmonics, design.phases, self._unit.phases, strict=True), start=1
        ):
            if order > 1:  # one more turn of e^{iθ}
                real, imaginary = real * cosine - imaginary * sine, real * sine + imaginary * cosine
            strength = first if order == 1 else turn.force
            columns += [strength * real, strength * imaginary]
            peak = design.peak_g(share * design.velocity_mm_s, order) * np.asarray(design.gains)
            angle = phase + shift + np.asarray(design.leads)
            coefficients += [peak * np.cos(angle), -peak * np.sin(angle)]
        return np.asarray(np.column_stack(columns) @ np.stack(coefficients))

    def _support(self, turn: Turn) -> Array | float:
        """Gain of 1x on the way through the resonance of the support; 1 away from it."""
        speed_hz = turn.speed * self._design.rated_hz
        away = (speed_hz / self._design.support_hz - 1.0) / SUPPORT_WIDTH
        if away.min() > 4.0:
            return 1.0
        return np.asarray(1.0 + (SUPPORT_GAIN - 1.0) * np.exp(-(away**2)))

    def _vanes(self, turn: Turn) -> Array:
        design = self._design
        peak = design.peak_g(design.vane_mm_s, design.vanes) * np.asarray(design.gains)
        return np.asarray((turn.force * turn.tone(design.vanes))[:, None] * peak)

    def _line(self, turn: Turn) -> Array:
        """Magnetic pull at twice the line frequency, there while the motor is driven."""
        step = 4 * np.pi * LINE_HZ / self._rate_hz
        phase = self._line_phase + step * np.arange(1, len(turn) + 1)
        self._line_phase = float(phase[-1] % (2 * np.pi))
        peak = tone_peak_g(self._design.line_mm_s, 2 * LINE_HZ) * np.asarray(self._design.gains)
        return np.asarray(((turn.speed > 0.5) * np.cos(phase))[:, None] * peak)
