"""When a machine is judged: in the states asked for, after its start, at its model's rate."""

from __future__ import annotations

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from detector.records import Flags, Times, Values
from detector.scoring.bundle import Bundle
from detector.scoring.rate import TOLERANCE
from detector.scoring.score import Array
from detector.sessions.operating import level_flags, running_flags
from detector.sessions.segments import Piece
from detector.sessions.windows import whole_windows
from detector.settings.devices import RunningSignal
from detector.short_arrays import middles

ROUNDING = 1e-3  # of a sample
NEWEST_STEPS = 3  # whose median
CHANGED = 1.5  # times off the period means that the rate has just changed


class Judging:
    """The rules of one device.

    Args:
        bundle: Its model.
        features: The F columns of its samples.
        signal: Its running signal; None: it has none.

    Attributes:
        replayed: The session that is read back from the store, as it was named; None: none is.
    """

    def __init__(
        self, bundle: Bundle, features: tuple[str, ...], signal: RunningSignal | None
    ) -> None:
        self._document, front = bundle.document, bundle.front
        self._settling, self._has_front = bundle.settling, front is not None
        self._lead = 0 if front is None else (front.block - 1) / front.hop
        self.features = features
        self.signal = signal
        self.replayed: str | None = None

    def windows(self, filled: Values, scaled: Values) -> Flags:
        """Whether the machine is in the states asked for.

        Args:
            filled: Shape (n, F), samples of one session in their units.
            scaled: The model's columns of them, scaled.

        Returns:
            One flag per window of the n samples.
        """
        document = self._document
        if self.signal is None and document.lowest_log_rms is not None:
            return level_flags(scaled, document.window, document.lowest_log_rms)
        flags = running_flags(filled, self.features, self.signal)
        if self.signal is None:
            return whole_windows(flags, document.window)
        return whole_windows(flags, self._settling)

    def learnt(self, filled: Values, scaled: Values) -> Values:
        """Scaled samples, missing where training had none: behind a front end, all but running."""
        if not self._has_front or not len(scaled):
            return scaled
        runs = running_flags(filled, self.features, self.signal)
        return np.where(runs[:, None], scaled, np.float32(np.nan))

    def fits_rate(self, ts: Times) -> Flags:
        """Whether windows were sampled as the model's were; else health looks like a fault.

        The tolerance is in whole samples: so many may be missing in a window.

        Args:
            ts: Shape (n,), increasing.

        Returns:
            One flag per window of the n samples.
        """
        steps, period_s = self._document.window - 1, self._document.sampling_period_s
        found = ts[steps:] - ts[: len(ts) - steps]
        missing = math.ceil(TOLERANCE * steps) + ROUNDING
        fits = np.abs(found - steps * period_s) <= missing * period_s
        if steps < NEWEST_STEPS:
            return np.asarray(fits)
        newest = sliding_window_view(ts[1:] - ts[:-1], NEWEST_STEPS)[-len(fits) :]
        last = middles(newest.T)
        return np.asarray(fits & (last < CHANGED * period_s) & (last > period_s / CHANGED))

    def has_started(self, piece: Piece) -> Flags:
        """Whether the start-up at the beginning of the session is over at each sample."""
        document = self._document
        if not document.trim:
            return np.ones(len(piece.ts), np.bool_)
        return np.asarray(self.ages(piece) >= document.trim + document.window - 1.5)

    def ages(self, piece: Piece) -> Array:
        """Shape (n,): sampling periods from the first sample of the session, 0, to each."""
        start = float((self.replayed or piece.session).rpartition("#")[2])
        return np.asarray((piece.ts - start) / self._document.sampling_period_s - self._lead)
