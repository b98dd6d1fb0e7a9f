"""What a bundle says of its model: all of ``bundle.json``."""

from __future__ import annotations

import math
from typing import Any

import msgspec

from detector.normal.conditions import Conditions
from detector.scoring.score import ScoreRule
from detector.sessions.representation import WindowFeatures
from detector.settings.devices import RunningSignal

FORMAT = 1


class Feature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One model feature: its name and unit."""

    name: str
    unit: str = ""


class Scaling(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How values become scaled units: ``(value - centre) / scale``."""

    method: str
    centre: tuple[float, ...]
    scale: tuple[float, ...]


class Running(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The running signal and what is judged of it; ``max`` None is open.

    ``ranges``: those within ``min`` to ``max`` that count; empty: all of it.
    """

    feature: str
    min: float
    max: float | None = None
    ranges: tuple[tuple[float, float], ...] = ()

    def signal(self) -> RunningSignal:
        """The same as a setting."""
        upper = math.inf if self.max is None else self.max
        return RunningSignal(feature=self.feature, min=self.min, max=upper, ranges=self.ranges)


class Calibration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the threshold was placed, and on how much data it rests.

    ``false_alarms_per_day_bound`` is the 95 % bound those hours allow, not a rate that was seen.
    """

    method: str
    blocks: int
    windows: int
    hours: float
    false_alarms_per_day_bound: float
    false_alarms: int = 0  # seen in those hours


class Training(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the weights come from."""

    data_hash: str
    sessions: int
    samples: int
    hours: float
    seed: int
    steps: int


class WindowFeaturesPlan(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is computed of each window before the network or reference sees it."""

    segments: int
    bands: int
    rpm: float | None
    centre: tuple[float, ...]
    scale: tuple[float, ...]


class Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All of ``bundle.json``."""

    format: int
    network: str
    config: dict[str, Any]
    features: tuple[Feature, ...]
    window: int
    stride: int
    sampling_period_s: float
    baseline: int
    scaling: Scaling
    running: Running | None
    lowest_log_rms: float | None
    score: ScoreRule
    calibration: Calibration
    training: Training
    versions: dict[str, str]
    metrics: dict[str, float]
    window_features: WindowFeaturesPlan | None = None
    trim: int = 0  # samples at the start of a session that are not judged
    signal: Scaling | None = None  # of the signal, where it is judged beside the residual
    conditions: Conditions | None = None
    commissioned: ScoreRule | None = (
        None  # of a machine that is; its level takes the centres' place
    )
    commission_s: float = 0.0  # seconds of its running that such a level is learnt from
    beside: dict[str, ScoreRule] = {}  # what an evaluation shows beside it, see training.beside

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the F model features."""
        return tuple(feature.name for feature in self.features)

    @property
    def condition_names(self) -> tuple[str, ...]:
        """Channels that centres follow."""
        return () if self.conditions is None else self.conditions.channels

    def represented(self) -> WindowFeatures | None:
        """The window features, where the detector sees these."""
        plan = self.window_features
        if plan is None:
            return None
        return WindowFeatures.planned(
            self.feature_names,
            self.window,
            self.sampling_period_s,
            segments=plan.segments,
            bands=plan.bands,
            rpm=plan.rpm,
        )

    @property
    def input_shape(self) -> tuple[int, int]:
        """Samples and features, or segments and columns, that the network or reference takes."""
        represented = self.represented()
        return (self.window, len(self.features)) if represented is None else represented.shape
