"""What a sensor can see of each machine fault, and what it cannot.

The fault and the healthy machine are synthesised apart at the internal rate; their spectra are
then led through the sensor's filter, folded at its output rate and laid over its noise. A fault
is *visible* where it doubles the power of some third of an octave below the Nyquist frequency,
*aliased* where only what folds back from above does, *below the noise* where it would be visible
to a sensor without noise, and else *invisible*.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from simulator.machines.damage import Damage
from simulator.machines.designs import MotorDesign
from simulator.machines.faults import MACHINE_FAULTS
from simulator.machines.motor import Motor, check_speed, internal_factor
from simulator.machines.profile import CALM, STEADY
from simulator.machines.sensor import FILTER_ORDER, GRAVITY_G, SENSORS, Probe

Array = NDArray[np.float64]
Verdict = Literal["visible", "aliased", "below the noise", "invisible"]

SECONDS = 24.0
LINE_HZ = 0.5  # resolution of the spectra
NOTICEABLE = 1.0  # of the power in a band; its rms grows by 41 %
BANDS_PER_OCTAVE = 3
COHERENT = 0.5  # of the coherence: more is one tone, less is chance
LINE_STANDS_OUT = 4.0  # times its neighbourhood, in power


@dataclass(frozen=True)
class View:
    """A machine and how it is looked at."""

    design: MotorDesign
    probe: Probe


@dataclass(frozen=True)
class Sight:
    """What a view shows of one fault.

    Attributes:
        family: A key of ``MACHINE_FAULTS``.
        verdict: See the module.
        alias_hz: Where its characteristic frequency folds to; None unless it is aliased and
            known by a frequency above the Nyquist frequency. The reason says whether a line
            stands there or drowns in what else folds, as after impacts.
        gain: Largest growth of a band's rms, 1 if none.
        reason: One clause.
    """

    family: str
    verdict: Verdict
    alias_hz: float | None
    gain: float
    reason: str


def look(view: View, severity: float = 0.5) -> list[Sight]:
    """Judge every family of machine faults.

    Raises:
        SimulatorError: If 1x does not lie below the Nyquist frequency.
    """
    check_speed(view.design.rpm, view.probe.rate_hz)
    power, added = _powers(view.design, _internal_hz(view), severity)
    healthy = _reported(view, power)
    return [
        _judge(view, family, healthy, _reported(view, fault)) for family, fault in added.items()
    ]


def characteristic_order(design: MotorDesign, family: str) -> float | None:
    """The order a fault is known by; None for noise."""
    bearing = design.bearing
    return {
        "unbalance": 1.0,
        "misalignment": 2.0,
        "bent_shaft": 1.0,
        "looseness": 1.0,
        "bearing_outer": bearing.outer,
        "bearing_inner": bearing.inner,
        "bearing_ball": bearing.ball,
        "bearing_cage": bearing.cage,
        "gear": float(design.teeth),
        "rub": 0.5,
    }.get(family)


def folded_hz(frequency_hz: float, rate_hz: float) -> float:
    """Where a frequency appears in samples of a rate."""
    return abs(frequency_hz - round(frequency_hz / rate_hz) * rate_hz)


@lru_cache(maxsize=16)
def _powers(
    design: MotorDesign, rate_hz: float, severity: float
) -> tuple[Array, Mapping[str, Array]]:
    """Power density of the healthy machine, and what each family adds: of any sensor on it.

    Kept, as many sensors are held against one machine; each of shape (lines, 3), g²/Hz.
    """
    alone = _shaken(design, rate_hz, None, 0.0)
    power = _cross_power(rate_hz, alone, alone).real
    added = {}
    for family in MACHINE_FAULTS:
        shaken = _shaken(design, rate_hz, family, severity) - alone
        added[family] = _added(rate_hz, alone, power, shaken)
    return power, added


def _shaken(design: MotorDesign, rate_hz: float, family: str | None, severity: float) -> Array:
    """True acceleration at the internal rate, shape (n, 3), g; the same seed each time."""
    damages = [Damage(family, severity, 0.0, 0.0, 1e9)] if family else []
    motor = Motor(
        design,
        seed=1,
        probe=Probe(SENSORS["ideal"], rate_hz, filtered=False),
        habits=replace(CALM, durations=STEADY),
        begin_running=True,
        damages=damages,
    )
    return np.asarray(motor.block(round(SECONDS * rate_hz)).acc - GRAVITY_G)


def _internal_hz(view: View) -> float:
    return view.probe.rate_hz * internal_factor(view.probe.rate_hz)


def _cross_power(rate_hz: float, one: Array, other: Array) -> NDArray[np.complex128]:
    """Cross-power density at the internal rate, shape (lines, 3), g²/Hz."""
    return np.asarray(
        signal.csd(one, other, rate_hz, nperseg=round(rate_hz / LINE_HZ), axis=0)[1], np.complex128
    )


def _added(rate_hz: float, healthy: Array, healthy_power: Array, fault: Array) -> Array:
    """Power density that a fault adds to the healthy machine's, shape (lines, 3), g²/Hz.

    Tones of one shaft add in amplitude, noise in power; the coherence tells them apart.
    """
    cross = _cross_power(rate_hz, healthy, fault)
    power = _cross_power(rate_hz, fault, fault).real
    coherent = np.abs(cross) ** 2 > COHERENT * healthy_power * power
    return power + np.where(coherent, 2.0 * cross.real, 0.0)


def _reported(view: View, power: Array) -> tuple[Array, Array]:
    """Power density below the Nyquist frequency behind the filter: direct, and folded back.

    Each of shape (lines, 3), g²/Hz, at multiples of the resolution.
    """
    frequency = np.arange(len(power)) * (_internal_hz(view) / 2 / (len(power) - 1))
    if view.probe.filtered:
        corner = view.probe.bandwidth_hz
        power = power / (1.0 + (frequency / corner) ** (2 * FILTER_ORDER))[:, None]
    direct = power[frequency < view.probe.rate_hz / 2]
    folded = np.zeros_like(direct)
    above = frequency >= view.probe.rate_hz / 2
    apparent = np.abs(frequency - np.round(frequency / view.probe.rate_hz) * view.probe.rate_hz)
    rows = np.minimum(np.round(apparent / (frequency[1] - frequency[0])), len(direct) - 1)
    np.add.at(folded, rows[above].astype(np.int64), power[above])
    return direct, folded


def _judge(
    view: View, family: str, healthy: tuple[Array, Array], fault: tuple[Array, Array]
) -> Sight:
    vibration = healthy[0] + healthy[1]
    background = vibration + _noise_density(view)
    seen = _largest_ratio(view, fault[0], background)
    with_folded = _largest_ratio(view, fault[0] + fault[1], background)
    noiseless = _largest_ratio(view, fault[0] + fault[1], vibration)
    gain = float(np.sqrt(1.0 + max(seen, with_folded)))
    order = characteristic_order(view.design, family)
    tone_hz = None if order is None else order * view.design.rated_hz
    if seen >= NOTICEABLE:
        return Sight(family, "visible", None, gain, _told(tone_hz, order, "in band"))
    if with_folded >= NOTICEABLE:
        alias, where = _alias(view, tone_hz, fault[0] + fault[1], background)
        return Sight(family, "aliased", alias, gain, _told(tone_hz, order, f"folds {where}"))
    if noiseless >= NOTICEABLE:
        why = "weaker than the sensor's noise or step"
        return Sight(family, "below the noise", None, gain, _told(tone_hz, order, why))
    return Sight(family, "invisible", None, gain, _told(tone_hz, order, _absence(view, tone_hz)))


def _alias(
    view: View, tone_hz: float | None, fault: Array, background: Array
) -> tuple[float | None, str]:
    """Where a tone comes to, and whether it stands out there; spectra of shape (lines, 3)."""
    everywhere = "over all of the band"
    nyquist_hz = view.probe.rate_hz / 2
    if tone_hz is None or tone_hz < nyquist_hz:
        return None, f"{everywhere}, from above {nyquist_hz:g} Hz"
    alias_hz = folded_hz(tone_hz, view.probe.rate_hz)
    away = np.abs(np.arange(len(fault)) * LINE_HZ - alias_hz)
    beside = (away > 2 * LINE_HZ) & (away < 12 * LINE_HZ)
    around = np.median((fault + background)[beside], axis=0)
    if (fault[away <= LINE_HZ] > LINE_STANDS_OUT * around).any():
        return alias_hz, f"to a line at {alias_hz:.2f} Hz"
    return alias_hz, f"to {alias_hz:.2f} Hz, no line among what folds {everywhere}"


def _absence(view: View, tone_hz: float | None) -> str:
    if not view.probe.filtered:
        return "too weak beside the healthy vibration"
    corner = view.probe.bandwidth_hz
    if tone_hz is not None and tone_hz < corner:
        return f"its energy lies above {corner:g} Hz, or drowns in the healthy vibration"
    return f"above what passes ({corner:g} Hz)"


def _told(tone_hz: float | None, order: float | None, what: str) -> str:
    known = "broadband" if tone_hz is None else f"{order:.3f}x = {tone_hz:.2f} Hz"
    return f"{known}: {what}"


def _noise_density(view: View) -> Array:
    """Noise and quantisation, g²/Hz on each axis."""
    noise = view.probe.noise_g**2
    return np.asarray((noise + view.probe.sensor.step**2 / 12.0) / (view.probe.rate_hz / 2))


def _largest_ratio(view: View, fault: Array, background: Array) -> float:
    """Largest ratio of fault to background in any third of an octave, on any axis."""
    lines = np.arange(len(fault)) * (view.probe.rate_hz / 2 / len(fault))
    lowest = 0.25 * view.design.rated_hz
    count = int(np.ceil(BANDS_PER_OCTAVE * np.log2(view.probe.rate_hz / 2 / lowest)))
    edges = lowest * 2.0 ** (np.arange(count + 1) / BANDS_PER_OCTAVE)
    starts = np.unique(np.searchsorted(lines, edges[:-1]).clip(1, len(fault) - 1))
    added = np.add.reduceat(fault, starts, axis=0)
    there = np.add.reduceat(background, starts, axis=0)
    return float((added / np.maximum(there, 1e-30)).max())
