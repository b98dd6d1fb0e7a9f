"""Devices no model fits: their raw samples are kept all the same."""

from __future__ import annotations

from collections import Counter

import numpy as np

from detector.records import Frame, Samples
from detector.scoring.rate import RateMeter
from detector.sessions.segments import Piece, Segmenter
from detector.settings.sessions import SessionSettings


class UnscoredStream:
    """One device without a fitting model: samples in, frames without scores out.

    Args:
        device: Name of the machine.
        features: The columns of its samples.
        rules: Where sessions end; gaps count once the sampling period is known.
        reason: Why it is unscored, one line.
    """

    def __init__(
        self, device: str, features: tuple[str, ...], rules: SessionSettings, reason: str
    ) -> None:
        self.device, self.features, self.reason = device, features, reason
        self.rate = RateMeter()
        self.segmenter = Segmenter(rules, np.inf, np.zeros(len(features), np.bool_))

    @property
    def counters(self) -> Counter[str]:
        """What was late, repeated or missing, by name."""
        return self.segmenter.counters

    def widen(self, features: tuple[str, ...]) -> None:
        """Go on with more features, to the right of those there are."""
        self.segmenter.widen(len(features) - len(self.features))
        self.features = features

    def frames(self, samples: Samples, arrival: float, *, broken: bool) -> list[Frame]:
        """The next samples in order of arrival, as frames without scores."""
        made = []
        for piece in self.segmenter.push(samples, broken=broken):
            self.rate.add(piece.ts)
            made.append(self._frame(piece, arrival))
        if self.rate.period_s is not None:
            self.segmenter.period_s = self.rate.period_s
        return made

    def _frame(self, piece: Piece, arrival: float) -> Frame:
        n = len(piece.ts)
        unknown = np.full(n, np.nan, np.float32)
        return Frame(
            device=self.device,
            session=piece.session,
            features=self.features,
            ts=piece.ts,
            values=piece.values,
            reconstruction=np.full(piece.values.shape, np.nan, np.float32),
            score=unknown,
            mse=unknown,
            judged=np.zeros(n, np.bool_),
            threshold=1.0,
            contributions=np.zeros(len(self.features), np.float32),
            arrival=arrival,
        )
