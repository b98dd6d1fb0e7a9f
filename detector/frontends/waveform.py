"""Front end ``waveform``: machines heard at 1 to 25 kHz, told as a vibration analyst tells them.

Per input: ``mean``, ``rms`` about it and ``velocity_rms`` in physical units; ``clipped``, the share
of samples at the largest and smallest value; ``crest``, ``kurtosis``, ``band_LOW_HIGH`` (octaves,
in Hz), ``order0.5`` and on, ``gear_mesh`` and ``gear_sidebands`` as levels in dB. Of all inputs
together: for each band of the envelope ``impulses_LOW_HIGH`` and, where the bearing and the speed
are known, ``outer_…``, ``inner_…``, ``ball_…`` and ``cage_…``: its lines over what is beside them,
in dB, whatever the level is.
"""

from __future__ import annotations

from itertools import compress, pairwise

import numpy as np
import numpy.typing as npt
from scipy import fft

from detector.frontends import waveform_words
from detector.frontends.contract import Keeps
from detector.frontends.plans import WaveformPlan, beside
from detector.frontends.waveform_plan import TURNS, check
from detector.frontends.waveforms.bearings import PARTS, bearing_named
from detector.frontends.waveforms.envelope import (
    SLIP,
    Comb,
    envelope_lines,
    impulsiveness,
    over_turns,
    squared_envelope,
)
from detector.frontends.waveforms.lines import Lines, hann_lines, octaves
from detector.frontends.waveforms.units import MM_S2
from detector.records import Values
from detector.sessions.spectrum import NYQUIST, tracked_amplitudes

Array = npt.NDArray[np.float64]

ALL = "all"  # stands for the input of a column that is of all of them
ORDERS = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0)
SIDEBANDS = (-2, -1, 1, 2)  # orders beside the mesh of a gear
LOWEST_BAND_HZ = 10.0
HARMONICS = {"outer": 3, "inner": 3, "ball": 3, "cage": 8}
NOMINAL_SLIP = 0.02  # where the speed is only nominal
TINY = 1e-9  # units, added to a level so that silence has one
CHUNK = 16  # blocks described at once, so that memory stays bounded
LEAST_DB = 0.1
LEAST_MEAN, LEAST_RMS = 0.25, 0.01  # of an input's deviation
LEAST = {"velocity_rms": 1e-3, "clipped": 5e-3}


