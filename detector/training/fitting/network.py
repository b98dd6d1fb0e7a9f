"""One detector fitted to a pool of windows: a network or a reference, on samples or features."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from detector.errors import BundleError, TrainingError
from detector.networks import base as networks
from detector.networks.contract import Network
from detector.references import base as references
from detector.references.contract import Reference
from detector.scoring.detectors import Detector, detector_for
from detector.sessions.representation import ColumnScaling, WindowFeatures, fit_columns
from detector.training.fitting.fit import Epoch, FitPlan, WindowPool, fit

REFERENCE_WINDOWS = 20_000  # most windows a reference is shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What to fit.

    Attributes:
        name: A network or a reference.
        config: Its config fields, defaults for the rest.
        segments: Of a window, each described by features; 0: the model sees samples.
        bands: Of frequency, per segment.
        rpm: Nominal speed, for order amplitudes among the features; None: not known.
        plan: How long and how fast a network learns.
        device: ``auto``, ``cpu`` or ``cuda``.
        signal: Whether the signal is judged beside the residual.
        least: Per column of a front end, its least deviation in scaled units; empty: none.
        start: Weights of a network to begin from.
        checkpoints: Folder where interrupted fits are kept; None: nowhere.
    """

    name: str = "lstm_ae"
    config: dict[str, Any] = field(default_factory=dict)
    segments: int = 0
    bands: int = 3
    rpm: float | None = None
    plan: FitPlan = field(default_factory=FitPlan)
    device: str = "auto"
    signal: bool = True
    least: tuple[float, ...] = ()
    start: dict[str, Tensor] | None = None
    checkpoints: Path | None = None

    @property
    def is_network(self) -> bool:
        """Whether it learns in epochs."""
        return self.name in networks.NETWORKS

    def represented(
        self, features: tuple[str, ...], window: int, period_s: float
    ) -> WindowFeatures | None:
        """The window features the model sees; None: samples.

        Raises:
            TrainingError: If a segment is too short for them.
        """
        if not self.segments:
            return None
        return WindowFeatures.planned(
            features, window, period_s, segments=self.segments, bands=self.bands, rpm=self.rpm
        )


@dataclass(frozen=True, slots=True)
class FittedModel:
    """A model and how it got there.

    Attributes:
        model: Network or reference.
        detector: What scores windows with it.
        columns: Second scaling of window features; None for samples.
        steps: Batches; 0 for a reference.
        train_mse: Last training loss; None for a reference.
        held_out_mse: Of the watched windows; None where none were watched.
    """

    model: Network | Reference
    detector: Detector
    columns: ColumnScaling | None
    steps: int = 0
    train_mse: float | None = None
    held_out_mse: float | None = None


class FeaturePool(WindowPool):
    """A pool whose windows are described by features as they are gathered.

    Args:
        pool: The samples.
        represented: What is computed of each window.
        columns: Second scaling.
    """

    def __init__(
        self, pool: WindowPool, represented: WindowFeatures, columns: ColumnScaling
    ) -> None:
        self._pool, self._represented, self._columns = pool, represented, columns
        self.data, self.starts = pool.data, pool.starts

    @property
    def window(self) -> int:
        """S, segments."""
        return self._represented.shape[0]

    @property
    def features(self) -> int:
        """K, columns."""
        return self._represented.shape[1]

    def gather(self, chosen: Tensor) -> Tensor:
        """Windows by number: (B,) -> (B, S, K)."""
        seen = self._represented.represent(self._pool.gather(chosen).cpu().numpy())
        return torch.from_numpy(self._columns.apply(seen)).to(self.data.device)

    def longer(self, length: int) -> FeaturePool:
        """These windows: segments of two of them do not follow on each other."""
        del length
        return self

    def to(self, device: torch.device) -> FeaturePool:
        """The same windows, given on another device."""
        return FeaturePool(self._pool.to(device), self._represented, self._columns)


def full_config(name: str, config: dict[str, Any]) -> dict[str, Any]:
    """The config of a network or a reference with its defaults filled in.

    Raises:
        BundleError: If there is none of that name, or a field is wrong.
    """
    if name in networks.NETWORKS:
        return networks.full_config(name, config)
    if name in references.REFERENCES:
        return references.full_config(name, config)
    allowed = ", ".join([*networks.NETWORKS, *references.REFERENCES])
    raise BundleError(f"network {name!r}, allowed: {allowed}")


def _signal(pool: WindowPool, least: tuple[float, ...]) -> ColumnScaling:
    """Mean and deviation of the samples of a pool, in float64."""
    exact = pool.data.numpy().astype(np.float64)
    deviation = np.maximum(exact.std(axis=0), least or 0.0)
    scale = np.where(deviation > 0, deviation, 1.0)
    return ColumnScaling(tuple(exact.mean(axis=0).tolist()), tuple(scale.tolist()))


def fit_model(
    recipe: Recipe,
    represented: WindowFeatures | None,
    pool: WindowPool,
    *,
    seed: int,
    held_out: WindowPool | None,
    progress: Callable[[Epoch], None],
    title: str,
) -> FittedModel:
    """Fit one model.

    Args:
        recipe: What to fit.
        represented: Its window features; None: samples.
        pool: Training windows in scaled units.
        seed: Same seed, same model.
        held_out: Watched for early stopping; None: fit for all of the plan.
        progress: Called after each epoch of a network.
        title: Names its checkpoint.

    Raises:
        TrainingError: If there are too few windows or the loss is not finite.
    """
    if not len(pool):
        raise TrainingError("training: no window, every session is shorter than one window")
    columns = None
    signal = _signal(pool, recipe.least) if recipe.signal and represented is None else None
    if represented is not None:
        columns = fit_columns(represented, pool.sample(REFERENCE_WINDOWS).numpy())
        pool = FeaturePool(pool, represented, columns)
        held_out = None if held_out is None else FeaturePool(held_out, represented, columns)
    if not recipe.is_network:
        made = references.build_reference(recipe.name, recipe.config)
        model = made.fit(pool.sample(REFERENCE_WINDOWS).numpy(), seed)
        detector = detector_for(model, pool.features, represented, columns, signal=signal)
        return FittedModel(model, detector, columns)
    found = fit(
        recipe.name,
        recipe.config,
        pool,
        recipe.plan,
        seed=seed,
        held_out=held_out,
        progress=progress,
        device=recipe.device,
        checkpoint=None if recipe.checkpoints is None else recipe.checkpoints / f"{title}.part",
        start=recipe.start,
    )
    return FittedModel(
        found.network,
        detector_for(found.network, pool.features, represented, columns, signal=signal),
        columns,
        found.steps,
        found.train_mse,
        found.held_out_mse,
    )
