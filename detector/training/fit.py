"""Fitting a network to windows of normal sessions.

Windows are never copied out: batches are gathered from the joined sessions by index, so memory
does not grow with the number of windows.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from detector.errors import TrainingError
from detector.networks.base import build_network
from detector.records import Values
from detector.sessions.windows import window_starts

VALIDATION_WINDOWS = 1024

Progress = Callable[[int, float, float | None], None]  # epoch, its loss, held-out loss


@dataclass(frozen=True, slots=True, kw_only=True)
class FitPlan:
    """How long and how fast to learn.

    Attributes:
        epochs: Most epochs; an epoch is one pass, or ``epoch_steps`` batches if that is less.
        epoch_steps: Batches per epoch at most.
        min_steps: Batches before early stopping may end it: a repeat-vector LSTM sits on a
            plateau for some 600 steps before it learns.
        patience: Epochs without a better held-out loss before it ends.
        batch: Windows per step.
        learning_rate: Of Adam at its highest; it falls to a twentieth along half a cosine, so
            that the fits of the blocks end equally well.
    """

    epochs: int = 15
    epoch_steps: int = 100
    min_steps: int = 800
    patience: int = 3
    batch: int = 64
    learning_rate: float = 8e-3


@dataclass(frozen=True, slots=True)
class Fitted:
    """A trained network and how it got there."""

    network: nn.Module
    steps: int
    train_mse: float
    held_out_mse: float | None


class WindowPool:
    """All windows of some sessions, gathered by index.

    Args:
        sessions: Each of shape (n, F), scaled; shorter ones than a window give none.
        window: L, samples.
    """

    def __init__(self, sessions: Sequence[Values], window: int) -> None:
        self.data = torch.from_numpy(np.ascontiguousarray(np.concatenate(sessions)))
        self.starts = torch.from_numpy(window_starts([len(s) for s in sessions], window))
        self._steps = torch.arange(window)

    def __len__(self) -> int:
        return len(self.starts)

    def gather(self, chosen: Tensor) -> Tensor:
        """Windows by number: (B,) -> (B, L, F)."""
        return self.data[self.starts[chosen][:, None] + self._steps]

    def sample(self, count: int) -> Tensor:
        """At most ``count`` windows spread evenly over the pool."""
        chosen = torch.linspace(0, len(self) - 1, min(count, len(self))).long()
        return self.gather(chosen)


def fit(
    name: str,
    config: dict[str, Any],
    pool: WindowPool,
    plan: FitPlan,
    *,
    seed: int,
    held_out: WindowPool | None,
    progress: Progress,
) -> Fitted:
    """Train a network on pooled, shuffled windows by MSE with Adam.

    Args:
        name: One of the networks.
        config: Its config fields.
        pool: Training windows, at least one.
        plan: How long and how fast.
        seed: Same seed, same weights.
        held_out: For early stopping; None trains for all of ``plan.epochs``.
        progress: Called after every epoch.

    Raises:
        TrainingError: If there is no window or the loss is not finite.
    """
    if not len(pool):
        raise TrainingError("training: no window, every session is shorter than one window")
    torch.manual_seed(seed)
    window, features = len(pool._steps), pool.data.shape[1]
    network = build_network(name, config, features=features, window=window)
    optimizer = torch.optim.Adam(network.parameters(), lr=plan.learning_rate)
    total = plan.epochs * min(plan.epoch_steps, -(-len(pool) // plan.batch))
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(
        optimizer, total, eta_min=plan.learning_rate / 20
    )
    shuffle = torch.Generator().manual_seed(seed)
    stopper = EarlyStopping(network, plan.patience)
    watched = None if held_out is None or not len(held_out) else held_out.sample(VALIDATION_WINDOWS)
    steps, loss, held_out_mse = 0, float("nan"), None
    for epoch in range(1, plan.epochs + 1):
        order = torch.randperm(len(pool), generator=shuffle)
        batches = torch.split(order, plan.batch)[: plan.epoch_steps]
        loss = _epoch(network, optimizer, schedule, pool, batches)
        steps += len(batches)
        if watched is not None:
            held_out_mse = mse(network, watched)
            stopper.note(held_out_mse, steps)
        progress(epoch, loss, held_out_mse)
        if watched is not None and steps >= plan.min_steps and stopper.is_over:
            break
    if watched is not None:
        steps, held_out_mse = stopper.restore()
    return Fitted(network.eval(), steps, loss, held_out_mse)


class EarlyStopping:
    """Keeps the weights of the best held-out loss."""

    def __init__(self, network: nn.Module, patience: int) -> None:
        self._network, self._patience = network, patience
        self._best: tuple[float, int, dict[str, Tensor]] | None = None
        self._since = 0

    def note(self, loss: float, steps: int) -> None:
        """Take the held-out loss after ``steps``."""
        if self._best is not None and loss >= self._best[0]:
            self._since += 1
            return
        weights = {name: tensor.clone() for name, tensor in self._network.state_dict().items()}
        self._best, self._since = (loss, steps, weights), 0

    @property
    def is_over(self) -> bool:
        """Whether ``patience`` losses in a row were no better."""
        return self._since >= self._patience

    def restore(self) -> tuple[int, float]:
        """Put the best weights back; returns their step and loss."""
        assert self._best is not None
        loss, steps, weights = self._best
        self._network.load_state_dict(weights)
        return steps, loss


def mse(network: nn.Module, windows: Tensor) -> float:
    """Mean squared residual over windows of shape (B, L, F)."""
    network.eval()
    with torch.inference_mode():
        parts = [((network(part) - part) ** 2).sum().item() for part in torch.split(windows, 256)]
    network.train()
    return float(sum(parts) / windows.numel())


def _epoch(
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
    pool: WindowPool,
    batches: Sequence[Tensor],
) -> float:
    total = 0.0
    for chosen in batches:
        windows = pool.gather(chosen)  # (B, L, F)
        loss = ((network(windows) - windows) ** 2).mean()
        if not torch.isfinite(loss):
            raise TrainingError("training: the loss is not finite, try a lower --learning-rate")
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        total += loss.item()
    return total / max(len(batches), 1)


def pca_mse(pool: WindowPool, held_out: WindowPool, components: int) -> float:
    """Held-out MSE of a linear autoencoder with as many components, for comparison."""
    train = pool.sample(4096).flatten(1).double()  # (B, L·F)
    test = held_out.sample(VALIDATION_WINDOWS).flatten(1).double()
    mean = train.mean(dim=0)
    basis = torch.linalg.svd(train - mean, full_matrices=False).Vh[:components]
    centred = test - mean
    residual = centred - centred @ basis.T @ basis
    return float((residual**2).mean())