class WaveformFrontEnd:
    """See the module.

    Args:
        plan: What a bundle says of it.

    Raises:
        BundleError: If the numbers of the plan do not go together.
    """

    def __init__(self, plan: WaveformPlan) -> None:
        check(plan)
        self.inputs, self.block, self.hop = plan.inputs, plan.block, plan.hop
        self.sampling_period_s = plan.sampling_period_s
        self.conditions = beside(plan)
        self.keeps: Keeps = "columns"
        self._plan = plan
        self._rate_hz = 1 / plan.sampling_period_s
        self._to_mm_s2 = np.array([MM_S2.get(unit, np.nan) for unit in plan.units])
        edges = octaves(LOWEST_BAND_HZ, self._rate_hz / 2)
        self._bands = tuple(pairwise(edges))
        self._orders, self._mesh = _orders(plan), _mesh(plan)
        self._combs = _combs(plan)
        self._own = (
            *("mean", "rms", "velocity_rms", "clipped", "crest", "kurtosis"),
            *(f"band_{low:.0f}_{high:.0f}" for low, high in self._bands),
            *(f"order{order:g}" for order in self._orders),
            *(("gear_mesh", "gear_sidebands") if self._mesh else ()),
        )
        self._kept = [
            not (kind == "velocity_rms" and unit not in MM_S2)
            for unit in plan.units
            for kind in self._own
        ]

    @property
    def columns(self) -> tuple[str, ...]:
        """All of the first input, then all of the next, then those of all together."""
        own = (f"{name}.{kind}" for name in self.inputs for kind in self._own)
        return (*compress(own, self._kept), *(f"{ALL}.{kind}" for kind in self._shared))

    @property
    def units(self) -> tuple[str, ...]:
        """Physical where the analyst reads a size, else dB."""
        own = (
            {"mean": unit, "rms": unit, "velocity_rms": "mm/s", "clipped": ""}.get(kind, "dB")
            for unit in self._plan.units
            for kind in self._own
        )
        return (*compress(own, self._kept), *("dB" for _ in self._shared))

    @property
    def resolution(self) -> tuple[float, ...]:
        """A tenth of a dB, or what is as little; a mean drifts with the sensor's temperature."""
        own = (
            {"mean": LEAST_MEAN * scale, "rms": LEAST_RMS * scale}.get(
                kind, LEAST.get(kind, LEAST_DB)
            )
            for scale in self._plan.scale
            for kind in self._own
        )
        return (*compress(own, self._kept), *(LEAST_DB for _ in self._shared))

    @property
    def groups(self) -> tuple[int, ...]:
        """What is of all inputs counts as the first one's."""
        own = (number for number in range(len(self.inputs)) for _ in self._own)
        return (*compress(own, self._kept), *(0 for _ in self._shared))

    def saying(self, column: str) -> str:
        """See ``FrontEnd``."""
        return waveform_words.saying(column, self._plan)

    def describe(self, blocks: Values, conditions: Values) -> Values:
        """See ``FrontEnd``; orders are NaN where the shaft turned less than ``TURNS`` times.

        That holds for a speed of 0 too, and one that is missing.
        """
        found = np.empty((len(blocks), len(self.columns)), np.float32)
        for first in range(0, len(blocks), CHUNK):
            part = slice(first, first + CHUNK)
            found[part] = self._describe(blocks[part], conditions[part])
        return found

    def _describe(self, blocks: Values, conditions: Values) -> Array:
        exact = blocks.astype(np.float64).transpose(0, 2, 1)  # (B, F, n)
        mean = exact.mean(axis=-1, keepdims=True)
        centred = exact - mean
        transform = fft.rfft(centred, axis=-1)
        turns = self._turns(conditions, len(blocks))
        own = np.concatenate(
            [
                mean,
                self._sizes(centred, hann_lines(transform, self.block, self._rate_hz)),
                self._order_levels(centred, turns),
            ],
            axis=-1,
        ).reshape(len(blocks), len(self._kept))
        return np.concatenate([own[:, self._kept], self._envelopes(transform, turns)], axis=1)

    def _sizes(self, centred: Array, lines: Lines) -> Array:
        """Rms, velocity, crest, kurtosis and bands, shape (B, F, kinds)."""
        square = centred**2
        mean_square = square.mean(axis=-1)
        velocity = np.sqrt(lines.integrated(*self._plan.velocity_hz)) * self._to_mm_s2
        floor = TINY**2
        crest = _db((square.max(axis=-1) + floor) / (mean_square + floor))
        fourth = (square**2).mean(axis=-1)
        kurtosis = _db((fourth + 3 * floor**2) / (mean_square + floor) ** 2)
        clipped = _at_extremes(centred)
        sizes = np.stack([np.sqrt(mean_square), velocity, clipped, crest, kurtosis], axis=-1)
        return np.concatenate([sizes, _db(lines.mean_squares(self._bands) + floor)], axis=-1)

    def _turns(self, conditions: Values, count: int) -> Array:
        """Turns made at each sample since the block began, shape (B, n); NaN: unknown."""
        if self._plan.speed is not None:
            rpm = conditions[:, :, 0].astype(np.float64)
        else:
            rpm = np.full((count, self.block), self._plan.rpm or np.nan)
        rpm[~(rpm > 0).all(axis=1)] = np.nan
        turns = np.cumsum(rpm, axis=1) * (self.sampling_period_s / 60)
        turns[turns[:, -1] < TURNS] = np.nan
        return np.asarray(turns)

    def _order_levels(self, centred: Array, turns: Array) -> Array:
        """Levels of the shaft's orders and of the gear's, shape (B, F, kinds)."""
        orders = np.array([*self._orders, *self._mesh], np.float64)
        amplitudes = tracked_amplitudes(centred, orders, turns)
        fastest = np.diff(turns, axis=1).max(axis=1)[:, None] * orders
        power = np.where((fastest < NYQUIST)[:, None, :], amplitudes**2 / 2, np.nan)
        first = len(self._orders)
        shaft, mesh, sides = np.split(power, [first, first + 1], axis=-1)
        if self._mesh:
            shaft = np.concatenate([shaft, mesh, sides.sum(axis=-1, keepdims=True)], axis=-1)
        return _db(shaft + TINY**2)

    def _envelopes(self, transform: npt.NDArray[np.complex128], turns: Array) -> Array:
        """Columns of all inputs together, shape (B, kinds)."""
        step_hz = self._rate_hz / self.block
        columns = []
        for low, high in self._plan.envelope_hz:
            band = round(low / step_hz), round(high / step_hz)
            envelope = squared_envelope(transform, self.block, band)
            columns.append(impulsiveness(envelope).mean(axis=1))
            columns += self._parts(envelope.sum(axis=1), turns)
        empty = np.empty((len(turns), 0))
        return _db(np.stack(columns, axis=1)) if columns else empty

    def _parts(self, envelope: Array, turns: Array) -> list[Array]:
        """Each part's lines over their neighbourhood, shape (B,) each."""
        if not self._combs:
            return []
        if self._plan.speed is not None:
            envelope = over_turns(envelope, turns)
        power = envelope_lines(envelope)
        return [comb.over_neighbourhood(power, turns[:, -1]) for comb in self._combs]

    @property
    def _shared(self) -> tuple[str, ...]:
        kinds = ("impulses", *(PARTS if self._combs else ()))
        bands = (f"{low:.0f}_{high:.0f}" for low, high in self._plan.envelope_hz)
        return tuple(f"{kind}_{band}" for band in bands for kind in kinds)


