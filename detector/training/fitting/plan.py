"""What to train, in one value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from detector.frontends.plans import FrontEndPlan
from detector.scoring.score import ScoreRule
from detector.training.data.front_ends import FrontEndChoice
from detector.training.data.prepare import Preparation
from detector.training.fitting.calibrate import Conditioning
from detector.training.fitting.network import Recipe


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainOptions:
    """What to train.

    Attributes:
        recipe: Network or reference, and how it is fitted.
        preparation: How sessions are made ready.
        conditioning: How residuals become a score and where its threshold lies.
        base: Rule of the bundle fine-tuned from, if its normal variation counts too.
        front_end: What describes the samples before anything else; None: they are the features.
        hold_out: By ``session`` or ``block``; ``auto`` takes sessions where there are enough.
        units: Unit per feature.
        seed: Same seed and data, same bytes.
    """

    recipe: Recipe = field(default_factory=Recipe)
    preparation: Preparation = field(default_factory=Preparation)
    conditioning: Conditioning = field(default_factory=Conditioning)
    base: ScoreRule | None = None
    front_end: FrontEndChoice | FrontEndPlan | None = None
    hold_out: Literal["auto", "session", "block"] = "auto"
    units: dict[str, str] = field(default_factory=dict)
    seed: int = 0

    @property
    def window(self) -> int:
        """L, samples."""
        return self.preparation.window
