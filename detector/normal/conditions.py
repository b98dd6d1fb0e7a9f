"""Conditions: channels that say what is normal now, such as speed, load or temperature.

The centre of a feature follows them with few parameters: a and b for the logarithm of the speed and
its square, one for each other channel. They are fitted on normal running, kept where they lower the
error in sessions that were held out, and hold within the range that was seen.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from detector.normal.level import mean_of
from detector.records import Flags

Array = npt.NDArray[np.float64]
SPEEDS = {"rpm"}  # enter by their logarithm
BEYOND = 0.05  # of the range seen, that is still inside
LEAST_GAIN = 0.05  # of the held-out squared error that a feature's conditions must save
MOST_ROWS = 200_000
FOLDS = 5


class Conditions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the centre of each feature follows conditions.

    Attributes:
        channels: Their names.
        low: Lowest value of each in normal running.
        high: Highest value, above ``low``.
        weights: Per feature one number for each column of ``basis``, in the feature's unit.
    """

    channels: tuple[str, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    weights: tuple[tuple[float, ...], ...]

    def centre(self, values: npt.NDArray[np.floating]) -> Array:
        """What to take off F features at samples of shape (n, C); shape (n, F)."""
        found = basis(self.channels, self.low, self.high, values) @ np.array(self.weights).T
        return np.asarray(found)

    def outside(self, values: npt.NDArray[np.floating]) -> Flags:
        """Which conditions are outside what was learnt, at samples of shape (n, C)."""
        low, high = np.array(self.low), np.array(self.high)
        room = BEYOND * (high - low)
        with np.errstate(invalid="ignore"):
            return np.asarray((values < low - room) | (values > high + room))

    def told(self, values: npt.NDArray[np.floating]) -> str | None:
        """What is outside at one sample of shape (C,), in words; None: nothing is."""
        found = [
            f"{name} {value:g} (learnt {low:g} to {high:g})"
            for name, value, low, high, is_outside in zip(
                self.channels, values.tolist(), self.low, self.high,
                self.outside(values[None])[0].tolist(), strict=True,
            )
            if is_outside
        ]  # fmt: skip
        return f"outside what it has learnt: {', '.join(found)}" if found else None


class Followed:
    """The conditions of one device: what they add to its centres, and whether they were learnt.

    Args:
        conditions: Of its model; None: there are none.
        features: The columns of its samples, those of the conditions among them.

    Attributes:
        outside: What of the sample looked at last is outside what was learnt, in words; or None.
    """

    def __init__(self, conditions: Conditions | None, features: Sequence[str]) -> None:
        self._conditions = conditions
        channels = () if conditions is None else conditions.channels
        self.columns = [features.index(name) for name in channels]
        self.outside: str | None = None

    def centre(self, samples: npt.NDArray[np.floating]) -> Array | float:
        """Added to the centres of F features, shape (n, F); 0 where nothing is followed."""
        conditions = self._conditions
        return 0.0 if conditions is None else conditions.centre(samples[:, self.columns])

    def look(self, samples: npt.NDArray[np.floating]) -> None:
        """Whether the conditions of the newest of some samples are ones that the model has seen."""
        if self._conditions is not None and len(samples):
            self.outside = self._conditions.told(samples[-1, self.columns].astype(np.float64))


def basis(
    channels: Sequence[str],
    low: Sequence[float],
    high: Sequence[float],
    values: npt.NDArray[np.floating],
) -> Array:
    """Columns that centres are made of, each within -0.5..0.5, shape (n, P)."""
    columns = []
    for name, least, most, column in zip(channels, low, high, values.T, strict=True):
        inside = np.clip(column.astype(np.float64), least, most)
        if name.lower() in SPEEDS and least > 0:
            place = np.log(inside / least) / np.log(most / least) - 0.5
            columns += [place, 2 * place**2 - 0.25]
        else:
            columns.append((inside - least) / (most - least) - 0.5)
    return np.stack(columns, axis=1)


def fit_conditions(
    channels: Sequence[str],
    features: Sequence[npt.NDArray[np.floating]],
    values: Sequence[npt.NDArray[np.floating]],
) -> Conditions | None:
    """Fit centres to normal running, in float64.

    Args:
        channels: The C conditions.
        features: Per session of shape (n, F); NaN where one is missing.
        values: Per session of shape (n, C).

    Returns:
        Conditions that vary, with weights of 0 for features that they do not help; None where they
        help none.
    """
    union = np.concatenate(values).astype(np.float64)
    low, high = union.min(axis=0), union.max(axis=0)
    varies = [int(c) for c in np.flatnonzero(high - low > 1e-6 * np.maximum(np.abs(high), 1.0))]
    if not varies:
        return None
    names = tuple(channels[c] for c in varies)
    reach = tuple(low[varies].tolist()), tuple(high[varies].tolist())
    step = max(sum(map(len, values)) // MOST_ROWS, 1)
    seen = [one[::step].astype(np.float64) for one in features]
    given = [basis(names, *reach, one[::step][:, varies]) for one in values]
    helps = _helps(seen, given)
    if not helps.any():
        return None
    lines = _lines(np.concatenate(seen), np.concatenate(given))
    weights = np.where(helps[:, None], lines[:, 1:], 0.0)
    return Conditions(names, *reach, tuple(tuple(row) for row in weights.tolist()))


def _lines(seen: Array, given: Array) -> Array:
    """Least squares over the rows that show a feature: a constant, then slopes, (F, 1 + P)."""
    columns = np.column_stack([np.ones(len(given)), given])
    shown = ~np.isnan(seen)
    if shown.all():
        return np.asarray(np.linalg.lstsq(columns, seen, rcond=None)[0].T)
    each = [_lines(seen[rows, f, None], given[rows])[0] for f, rows in enumerate(shown.T)]
    return np.stack(each)


def _helps(seen: Sequence[Array], given: Sequence[Array]) -> Flags:
    """Per feature, whether held-out sessions, or parts of a few, are nearer to their centre."""
    if len(seen) < FOLDS:
        seen = [part for one in seen for part in np.array_split(one, FOLDS)]
        given = [part for one in given for part in np.array_split(one, FOLDS)]
    without, with_them = np.zeros((2, seen[0].shape[1]))
    for fold in range(FOLDS):
        held = [number % FOLDS == fold for number in range(len(seen))]
        learn, test = (
            [np.concatenate([one for one, is_held in zip(parts, held, strict=True)
                             if is_held is wanted]) for parts in (seen, given)]
            for wanted in (False, True)
        )  # fmt: skip
        lines = _lines(*learn)
        without += np.nansum((test[0] - mean_of(learn[0])) ** 2, axis=0)
        with_them += np.nansum((test[0] - lines[:, 0] - test[1] @ lines[:, 1:].T) ** 2, axis=0)
    return np.asarray(with_them < (1 - LEAST_GAIN) * without)
