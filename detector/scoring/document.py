"""What a bundle says of its model: all of ``bundle.json``."""

from __future__ import annotations

import hashlib
import math
from pathlib import Path
from typing import Any

import msgspec

from detector.errors import BundleError, TrainingError
from detector.frontends.plans import FrontEndPlan
from detector.frontends.table import front_end
from detector.normal.conditions import Conditions
from detector.normal.spread import Machines, Spread
from detector.scoring.score import ScoreRule
from detector.sensors.normal import SensorNormal
from detector.sessions.representation import WindowFeatures
from detector.settings.devices import RunningSignal

FORMAT = 1
LIMITS = ("spread_low", "spread_high", "shift_scale", "peak_high")  # of a time scale


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
    """All of ``bundle.json``.

    With a front end the features are its columns, and window and sampling period count feature
    samples.
    """

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
    front_end: FrontEndPlan | None = None
    conditions: Conditions | None = None
    spread: Spread | None = None  # about their centres; then a machine's level has one as well
    commissioned: ScoreRule | None = None  # of a machine that is; its level is its centre
    commission_s: float = 0.0  # seconds of its running that such a level is learnt from
    sensors: SensorNormal | None = None  # of the channels a device sends, for the rules on them
    beside: dict[str, ScoreRule] = {}  # what an evaluation shows beside it, see training.beside

    @property
    def input_period_s(self) -> float:
        """Seconds between the samples that a device sends."""
        front = self.front_end
        return self.sampling_period_s if front is None else front.sampling_period_s

    @property
    def running_signal(self) -> RunningSignal | None:
        """Tells the states that are judged; None: all are."""
        return None if self.running is None else self.running.signal()

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the F model features."""
        return tuple(feature.name for feature in self.features)

    @property
    def condition_names(self) -> tuple[str, ...]:
        """Channels that centres follow."""
        return () if self.conditions is None else self.conditions.channels

    @property
    def basis(self) -> str:
        """SHA-256 of what a machine's own level rests on; the same data may train another model."""
        rule = self.commissioned or self.score
        centres = (rule.spread_centre, rule.peak_centre, rule.mean_centre)  # of its residuals
        parts = (self.network, self.scaling, self.front_end, self.conditions, self.spread, centres)
        return hashlib.sha256(msgspec.json.encode(parts, order="sorted")).hexdigest()

    @property
    def machines(self) -> Machines | None:
        """How far machines may lie from where their conditions put them."""
        if self.conditions is None or self.spread is None:
            return None
        return Machines(self.conditions, self.spread)

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


def check(path: Path, document: Document) -> None:
    """See that the parts of a document go together.

    Args:
        path: Of its file, for messages.
        document: As it was read.

    Raises:
        BundleError: If they do not.
    """
    if document.format != FORMAT:
        raise BundleError(f"{path}: format {document.format}, allowed: {FORMAT}")
    rule, count = document.score, len(document.features)
    _check_scaling(path, "scaling", document.scaling, count)
    if document.signal is not None:
        _check_scaling(path, "signal", document.signal, count)
    positive = {
        "window": document.window,
        "sampling_period_s": document.sampling_period_s,
        "score.threshold": rule.threshold,
        "score.smoothing": rule.smoothing,
        "features": count,
    }
    plan = document.window_features
    if plan is not None:
        positive |= {"window_features.segments": plan.segments, "window_features.bands": plan.bands}
    if document.trim < 0:
        raise BundleError(f"{path}: trim {document.trim}, allowed: 0 and more")
    if document.stride != 1:
        raise BundleError(f"{path}: stride {document.stride}, allowed: 1")
    for key, value in positive.items():
        if not value > 0:
            raise BundleError(f"{path}: {key} is {value}, allowed: above 0")
    if plan is not None:
        _check_plan(path, document, plan)
    if document.front_end is not None:
        _check_front(path, document, document.front_end)
    _check_conditions(path, document)


def _check_front(path: Path, document: Document, plan: FrontEndPlan) -> None:
    try:
        front = front_end(plan)
    except BundleError as error:
        raise BundleError(f"{path}: {error}") from None
    if front.columns != document.feature_names:
        found = ", ".join(document.feature_names)
        raise BundleError(f"{path}: features {found}, allowed: {', '.join(front.columns)}")
    period_s = front.hop * front.sampling_period_s
    if not math.isclose(period_s, document.sampling_period_s, rel_tol=1e-6):
        raise BundleError(
            f"{path}: sampling_period_s {document.sampling_period_s:g}, allowed: {period_s:g}, "
            "the hop of the front end"
        )
    other = {"baseline": document.baseline, "window_features": document.window_features}
    if clash := [key for key, value in other.items() if value]:
        raise BundleError(f"{path}: {', '.join(clash)} with a front end, allowed: without")


def _check_scaling(
    path: Path, name: str, scaling: Scaling | WindowFeaturesPlan, count: int
) -> None:
    for key, values in {"centre": scaling.centre, "scale": scaling.scale}.items():
        if len(values) != count:
            raise BundleError(f"{path}: {name}.{key} has {len(values)} values, allowed: {count}")


def _check_plan(path: Path, document: Document, plan: WindowFeaturesPlan) -> None:
    try:
        columns = document.input_shape[1]
    except TrainingError as error:
        raise BundleError(f"{path}: {error}") from None
    _check_scaling(path, "window_features", plan, columns)


def check_columns(path: Path, rule: ScoreRule, count: int, features: int) -> None:
    """See that a rule has a value for each of ``count`` columns and of the features.

    Raises:
        BundleError: If it has not.
    """
    lists = {
        "weights": rule.weights,
        "spread_centre": rule.spread_centre,
        "spread_low": rule.spread_low,
        "spread_high": rule.spread_high,
        "shift_scale": rule.shift_scale,
    }
    if rule.peak_centre or rule.peak_high:
        lists |= {"peak_centre": rule.peak_centre, "peak_high": rule.peak_high}
    if rule.floor:
        lists["floor"] = rule.floor
    for key, values in lists.items():
        if len(values) != count:
            raise BundleError(f"{path}: score.{key} has {len(values)} values, allowed: {count}")
    for scale in rule.scales:
        if {len(getattr(scale, name)) for name in LIMITS} != {count} or scale.width < 1:
            raise BundleError(
                f"{path}: score.scales of width {scale.width} do not fit {count} columns"
            )
    if rule.flat_scale and len(rule.flat_scale) != features:
        raise BundleError(
            f"{path}: score.flat_scale has {len(rule.flat_scale)} values, allowed: {features}"
        )


def _check_conditions(path: Path, document: Document) -> None:
    found = document.conditions
    if found is None:
        if document.spread is not None:
            raise BundleError(f"{path}: spread without conditions, allowed: both")
        return
    if not found.fits(len(document.features)):
        raise BundleError(f"{path}: conditions do not fit the features, allowed: a row for each")
    if document.machines is not None and not document.machines.fit(len(document.features)):
        raise BundleError(f"{path}: spread does not fit the conditions, allowed: a row for each")
