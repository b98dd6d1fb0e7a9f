"""Every network in a size for tests, and signals to teach it."""

from __future__ import annotations

from functools import cache

import numpy as np
import torch

from detector.networks.base import build_network
from detector.networks.contract import Network
from detector.training.fitting.fit import FitPlan, WindowPool, fit

WINDOW = 24
PERIOD = 12

# case -> (network, a small config)
CASES = {
    "anomaly_transformer": ("anomaly_transformer", {"head_width": 4, "latent": 6}),
    "dense_ae": ("dense_ae", {"hidden": 16, "latent": 6}),
    "lstm_ae": ("lstm_ae", {"hidden": 8, "decoder_hidden": 12}),
    "lstm_ae_folded": (
        "lstm_ae",
        {"hidden": 8, "decoder_hidden": 12, "variant": "folded", "samples_per_step": 3},
    ),
    "lstm_ae_stream": ("lstm_ae_stream", {"hidden": 16, "latent": 6, "decoder_hidden": 24}),
    "timesnet": ("timesnet", {"width": 8, "hidden": 8, "latent": 6}),
    "tranad": ("tranad", {"head_width": 4, "latent": 6}),
    "transformer_ae": ("transformer_ae", {"head_width": 4, "latent": 6}),
    "vae": ("vae", {"hidden": 12, "latent": 6, "samples_per_step": 3}),
}


def fresh(case: str, *, features: int = 2, window: int = WINDOW, **changes) -> Network:
    """An untrained network."""
    torch.manual_seed(0)
    name, config = CASES[case]
    return build_network(name, {**config, **changes}, features=features, window=window)


def sines(n: int, seed: int) -> np.ndarray:
    """Two noisy sines of 12 samples from any phase, shape (n, 2), float32."""
    rng = np.random.default_rng(seed)
    angle = 2 * np.pi * (np.arange(n) / PERIOD + rng.uniform())
    clean = np.stack([np.sin(angle), np.cos(angle)], axis=1)
    return (clean + rng.normal(0, 0.1, (n, 2))).astype(np.float32)


def held_out() -> torch.Tensor:
    """Normal windows that no network here was trained on, (200, L, F)."""
    pool = WindowPool([sines(73, seed) for seed in range(100, 104)], WINDOW)
    return pool.gather(torch.arange(len(pool)))


@cache
def trained(case: str) -> Network:
    """A network after a short training; do not change it."""
    name, config = CASES[case]
    pool = WindowPool([sines(500, seed) for seed in range(4)], WINDOW)
    plan = FitPlan(epochs=8, epoch_steps=50, batch=32, learning_rate=1e-2)
    return fit(name, config, pool, plan, seed=0, held_out=None, progress=lambda _: None).network
