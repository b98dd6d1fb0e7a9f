"""What a sensor can see of each machine fault, and what it cannot.

The fault and the healthy machine are synthesised apart at the internal rate; their spectra are
then led through the sensor's filter, folded at its output rate and laid over its noise. A fault
is *visible* where it doubles the power of some third of an octave below the Nyquist frequency, or
of the line it is known by (an order of the shaft, the mesh of a gear), or where its lines stand out
in the envelope of what the sensor reports; *aliased* where only what folds back from above does,
*below the noise* where it would double a band's power for a sensor without noise, and else
*invisible*.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from simulator.machines.damage import Damage
from simulator.machines.designs import MotorDesign
from simulator.machines.envelopes import STANDS_OUT, Reported, bands_of, standing_out
from simulator.machines.faults import MACHINE_FAULTS
from simulator.machines.motor import Motor, check_speed, internal_factor
from simulator.machines.profile import CALM, STEADY
from simulator.machines.sensor import FILTER_ORDER, GRAVITY_G, SENSORS, Probe

Array = NDArray[np.float64]
Verdict = Literal["visible", "aliased", "below the noise", "invisible"]
Trace = Literal["band", "line", "envelope", "nothing"]

SECONDS = 24.0
ENVELOPE_S = 16.0
LINE_HZ = 0.5  # resolution of the spectra
NOTICEABLE = 1.0  # of the power in a band; its rms grows by 41 %
BANDS_PER_OCTAVE = 3
COHERENT = 0.5  # of the coherence: more is one tone, less is chance
TONE_LINES = 2  # on either side, of a tone behind its window
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
        by: Where it shows: a band's power, the power of its line, its lines in the envelope.
    """

    family: str
    verdict: Verdict
    alias_hz: float | None
    gain: float
    reason: str
    by: Trace = "nothing"


def look(
    view: View, severity: float = 0.5, families: Collection[str] = tuple(MACHINE_FAULTS)
) -> list[Sight]:
    """Judge families of machine faults, all of them by default.

    Raises:
        SimulatorError: If 1x does not lie below the Nyquist frequency.
    """
    check_speed(view.design.rpm, view.probe.rate_hz)
    rate_hz = _internal_hz(view)
    healthy = _reported(view, _alone(view.design, rate_hz)[1])
    heard = _heard(view, None, 0.0) if bands_of(view.probe.rate_hz) else None
    sights = []
    for family in families:
        fault = _reported(view, _with(view.design, rate_hz, family, severity))
        sight = _judge(view, family, healthy, fault)
        if heard is not None and sight.verdict in {"below the noise", "invisible"}:
            sight = _listened(view, sight, severity, heard, fault)
        sights.append(sight)
    return sights


def _heard(view: View, family: str | None, severity: float) -> Reported:
    """What the sensor reports; the same seed each time."""
    motor = _motor(view.design, view.probe, family, severity)
    samples = motor.block(round(ENVELOPE_S * view.probe.rate_hz))
    return Reported(samples.acc, samples.rpm, view.probe.rate_hz)


def _listened(
    view: View, sight: Sight, severity: float, healthy: Reported, fault: tuple[Array, Array]
) -> Sight:
    """The same with an ear on the envelope, if the fault is a bearing's."""
    order = characteristic_order(view.design, sight.family)
    if not sight.family.startswith("bearing_") or order is None:
        return sight
    heard = _heard(view, sight.family, severity)
    away, where = standing_out(healthy, heard, order)
    if away < STANDS_OUT:
        return sight
    verdict: Verdict = "visible" if fault[0].sum() >= fault[1].sum() else "aliased"
    reason = f"lines of {order:.3f}x in the envelope of {where}"
    return replace(sight, verdict=verdict, reason=reason, by="envelope")


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


@lru_cache(maxsize=4)
def _alone(design: MotorDesign, rate_hz: float) -> tuple[Array, Array]:
    """The healthy machine: its acceleration, and its power density of shape (lines, 3), g²/Hz."""
    alone = _shaken(design, rate_hz, None, 0.0)
    return alone, _cross_power(rate_hz, alone, alone).real


@lru_cache(maxsize=64)
def _with(design: MotorDesign, rate_hz: float, family: str, severity: float) -> Array:
    """Power density of a machine with a fault; kept, as many sensors are held against it."""
    alone, power = _alone(design, rate_hz)
    return _added(rate_hz, alone, power, _shaken(design, rate_hz, family, severity) - alone)


def _shaken(design: MotorDesign, rate_hz: float, family: str | None, severity: float) -> Array:
    """True acceleration at the internal rate, shape (n, 3), g; the same seed each time."""
    motor = _motor(design, Probe(SENSORS["ideal"], rate_hz, filtered=False), family, severity)
    return np.asarray(motor.block(round(SECONDS * rate_hz)).acc - GRAVITY_G)


def _motor(design: MotorDesign, probe: Probe, family: str | None, severity: float) -> Motor:
    return Motor(
        design,
        seed=1,
        probe=probe,
        habits=replace(CALM, durations=STEADY),
        begin_running=True,
        damages=[Damage(family, severity, 0.0, 0.0, 1e9)] if family else [],
    )


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
        return Sight(family, "visible", None, gain, _told(tone_hz, order, "in band"), "band")
    if _line_ratio(view, family, tone_hz, fault[0], background) >= NOTICEABLE:
        return Sight(family, "visible", None, gain, _told(tone_hz, order, "as a line"), "line")
    if with_folded >= NOTICEABLE:
        alias, where = _alias(view, tone_hz, fault[0] + fault[1], background)
        return Sight(
            family, "aliased", alias, gain, _told(tone_hz, order, f"folds {where}"), "band"
        )
    if noiseless >= NOTICEABLE:
        why = "weaker than the sensor's noise or step"
        return Sight(family, "below the noise", None, gain, _told(tone_hz, order, why))
    return Sight(family, "invisible", None, gain, _told(tone_hz, order, _absence(view, tone_hz)))


def _line_ratio(
    view: View, family: str, tone_hz: float | None, fault: Array, background: Array
) -> float:
    """Fault over background in the line of a tone below the Nyquist frequency, on any axis.

    A bearing is known by impacts: its lines are those of the envelope.
    """
    if tone_hz is None or tone_hz >= view.probe.rate_hz / 2 or family.startswith("bearing_"):
        return 0.0
    near = np.abs(np.arange(len(fault)) * LINE_HZ - tone_hz) <= TONE_LINES * LINE_HZ
    return float((fault[near].sum(axis=0) / (background[near].sum(axis=0) + 1e-30)).max())


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
    if not view.probe.filtered or tone_hz is None:
        return "too weak beside the healthy vibration, or above what passes"
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
