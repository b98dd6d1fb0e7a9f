"""Conditions: channels that say what is normal now, such as speed, load or temperature.

The centre of a feature follows them with few parameters: a value at each of some places along the
logarithm of the speed, with straight lines between them, and one for each other channel. They are
fitted on normal running, kept where they lower the error in sessions that were held out, and hold
within the range that was seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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
STEP = 0.08  # of the speed from one place to the next, as a share of it
MOST_PLACES = 33
BEND = 1e-3  # of the rows at a place: how much a bend there costs, so that gaps are bridged


class Conditions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the centre of each feature follows conditions.

    Attributes:
        channels: Their names.
        low: Lowest value of each in normal running.
        high: Highest value, above ``low``.
        weights: Per feature one number for each column of ``columns``, in the feature's unit.
        knots: Places along the range of each speed; 0: a logarithm and its square instead.
    """

    channels: tuple[str, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    weights: tuple[tuple[float, ...], ...]
    knots: int = 0

    def fits(self, features: int) -> bool:
        """Whether there is a row for each of so many features, and a range for each channel."""
        ranges = len(self.channels) == len(self.low) == len(self.high)
        return (
            ranges
            and len(self.weights) == features
            and all(low < high for low, high in zip(self.low, self.high, strict=True))
            and {len(row) for row in self.weights} == {self.columns(np.array([self.low])).shape[1]}
        )

    def centre(self, values: npt.NDArray[np.floating]) -> Array:
        """What to take off F features at samples of shape (n, C); shape (n, F)."""
        return np.asarray(self.columns(values) @ np.array(self.weights).T)

    def columns(self, values: npt.NDArray[np.floating]) -> Array:
        """Columns that centres are made of, each of size 1 and less, shape (n, P)."""
        each = [
            self._speed(place) if self._is_speed(c) else (place - 0.5)[:, None]
            for c, place in enumerate(self._in_range(values))
        ]
        return np.hstack(each)

    def places(self, values: npt.NDArray[np.floating]) -> Array:
        """How near the first speed is to each place of its range, shape (n, N); rows sum to 1."""
        for c, place in enumerate(self._in_range(values)):
            if self._is_speed(c):
                return _hats(place, max(self.knots, 2))
        return np.ones((len(values), 1))

    def others(self, values: npt.NDArray[np.floating]) -> Array:
        """The conditions that are no speed, within -0.5..0.5, shape (n, C')."""
        each = [p - 0.5 for c, p in enumerate(self._in_range(values)) if not self._is_speed(c)]
        return np.stack(each, axis=1) if each else np.empty((len(values), 0))

    @property
    def bends(self) -> Array:
        """Second differences along each speed, (rows, 1 + P), a constant first; see ``BEND``."""
        widths = [self.knots - 1 if self._is_speed(c) else 1 for c in range(len(self.channels))]
        rows = []
        for c in range(len(widths)):
            if self._is_speed(c):
                bend = np.diff(np.eye(self.knots), 2, axis=0)[:, 1:]  # the first place is 0
                before, behind = 1 + sum(widths[:c]), sum(widths[c + 1 :])
                rows.append(np.pad(bend, ((0, 0), (before, behind))))
        return np.vstack(rows) if rows else np.empty((0, 1 + sum(widths)))

    def _is_speed(self, channel: int) -> bool:
        return self.channels[channel].lower() in SPEEDS and self.low[channel] > 0

    def _speed(self, place: Array) -> Array:
        if self.knots:
            return _hats(place, self.knots)[:, 1:]  # the first place is the feature's own centre
        return np.stack([place - 0.5, 2 * (place - 0.5) ** 2 - 0.25], axis=1)

    def _in_range(self, values: npt.NDArray[np.floating]) -> Iterator[Array]:
        """Where each channel lies in what was seen, 0..1, a speed by its logarithm."""
        for c, (low, high) in enumerate(zip(self.low, self.high, strict=True)):
            inside = np.clip(values[:, c].astype(np.float64), low, high)
            if self._is_speed(c):
                yield np.log(inside / low) / np.log(high / low)
            else:
                yield (inside - low) / (high - low)

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


def _hats(place: Array, knots: int) -> Array:
    """Straight lines between evenly spaced places, shape (n, knots)."""
    along = place * (knots - 1)
    return np.maximum(0.0, 1.0 - np.abs(along[:, None] - np.arange(knots)))


def _knots(channels: Sequence[str], low: Sequence[float], high: Sequence[float]) -> int:
    """Places along the widest range of a speed."""
    wide = [
        np.log(most / least)
        for name, least, most in zip(channels, low, high, strict=True)
        if name.lower() in SPEEDS and least > 0
    ]
    return int(np.clip(np.ceil(max(wide, default=0.0) / STEP) + 1, 2, MOST_PLACES))


def fit_conditions(
    channels: Sequence[str],
    features: Sequence[npt.NDArray[np.floating]],
    values: Sequence[npt.NDArray[np.floating]],
    *,
    if_none_helps: bool = False,
) -> Conditions | None:
    """Fit centres to normal running, in float64.

    Args:
        channels: The C conditions.
        features: Per session of shape (n, F); NaN where one is missing.
        values: Per session of shape (n, C).
        if_none_helps: Keep them all the same, for what they say of how far a feature may go.

    Returns:
        Conditions that vary, with weights of 0 for features that they do not help; None where
        none varies or helps.
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
    found = Conditions(names, *reach, (), _knots(names, *reach))
    given = [found.columns(one[::step][:, varies]) for one in values]
    helps = _helps(seen, given, found.bends)
    if not (helps.any() or if_none_helps):
        return None
    lines = _lines(np.concatenate(seen), np.concatenate(given), found.bends)
    weights = np.where(helps[:, None], lines[:, 1:], 0.0)
    return msgspec.structs.replace(found, weights=tuple(tuple(row) for row in weights.tolist()))


def _lines(seen: Array, given: Array, bends: Array) -> Array:
    """Least squares over the rows that show a feature: a constant, then slopes, (F, 1 + P)."""
    shown = ~np.isnan(seen)
    whole = shown.all(axis=0)
    found = np.empty((seen.shape[1], 1 + given.shape[1]))
    found[whole] = _solved(seen[:, whole], given, bends)
    for f in np.flatnonzero(~whole).tolist():
        found[f] = _solved(seen[shown[:, f], f, None], given[shown[:, f]], bends)[0]
    return found


def _solved(seen: Array, given: Array, bends: Array) -> Array:
    columns = np.column_stack([np.ones(len(given)), given])
    gram = columns.T @ columns + BEND * max(len(given), 1) * bends.T @ bends
    return np.asarray(np.linalg.lstsq(gram, columns.T @ seen, rcond=None)[0].T)


def _helps(seen: Sequence[Array], given: Sequence[Array], bends: Array) -> Flags:
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
        lines = _lines(learn[0], learn[1], bends)
        without += np.nansum((test[0] - mean_of(learn[0])) ** 2, axis=0)
        with_them += np.nansum((test[0] - lines[:, 0] - test[1] @ lines[:, 1:].T) ** 2, axis=0)
    return np.asarray(with_them < (1 - LEAST_GAIN) * without)
