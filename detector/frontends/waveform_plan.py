"""The plan of a waveform's front end: what goes together, and what normal data say of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import numpy as np
from scipy import fft

from detector.errors import BundleError, TrainingError
from detector.frontends.plans import WaveformPlan
from detector.frontends.waveforms.bearings import bearing_named
from detector.frontends.waveforms.envelope import impulsiveness, squared_envelope
from detector.frontends.waveforms.severity import limits_of
from detector.records import Values
from detector.sessions.windows import windows

BLOCK_S, HOP_S = 2.0, 1.0
TURNS = 4.0  # in a block; of fewer no order is told
VELOCITY_HZ, SLOW_VELOCITY_HZ = (10.0, 1000.0), (2.0, 1000.0)
SLOW_RPM = 600.0  # at and below it 1x lies at the lower edge of the usual band
TOP = 0.4  # of the rate; above it filters end
ENVELOPE_BANDS = 6
LOWEST_ENVELOPE_HZ = 300.0
WIDTH, STEP = 2.0 ** (2 / 3), 2.0 ** (1 / 3)  # of a band, and from one to the next
FULL_OF_IMPULSES = 4.0  # spectral kurtosis of normal data, twice that of noise
LEAST_SCALE = 1e-9  # units, of a channel that never changes
LOOKED_AT = 64  # blocks of normal data


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What is known of a machine.

    Attributes:
        speed: Channel with the speed, 1/min.
        rpm: Nominal speed, 1/min; None: unknown, or it varies.
        bearing: See ``bearing_named``.
        teeth: Of the pinion on the shaft.
        machine_class: See ``limits_of``.
    """

    speed: str | None = None
    rpm: float | None = None
    bearing: str | None = None
    teeth: int | None = None
    machine_class: str | None = None


def plan_waveform(
    channels: Mapping[str, str],
    rate_hz: float,
    normal: Values,
    machine: Machine,
    *,
    block_s: float = BLOCK_S,
    hop_s: float = HOP_S,
) -> WaveformPlan:
    """Plan a front end for a machine of which normal data are known.

    Args:
        channels: Unit of each of the F channels.
        rate_hz: Samples a second.
        normal: Shape (n, F), consecutive samples of normal running, at least a block.
        machine: What is known of it.
        block_s: Length of a block.
        hop_s: From one block to the next.

    Raises:
        TrainingError: If ``normal`` is shorter than a block.
        BundleError: If the numbers do not go together.
    """
    block = round(block_s * rate_hz)
    if len(normal) < block or block < 1:
        raise TrainingError(
            f"front end waveform: {len(normal)} normal samples at {rate_hz:g} Hz, allowed: at "
            f"least one block of {block_s:g} s, {block} samples"
        )
    slow = machine.rpm is not None and machine.rpm <= SLOW_RPM
    plan = WaveformPlan(
        inputs=tuple(channels),
        units=tuple(channels.values()),
        block=block,
        hop=round(hop_s * rate_hz),
        sampling_period_s=1 / rate_hz,
        scale=tuple(np.maximum(normal.std(axis=0, dtype=np.float64), LEAST_SCALE).tolist()),
        velocity_hz=SLOW_VELOCITY_HZ if slow else VELOCITY_HZ,
        envelope_hz=quiet_bands(normal, block, rate_hz),
        **asdict(machine),
    )
    check(plan)
    return plan


def candidate_bands(rate_hz: float) -> tuple[tuple[float, float], ...]:
    """Bands of two thirds of an octave, a third apart, from where filters end downwards.

    Whatever frequency impacts ring at, one of them has it near its middle. None below
    ``LOWEST_ENVELOPE_HZ``: a slower sensor has no envelope to look at.
    """
    tops = (TOP * rate_hz / STEP**k for k in range(ENVELOPE_BANDS))
    return tuple((top / WIDTH, top) for top in tops if top / WIDTH >= LOWEST_ENVELOPE_HZ)


def quiet_bands(normal: Values, block: int, rate_hz: float) -> tuple[tuple[float, float], ...]:
    """The candidates that normal running does not fill with impulses of its own.

    In a band that is full of them already, small impacts of a bearing are lost. Spectral
    kurtosis tells, as a kurtogram would; where all bands are full, all are kept.

    Args:
        normal: Shape (n, F), at least a block.
        block: Samples.
        rate_hz: Samples a second.
    """
    parts = windows(normal, block)[:: max(block // 2, len(normal) // LOOKED_AT)]
    kept = []
    for low, high in candidate_bands(rate_hz):
        band = round(low * block / rate_hz), round(high * block / rate_hz)
        measured = [_impulsiveness(part, band) for part in parts]
        if np.median(measured) < FULL_OF_IMPULSES:
            kept.append((low, high))
    return tuple(kept) or candidate_bands(rate_hz)


def check(plan: WaveformPlan) -> None:
    """Refuse a plan whose numbers do not go together.

    Raises:
        BundleError: In one line.
    """
    _check_lists(plan)
    nyquist_hz = 0.5 / plan.sampling_period_s if plan.sampling_period_s > 0 else 0.0
    positive = {
        "block": plan.block,
        "hop": plan.hop,
        "sampling_period_s": plan.sampling_period_s,
        "scale": min(plan.scale),
        "rpm": 1.0 if plan.rpm is None else plan.rpm,
        "teeth": 3 if plan.teeth is None else plan.teeth - 2,
    }
    for key, value in positive.items():
        if not (value > 0 and math.isfinite(value)):
            found = plan.teeth if key == "teeth" else value
            allowed = "3 or more" if key == "teeth" else "above 0"
            raise BundleError(f"front end waveform: {key} is {found}, allowed: {allowed}")
    for low, high in (plan.velocity_hz, *plan.envelope_hz):
        if not 0 < low < high or ((low, high) != plan.velocity_hz and high > nyquist_hz):
            raise BundleError(
                f"front end waveform: band {low:g} to {high:g} Hz, allowed: rising, above 0, an "
                f"envelope's up to {nyquist_hz:g} Hz"
            )
    _check_machine(plan)


def _check_lists(plan: WaveformPlan) -> None:
    for key, values in {"units": plan.units, "scale": plan.scale}.items():
        if len(values) != len(plan.inputs) or not values:
            raise BundleError(
                f"front end waveform: {key} has {len(values)} values for {len(plan.inputs)} "
                "inputs, allowed: one for each, and at least one input"
            )


def _check_machine(plan: WaveformPlan) -> None:
    known = plan.speed is not None or plan.rpm is not None
    for key, value in {"bearing": plan.bearing, "teeth": plan.teeth}.items():
        if value is not None and not known:
            raise BundleError(
                f"front end waveform: {key} {value} without a speed, allowed: with a channel that "
                "has it, or a nominal one"
            )
    if plan.bearing is not None:
        bearing_named(plan.bearing)
    if plan.machine_class is not None:
        limits_of(plan.machine_class)


def _impulsiveness(part: Values, band: tuple[int, int]) -> float:
    """Largest of the axes of one block (n, F)."""
    exact = part.astype(np.float64).T
    transform = fft.rfft(exact - exact.mean(axis=-1, keepdims=True), axis=-1)[None]
    return float(impulsiveness(squared_envelope(transform, len(part), band)).max())
