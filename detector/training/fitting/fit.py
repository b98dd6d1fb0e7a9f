"""Fitting a network to windows of normal sessions; knows no network by name."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from detector.errors import TrainingError
from detector.networks.base import build_network, full_config
from detector.networks.contract import CarryingNetwork, Network
from detector.networks.places import choose_device
from detector.training.data.pool import WindowPool
from detector.training.fitting.checkpoint import content_hash
from detector.training.fitting.run import FitPlan, Run

__all__ = ["Epoch", "FitPlan", "Fitted", "WindowPool", "fit", "mse", "pca_mse"]

VALIDATION_WINDOWS = 1024


@dataclass(frozen=True, slots=True)
class Epoch:
    """What is known after an epoch.

    Attributes:
        number: 1 is the first.
        planned: Epochs at most.
        loss: Mean training loss.
        held_out_mse: None without held-out windows.
        windows: Trained on in this epoch.
        seconds: It took.
    """

    number: int
    planned: int
    loss: float
    held_out_mse: float | None
    windows: int
    seconds: float

    @property
    def windows_per_s(self) -> float:
        """Throughput of this epoch."""
        return self.windows / max(self.seconds, 1e-9)

    @property
    def seconds_left(self) -> float:
        """Until the last planned epoch, at the pace of this one."""
        return (self.planned - self.number) * self.seconds


Progress = Callable[[Epoch], None]


@dataclass(frozen=True, slots=True)
class Fitted:
    """A trained network and how it got there."""

    network: Network
    steps: int
    train_mse: float
    held_out_mse: float | None


def fit(  # noqa: PLR0913 -- what to train, on what and from where do not belong in one bag
    name: str,
    config: dict[str, Any],
    pool: WindowPool,
    plan: FitPlan,
    *,
    seed: int,
    held_out: WindowPool | None,
    progress: Progress,
    device: str = "auto",
    checkpoint: Path | None = None,
    start: dict[str, Tensor] | None = None,
) -> Fitted:
    """Train a network on pooled, shuffled windows by its own loss with Adam.

    Args:
        name: One of the networks.
        config: Its config fields.
        pool: Training windows, at least one.
        plan: How long and how fast.
        seed: Same seed, same weights.
        held_out: For early stopping; None trains for all of ``plan.epochs``.
        progress: Called after every epoch.
        device: ``auto`` (a GPU when there is one), ``cpu`` or ``cuda``.
        checkpoint: File written after every epoch and removed at the end; where it exists,
            training goes on from it and ends with the very same weights.
        start: Weights to begin from; None begins afresh.

    Returns:
        The network on the CPU, in evaluation mode.

    Raises:
        SettingsError: If there is no such device.
        TrainingError: If there is no window, the loss is not finite, or the checkpoint or the
            weights do not fit.
    """
    if not len(pool):
        raise TrainingError("training: no window, every session is shorter than one window")
    place = choose_device(device)
    torch.manual_seed(seed)
    torch.use_deterministic_algorithms(True)  # here, for it imports what references do without
    network = _begin(name, config, pool, start)
    shown = pool.longer(network.sequence) if isinstance(network, CarryingNetwork) else pool
    run = Run(network.to(place), shown.to(place), plan, seed)
    watched = _watched(held_out, place)
    training: dict[str, Any] = {}
    if checkpoint is not None:
        training = _identity(name, config, pool, held_out, plan, seed, place, start)
        if checkpoint.exists():
            run.take_up(checkpoint, training)
    while not run.is_over:
        began = time.perf_counter()
        windows = run.run_epoch()
        found = None if watched is None else mse(network, watched)
        if found is not None:
            run.stopper.note(found, run.steps)
        if checkpoint is not None:
            run.put_aside(checkpoint, training)
        seconds = time.perf_counter() - began
        progress(Epoch(run.epoch, plan.epochs, run.loss, found, windows, seconds))
    fitted = _finish(run)
    if checkpoint is not None:
        checkpoint.unlink(missing_ok=True)
    return fitted


def mse(network: nn.Module, windows: Tensor) -> float:
    """Mean squared residual over windows of shape (B, L, F)."""
    network.eval()
    with torch.inference_mode():
        parts = [((network(part) - part) ** 2).sum().item() for part in torch.split(windows, 256)]
    network.train()
    return float(sum(parts) / windows.numel())


def pca_mse(pool: WindowPool, held_out: WindowPool, components: int) -> float:
    """Held-out MSE of a linear autoencoder with as many components, for comparison."""
    train = pool.sample(4096).flatten(1).double()  # (B, L·F)
    test = held_out.sample(VALIDATION_WINDOWS).flatten(1).double()
    mean = train.mean(dim=0)
    basis = torch.linalg.svd(train - mean, full_matrices=False).Vh[:components]
    centred = test - mean
    residual = centred - centred @ basis.T @ basis
    return float((residual**2).mean())


def _begin(
    name: str, config: dict[str, Any], pool: WindowPool, start: dict[str, Tensor] | None
) -> Network:
    network = build_network(name, config, features=pool.features, window=pool.window)
    if start is not None:
        try:
            network.load_state_dict(start)
        except RuntimeError as error:
            reason = " ".join(str(error).split())
            raise TrainingError(f"training: weights to start from do not fit: {reason}") from None
    return network


def _watched(held_out: WindowPool | None, device: torch.device) -> Tensor | None:
    if held_out is None or not len(held_out):
        return None
    return held_out.sample(VALIDATION_WINDOWS).to(device)


def _identity(
    name: str,
    config: dict[str, Any],
    pool: WindowPool,
    held_out: WindowPool | None,
    plan: FitPlan,
    seed: int,
    device: torch.device,
    start: dict[str, Tensor] | None,
) -> dict[str, Any]:
    """What a checkpoint must agree in to be gone on from."""
    watched = None if held_out is None else content_hash(held_out.tensors())
    return {
        "network": name,
        "config": full_config(name, config),
        "plan": asdict(plan),
        "seed": seed,
        "device": device.type,
        "window": pool.window,
        "data": content_hash(pool.tensors()),
        "held out": watched,
        "start": None if start is None else content_hash(start),
    }


def _finish(run: Run) -> Fitted:
    steps, held_out_mse = run.steps, None
    if run.stopper.best is not None:
        steps, held_out_mse = run.stopper.restore()
    return Fitted(run.network.cpu().eval(), steps, run.loss, held_out_mse)
