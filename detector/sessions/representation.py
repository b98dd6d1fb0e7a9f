"""What a model sees of a window: its raw samples, or features of its segments.

Everything looks at one window alone, is computed in float64 and is finite for constant input.
Columns of features have different units, so they are scaled once more, see ``fit_columns``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from detector.errors import TrainingError
from detector.records import Values
from detector.sessions.spectrum import band_edges, band_energies, order_amplitudes, visible_orders
from detector.sessions.windows import spread_evenly

Array = npt.NDArray[np.float64]

REPRESENTATIONS = ("raw", "features")
FLOOR = 1e-6  # scaled units squared, added to a variance before its logarithm: 0.001 sd
MIN_SEGMENT = 8  # samples; a kurtosis or a spectrum of fewer says nothing
CHUNK = 1024  # windows computed at once, so that memory stays bounded
FIT_WINDOWS = 20_000  # most windows the second scaling is fitted to


class Representation(Protocol):
    """Windows (B, L, F) in scaled units to model input (B, S, K)."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The K names."""

    @property
    def groups(self) -> tuple[int, ...]:
        """For each column the index of the raw feature it comes from."""

    @property
    def shape(self) -> tuple[int, int]:
        """(S, K)."""

    def represent(self, windows: Values) -> Values:
        """Shape (B, S, K) of windows (B, L, F) in scaled units; a view will do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """The samples as they are.

    Attributes:
        features: The F names.
        window: L, samples.
    """

    features: tuple[str, ...]
    window: int

    @property
    def columns(self) -> tuple[str, ...]:
        """The F names."""
        return self.features

    @property
    def groups(self) -> tuple[int, ...]:
        """Every feature is its own."""
        return tuple(range(len(self.features)))

    @property
    def shape(self) -> tuple[int, int]:
        """(L, F)."""
        return self.window, len(self.features)

    def represent(self, windows: Values) -> Values:
        """The windows themselves."""
        return windows


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowFeatures:
    """Level, size, shape and spectrum of each segment of a window.

    Per raw feature: ``mean``; ``rms`` about the mean, ``crest`` (peak to rms), ``kurtosis``,
    ``band1`` and on (energy from low to high frequency) and, where the speed is known,
    ``order0.5`` to ``order3`` (amplitude at multiples of the speed), all but the mean as
    logarithms: faults multiply. An order at or above the Nyquist frequency, or with less than one
    turn in a segment, is left out.

    Attributes:
        features: The F names.
        window: L, samples.
        segments: S, equal parts of a window; a remainder is left out at its old end. One for a
            reference, which asks how far a whole window is from normal; four for a network that
            reads a sequence, if four revolutions and more are in each.
        bands: Of equal width on a logarithmic axis, at least 1.
        sampling_period_s: Seconds between samples; with ``rpm``, or None.
        rpm: Nominal speed; with ``sampling_period_s``, or None.

    Raises:
        TrainingError: If a segment is too short for its features, or only one of period and
            speed is given.
    """

    features: tuple[str, ...]
    window: int
    segments: int = 1
    bands: int = 3
    sampling_period_s: float | None = None
    rpm: float | None = None

    def __post_init__(self) -> None:
        needed = max(MIN_SEGMENT, 2 * self.bands)
        if self.segments < 1 or self.bands < 1 or self.length < needed:
            raise TrainingError(
                f"features: windows of {self.window} samples in {self.segments} segments and "
                f"{self.bands} bands, allowed: 1 segment and 1 band or more, with at least "
                f"{needed} samples in a segment"
            )
        known = [value for value in (self.sampling_period_s, self.rpm) if value is not None]
        if len(known) == 1 or any(value <= 0 for value in known):
            raise TrainingError(
                f"features: sampling period {self.sampling_period_s}, rpm {self.rpm}, allowed: "
                "both above 0 or neither"
            )

    @classmethod
    def planned(
        cls,
        features: tuple[str, ...],
        window: int,
        period_s: float,
        *,
        segments: int,
        bands: int,
        rpm: float | None,
    ) -> WindowFeatures:
        """As a recipe or a bundle has it: the period counts only where the speed is known.

        Raises:
            TrainingError: If a segment is too short for its features.
        """
        return cls(
            features=features,
            window=window,
            segments=segments,
            bands=bands,
            sampling_period_s=None if rpm is None else period_s,
            rpm=rpm,
        )

    @property
    def length(self) -> int:
        """Samples in a segment."""
        return self.window // max(self.segments, 1)

    @property
    def orders(self) -> tuple[float, ...]:
        """Multiples of the speed that a segment can show."""
        return visible_orders(self.length, self._turns_per_sample)

    @property
    def kinds(self) -> tuple[str, ...]:
        """Column names without the feature."""
        bands = [f"band{number + 1}" for number in range(self.bands)]
        orders = [f"order{order:g}" for order in self.orders]
        return ("mean", "rms", "crest", "kurtosis", *bands, *orders)

    @property
    def columns(self) -> tuple[str, ...]:
        """For example ``acc_x.rms``; all of the first feature, then all of the next."""
        return tuple(f"{feature}.{kind}" for feature in self.features for kind in self.kinds)

    @property
    def groups(self) -> tuple[int, ...]:
        """For each column the index of the raw feature it comes from."""
        return tuple(i for i in range(len(self.features)) for _ in self.kinds)

    @property
    def shape(self) -> tuple[int, int]:
        """(S, K)."""
        return self.segments, len(self.features) * len(self.kinds)

    def represent(self, windows: Values) -> Values:
        """See ``Representation.represent``."""
        found = np.empty((len(windows), *self.shape), np.float32)
        for first in range(0, len(windows), CHUNK):
            found[first : first + CHUNK] = self._describe(windows[first : first + CHUNK])
        return found

    def _describe(self, windows: Values) -> Array:
        count, _, width = windows.shape
        newest = windows[:, -self.segments * self.length :].transpose(0, 2, 1)  # (B, F, S·n)
        parts = newest.reshape(count, width, self.segments, self.length).astype(np.float64)
        mean = parts.mean(axis=-1, keepdims=True)  # (B, F, S, 1)
        centred = parts - mean
        edges = band_edges(self.length, self.bands)
        columns = [
            mean,
            _shape(centred),
            0.5 * np.log(band_energies(centred, edges) + FLOOR),
            np.log(order_amplitudes(centred, self.orders, self._turns_per_sample) + FLOOR**0.5),
        ]
        described = np.concatenate(columns, axis=-1)  # (B, F, S, kinds)
        return described.transpose(0, 2, 1, 3).reshape(count, *self.shape)

    @property
    def _turns_per_sample(self) -> float | None:
        if self.rpm is None or self.sampling_period_s is None:
            return None
        return self.rpm / 60 * self.sampling_period_s


def _shape(centred: Array) -> Array:
    """Log rms, crest and kurtosis (..., 3) of segments (..., n) about their mean."""
    squared = centred**2
    variance, peak_squared = squared.mean(axis=-1), squared.max(axis=-1)
    fourth = (squared**2).mean(axis=-1)
    rms = 0.5 * np.log(variance + FLOOR)
    crest = 0.5 * np.log(peak_squared + FLOOR) - rms
    # A constant segment gets the kurtosis of noise, 3, as if it had noise of the floor's size.
    kurtosis = np.log((fourth + 3 * FLOOR**2) / (variance + FLOOR) ** 2)
    return np.stack([rms, crest, kurtosis], axis=-1)


@dataclass(frozen=True, slots=True)
class ColumnScaling:
    """The second scaling: ``(column - centre) / scale``.

    Attributes:
        centre: K values.
        scale: K values, > 0.
    """

    centre: tuple[float, ...]
    scale: tuple[float, ...]

    def apply(self, represented: Values) -> Values:
        """Shape (B, S, K) in units of the training windows' deviation, computed in float64."""
        exact = (represented.astype(np.float64) - self.centre) / np.asarray(self.scale)
        scaled: Values = exact.astype(np.float32)
        return scaled


def fit_columns(representation: Representation, windows: Values) -> ColumnScaling:
    """Mean and deviation of each column over training windows and segments, in float64.

    Args:
        representation: How windows are represented.
        windows: Shape (B, L, F) in scaled units, a view will do; long ones are spread evenly.

    Returns:
        A scaling; a column that never changes is only centred.

    Raises:
        TrainingError: If there is no window.
    """
    if not len(windows):
        raise TrainingError("features: no training window, allowed: at least 1")
    seen = representation.represent(spread_evenly(windows, FIT_WINDOWS))
    exact = seen.reshape(-1, seen.shape[2]).astype(np.float64)
    deviation = exact.std(axis=0)
    scale = np.where(deviation > FLOOR, deviation, 1.0)
    return ColumnScaling(tuple(exact.mean(axis=0).tolist()), tuple(scale.tolist()))
