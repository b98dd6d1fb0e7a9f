"""What the alarm rule remembers of a device from one frame to the next, and over a restart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from detector.alarms.lifecycle import AlarmState, Level
from detector.alarms.priority import score_sentence
from detector.records import Alarm, Flags, Frame, Values


@dataclass(frozen=True, slots=True)
class Peak:
    """The largest score of some frames.

    Attributes:
        score: Unitless.
        ts: Sample time.
        contributions: Share per feature then, or per column of a front end.
        words: What a front end says of the column that did most; empty where there is none.
    """

    score: float
    ts: float
    contributions: Mapping[str, float]
    words: str = ""


@dataclass(frozen=True, slots=True)
class Memory:
    """Of one device.

    Attributes:
        state: Of the rule.
        peak: Since the anomaly began that has not led to an alarm yet; None without one.
    """

    state: AlarmState = field(default_factory=AlarmState)
    peak: Peak | None = None

    def noting(self, frame: Frame) -> Memory:
        """The same with the peak of a frame, where it is higher."""
        found = peak_of(frame)
        if found is None or (self.peak is not None and self.peak.score >= found.score):
            return self
        return replace(self, peak=found)

    def settled(self) -> Memory:
        """The same without what makes no difference any more."""
        is_needed = not (self.state.is_quiet or self.state.is_active)
        return Memory(self.state.settled(), self.peak if is_needed else None)

    def stored(self) -> dict[str, Any] | None:
        """As the store keeps it; None: there is nothing to keep."""
        return None if self == Memory() else asdict(self)


def recalled(stored: Mapping[str, Any]) -> Memory:
    """What ``stored`` gave."""
    return msgspec.convert(stored, Memory)


def peak_of(frame: Frame) -> Peak | None:
    """Largest judged score of a frame; None when none is judged."""
    judged = np.where(frame.judged, frame.score, np.nan)
    if not np.isfinite(judged).any():
        return None
    at = int(np.nanargmax(judged))
    words = frame.causes[0].words if frame.causes else ""
    return Peak(float(judged[at]), float(frame.ts[at]), _shares(frame), words)


def _shares(frame: Frame) -> dict[str, float]:
    if frame.causes:
        return {cause.column: round(cause.share, 4) for cause in frame.causes}
    pairs = zip(frame.features, frame.contributions.tolist(), strict=True)
    return {name: round(share, 4) for name, share in pairs if share > 0}


def windows(frame: Frame, deadband: float) -> Iterator[tuple[float, int | None]]:
    """Time and level of each window of a frame; None: it was left out.

    Args:
        frame: Scored; behind a front end there is a window only where a block ends.
        deadband: Share of the threshold below which a score is below; under it, it is between.
    """
    level = levels(frame.score, frame.judged, frame.threshold, deadband)
    left_out = frame.judged & ~np.isfinite(frame.score)
    there = slice(None) if frame.due is None else frame.due
    told = (frame.ts[there].tolist(), level[there].tolist(), left_out[there].tolist())
    for ts, one, is_out in zip(*told, strict=True):
        yield ts, None if is_out else one


def levels(score: Values, judged: Flags, threshold: float, deadband: float) -> npt.NDArray[np.int8]:
    """What each window says, shape (n,); of one that was left out nothing.

    Args:
        score: Shape (n,), NaN where there is none.
        judged: Shape (n,).
        threshold: In force.
        deadband: Share of the threshold below which a score is below; under it, it is between.
    """
    has_score = np.isfinite(score)
    level = np.where(judged, Level.BELOW, np.where(has_score, Level.STOPPED, Level.WARM_UP))
    with np.errstate(invalid="ignore"):
        level[judged & (score > threshold * (1 - deadband))] = Level.BETWEEN
        level[judged & (score > threshold)] = Level.ABOVE
    return level.astype(np.int8)


def peak_score(frame: Frame) -> float:
    """Largest judged score of a frame; NaN when none is judged."""
    peak = peak_of(frame)
    return float("nan") if peak is None else peak.score


def at_peak(alarm: Alarm, peak: Peak) -> Alarm:
    """With its highest score, and the sentence on it."""
    return replace(
        alarm,
        peak_score=peak.score,
        peak_ts=peak.ts,
        contributions=dict(peak.contributions),
        sentence=score_sentence(peak.score, alarm.threshold, peak.contributions, peak.words),
    )