def _orders(plan: WaveformPlan) -> tuple[float, ...]:
    """Those of the shaft that can be shown at the nominal speed, all if it varies."""
    if plan.speed is None and plan.rpm is None:
        return ()
    turns_per_sample = (plan.rpm or 0.0) / 60 * plan.sampling_period_s
    if plan.rpm is not None and turns_per_sample * plan.block < TURNS:
        return ()
    return tuple(order for order in ORDERS if order * turns_per_sample < NYQUIST)


def _mesh(plan: WaveformPlan) -> tuple[float, ...]:
    """Orders of the gear's mesh and of what is beside it, where they can be shown."""
    if plan.teeth is None or not _orders(plan):
        return ()
    turns_per_sample = (plan.rpm or 0.0) / 60 * plan.sampling_period_s
    mesh = (plan.teeth, *(plan.teeth + side for side in SIDEBANDS))
    return mesh if max(mesh) * turns_per_sample < NYQUIST else ()


def _combs(plan: WaveformPlan) -> tuple[Comb, ...]:
    if plan.bearing is None or not _orders(plan):
        return ()
    bearing = bearing_named(plan.bearing)
    slip = SLIP if plan.speed is not None else NOMINAL_SLIP
    return tuple(Comb(bearing.order(part), HARMONICS[part], slip) for part in PARTS)


def _at_extremes(centred: Array) -> Array:
    """Share of samples at the largest or smallest value, shape (B, F); one of each is no sign."""
    ends = centred.max(axis=-1, keepdims=True), centred.min(axis=-1, keepdims=True)
    count = sum((centred == end).sum(axis=-1) for end in ends)
    return np.asarray(np.clip((count - 2) / centred.shape[-1], 0.0, 1.0))


def _db(power: Array) -> Array:
    return np.asarray(10 * np.log10(power))
