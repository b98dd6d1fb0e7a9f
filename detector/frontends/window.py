"""Front end ``window``: machines at tens to hundreds of Hz, told by blocks of about a second.

Per input: ``mean``; ``rms`` about it, ``crest``, ``kurtosis``, ``band1`` and on, from low to high
frequency, and ``order0.5`` to ``order3`` as levels in dB; ``repeats``, the share of samples that
repeat the one before. Orders follow the speed sample by sample, so that a ramp does not smear them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from detector.errors import BundleError, TrainingError
from detector.frontends import words
from detector.frontends.contract import Keeps
from detector.frontends.plans import WindowPlan, beside
from detector.records import Flags, Values
from detector.sessions.representation import FLOOR, WindowFeatures
from detector.sessions.spectrum import ORDERS, tracked_amplitudes, without_orders
from detector.sessions.windows import flatness

Array = npt.NDArray[np.float64]

DB = 20 / np.log(10)  # of a natural logarithm of an amplitude
CHUNK = 512  # blocks described at once, so that memory stays bounded
LEAST_SHARE, LEAST_DB, LEAST_REPEATS = 1e-3, 0.1, 0.05
OF_ALL = 2  # kinds that are always of the whole signal: the mean and the rms about it
TURN = 1.0  # an order is shown that goes round so often in a block


class WindowFrontEnd:
    """See the module.

    Args:
        plan: What a bundle says of it.

    Raises:
        BundleError: If the numbers of the plan do not go together.
    """

    def __init__(self, plan: WindowPlan) -> None:
        _check(plan)
        self.inputs, self.block, self.hop = plan.inputs, plan.block, plan.hop
        self.sampling_period_s = plan.sampling_period_s
        self.conditions = beside(plan)
        self.keeps: Keeps = "samples"
        self._plan = plan
        self._has_orders = plan.speed is not None or plan.rpm is not None
        self._shape = _shape_of(plan)
        self._orders = np.asarray(ORDERS if self._has_orders else ())
        self._kinds = (*self._shape.kinds, *(f"order{o:g}" for o in self._orders), "repeats")
        self._gain, self._offset = self._to_units()

    @property
    def columns(self) -> tuple[str, ...]:
        """All of the first input, then all of the next."""
        return tuple(f"{name}.{kind}" for name in self.inputs for kind in self._kinds)

    @property
    def units(self) -> tuple[str, ...]:
        """The mean has the unit of its input."""
        others = {"repeats": ""}
        return tuple(
            unit if kind == "mean" else others.get(kind, "dB")
            for unit in self._plan.units
            for kind in self._kinds
        )

    @property
    def resolution(self) -> tuple[float, ...]:
        """A thousandth of an input's deviation, a tenth of a dB, one repeat in twenty."""
        return tuple(
            {"mean": LEAST_SHARE * scale, "repeats": LEAST_REPEATS}.get(kind, LEAST_DB)
            for scale in self._plan.scale
            for kind in self._kinds
        )

    @property
    def groups(self) -> tuple[int, ...]:
        """Every input has as many columns."""
        return tuple(number for number in range(len(self.inputs)) for _ in self._kinds)

    def saying(self, column: str) -> str:
        """See ``FrontEnd``."""
        return words.called(column)

    def describe(self, blocks: Values, conditions: Values) -> Values:
        """See ``FrontEnd``; an order without a turn in the block, or too fast for it, is NaN."""
        found = np.empty((len(blocks), len(self.columns)), np.float32)
        for first in range(0, len(blocks), CHUNK):
            part = slice(first, first + CHUNK)
            found[part] = self._describe(blocks[part], conditions[part])
        return found

    def _describe(self, blocks: Values, conditions: Values) -> Array:
        count, width = len(blocks), len(self.inputs)
        exact = (blocks - np.asarray(self._plan.centre)) / np.asarray(self._plan.scale)
        scaled = exact.astype(np.float32)
        parts = [self._shape.represent(scaled).reshape(count, width, -1).astype(np.float64)]
        if self._has_orders:
            centred = (exact - exact.mean(axis=1, keepdims=True)).transpose(0, 2, 1)  # (B, F, n)
            turns = self._turns(conditions)
            if self._plan.rest:
                parts[0][..., OF_ALL:] = self._rest(centred, turns)[..., OF_ALL:]
            parts.append(self._levels(centred, turns))
        parts.append(flatness(scaled)[..., None])
        described = np.concatenate(parts, axis=-1).reshape(count, -1)  # (B, F · kinds)
        return np.asarray(described * self._gain + self._offset)

    def _rest(self, centred: Array, turns: Array) -> Array:
        """The same as of the whole signal, (B, F, kinds without orders and repeats)."""
        left = without_orders(centred, turns).transpose(0, 2, 1)
        described = self._shape.represent(left.astype(np.float32))
        return described.reshape(*centred.shape[:2], -1).astype(np.float64)

    def _levels(self, centred: Array, turns: Array) -> Array:
        """Log amplitudes (B, F, orders)."""
        amplitudes = tracked_amplitudes(centred, self._orders, turns)
        shown = self._shown(turns)[:, None, :]
        return np.where(shown, np.log(amplitudes + FLOOR**0.5), np.nan)

    def _turns(self, conditions: Values) -> Array:
        """Turns made at each sample since the block began, shape (B, n)."""
        if self._plan.speed is None:
            rpm = np.full((len(conditions), self.block), self._plan.rpm, np.float64)
        else:
            rpm = conditions[:, :, 0].astype(np.float64)
        made = np.cumsum(rpm, axis=1) / 60 * self.sampling_period_s
        return np.asarray(made - made[:, :1])

    def _shown(self, turns: Array) -> Flags:
        """Which orders each block can show at the speed it had, shape (B, orders)."""
        made = np.abs(turns[:, -1:]) * self._orders  # either way round
        fastest = np.abs(np.diff(turns, axis=1)).max(axis=1, keepdims=True) * self._orders
        return np.asarray((made >= TURN) & (fastest < self._plan.highest))

    def _to_units(self) -> tuple[Array, Array]:
        """Gain and offset per column: from logarithms of scaled units to dB of the input's."""
        gains = {"mean": 1.0, "kurtosis": DB / 2, "repeats": 1.0}
        without_size = {"crest", "kurtosis", "repeats"}
        gain, offset = [], []
        for centre, scale in zip(self._plan.centre, self._plan.scale, strict=True):
            for kind in self._kinds:
                gain.append(scale if kind == "mean" else gains.get(kind, DB))
                level = 0.0 if kind in without_size else DB * float(np.log(scale))
                offset.append(centre if kind == "mean" else level)
        return np.asarray(gain), np.asarray(offset)


def _shape_of(plan: WindowPlan) -> WindowFeatures:
    try:
        return WindowFeatures(features=plan.inputs, window=plan.block, bands=plan.bands)
    except TrainingError as error:
        raise BundleError(f"front end window: {error}") from None


def _check(plan: WindowPlan) -> None:
    lists = {"units": plan.units, "centre": plan.centre, "scale": plan.scale}
    for key, values in lists.items():
        if len(values) != len(plan.inputs) or not values:
            raise BundleError(
                f"front end window: {key} has {len(values)} values for {len(plan.inputs)} inputs, "
                "allowed: one for each, and at least one input"
            )
    positive = {
        "block": plan.block,
        "hop": plan.hop,
        "sampling_period_s": plan.sampling_period_s,
        "scale": min(plan.scale),
        "rpm": 1.0 if plan.rpm is None else plan.rpm,
    }
    for key, value in positive.items():
        if not value > 0:
            raise BundleError(f"front end window: {key} is {value}, allowed: above 0")
