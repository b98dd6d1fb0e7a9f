"""The moving parts of one training, and how they are put aside and taken up again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from detector.errors import TrainingError
from detector.networks.contract import Network
from detector.training.data.pool import WindowPool
from detector.training.fitting.checkpoint import (
    Header,
    named,
    random_states,
    read_checkpoint,
    restore_random,
    under,
    write_checkpoint,
)


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


class EarlyStopping:
    """Keeps the weights of the best held-out loss."""

    def __init__(self, network: nn.Module, patience: int) -> None:
        self._network, self._patience = network, patience
        self.best: tuple[float, int] | None = None
        self.weights: dict[str, Tensor] = {}
        self.since = 0

    def note(self, loss: float, steps: int) -> None:
        """Take the held-out loss after ``steps``."""
        if self.best is not None and loss >= self.best[0]:
            self.since += 1
            return
        self.weights = {name: t.clone() for name, t in self._network.state_dict().items()}
        self.best, self.since = (loss, steps), 0

    @property
    def is_over(self) -> bool:
        """Whether ``patience`` losses in a row were no better."""
        return self.since >= self._patience

    def restore(self) -> tuple[int, float]:
        """Put the best weights back; returns their step and loss."""
        assert self.best is not None
        loss, steps = self.best
        self._network.load_state_dict(self.weights)
        return steps, loss


class Run:
    """One training under way: network, optimiser, schedule, random numbers and counters."""

    def __init__(self, network: Network, pool: WindowPool, plan: FitPlan, seed: int) -> None:
        self.network, self.pool, self.plan = network, pool, plan
        self.device = pool.data.device
        # Fused: the other one's square roots come from a library that estimates them by processor.
        self.optimizer = torch.optim.Adam(network.parameters(), lr=plan.learning_rate, fused=True)
        self.total = plan.epochs * min(plan.epoch_steps, -(-len(pool) // plan.batch))
        self.schedule = torch.optim.lr_scheduler.CosineAnnealingLR(
            self.optimizer, self.total, eta_min=plan.learning_rate / 20
        )
        self.shuffle = torch.Generator().manual_seed(seed)
        self.stopper = EarlyStopping(network, plan.patience)
        self.epoch, self.steps, self.loss = 0, 0, float("nan")

    @property
    def is_over(self) -> bool:
        """Whether all epochs are done, or the held-out loss has stopped falling."""
        stopped = self.steps >= self.plan.min_steps and self.stopper.is_over
        return self.epoch >= self.plan.epochs or stopped

    def run_epoch(self) -> int:
        """Train for one epoch; returns its windows.

        Raises:
            TrainingError: If the loss is not finite.
        """
        order = torch.randperm(len(self.pool), generator=self.shuffle)
        batches = torch.split(order, self.plan.batch)[: self.plan.epoch_steps]
        self.loss = self._train_on(batches)
        self.epoch += 1
        return sum(len(batch) for batch in batches)

    def _train_on(self, batches: Sequence[Tensor]) -> float:
        total = 0.0
        self.network.train()
        for chosen in batches:
            windows = self.pool.gather(chosen.to(self.device))  # (B, L, F)
            loss = self.network.loss(windows, self.steps / self.total)
            if not torch.isfinite(loss):
                raise TrainingError("training: the loss is not finite, try a lower --learning-rate")
            self.optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # torch has no types here
            nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
            self.optimizer.step()
            self.schedule.step()
            self.steps += 1
            total += loss.item()
        return total / max(len(batches), 1)

    def put_aside(self, path: Path, training: dict[str, Any]) -> None:
        """Write all that ``take_up`` needs to go on to the same last bit."""
        header = Header(
            training=training,
            epoch=self.epoch,
            steps=self.steps,
            loss=self.loss,
            schedule=self.schedule.state_dict(),
            best=self.stopper.best,
            since=self.stopper.since,
        )
        moments = self.optimizer.state_dict()["state"]
        tensors = {
            **named("network", self.network.state_dict()),
            **named("best", self.stopper.weights),
            **named("random", random_states(self.device, self.shuffle)),
        }
        for number, state in moments.items():
            tensors.update(named(f"adam.{number}", state))
        write_checkpoint(path, header, tensors)

    def take_up(self, path: Path, training: dict[str, Any]) -> None:
        """Go on from where ``put_aside`` was called.

        Raises:
            TrainingError: If the file is broken or of another training.
        """
        header, tensors = read_checkpoint(path, training)
        self.network.load_state_dict(under("network", tensors))
        adam = self.optimizer.state_dict()
        numbers = adam["param_groups"][0]["params"]
        states = {number: under(f"adam.{number}", tensors) for number in numbers}
        adam["state"] = {number: state for number, state in states.items() if state}
        self.optimizer.load_state_dict(adam)
        self.schedule.load_state_dict(header.schedule)
        for group, rate in zip(self.optimizer.param_groups, self.schedule._last_lr, strict=True):
            group["lr"] = rate
        restore_random(under("random", tensors), self.device, self.shuffle)
        best = under("best", tensors)
        self.stopper.weights = {name: tensor.to(self.device) for name, tensor in best.items()}
        self.stopper.best, self.stopper.since = header.best, header.since
        self.epoch, self.steps, self.loss = header.epoch, header.steps, header.loss
