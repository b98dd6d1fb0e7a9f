"""Bundles of the shipped size around any network, without training one.

What a window costs does not depend on how well the network has learnt it. The scaling, the terms,
their limits and the smoothing are those of the shipped bundle; the weights are fresh ones.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import torch

from detector.networks.base import build_network, full_config
from detector.scoring.bundle import Bundle, load_bundle, save_bundle

SHIPPED = Path(__file__).resolve().parents[2] / "models" / "motor-600rpm"
SEED = 7
STEP = 5  # samples that the folded forms join


@dataclass(frozen=True, eq=False)  # each is itself, a key of tables
class Form:
    """A network, its sizes and the arithmetic of one window.

    Attributes:
        title: What is said of it in a table.
        network: Its name.
        config: Its config fields.
        flop: Of one window in the products of its matrices, from L and F.
    """

    title: str
    network: str
    config: dict[str, Any]
    flop: Callable[[int, int], int]


def _lstm(steps: int, inputs: int, hidden: int) -> int:
    return steps * 2 * (inputs + hidden) * 4 * hidden


def _folded(hidden: int, decoder: int, latent: int) -> Callable[[int, int], int]:
    def flop(window: int, features: int) -> int:
        steps, width = -(-window // STEP), STEP * features
        between = 2 * latent * 2 * decoder + steps * 2 * decoder * width
        return _lstm(steps, width, hidden) + between + _lstm(steps, latent, decoder)

    return flop


def _repeat(hidden: int) -> Callable[[int, int], int]:
    def flop(window: int, features: int) -> int:
        both = _lstm(window, features, hidden) + _lstm(window, hidden, hidden)
        return both + window * 2 * hidden * features

    return flop


REPEAT = Form(
    "LSTM-AE, repeat-vector, hidden 64",
    "lstm_ae",
    {"variant": "repeat", "hidden": 64, "decoder_hidden": 64},
    _repeat(64),
)
FOLDED = Form("LSTM-AE, folded, as shipped", "lstm_ae", {"variant": "folded"}, _folded(32, 64, 32))
VAE = Form("VAE", "vae", {}, _folded(64, 64, 16))
FORMS = (REPEAT, FOLDED, VAE)


def made(form: Form, rate_hz: float) -> Bundle:
    """A bundle of three features and windows of 60 samples, with fresh weights."""
    document = msgspec.structs.replace(
        load_bundle(SHIPPED).document,
        network=form.network,
        config=full_config(form.network, form.config),
        sampling_period_s=1 / rate_hz,
        running=None,
        lowest_log_rms=None,
        sensors=None,
    )
    window, features = document.input_shape
    torch.manual_seed(SEED)
    network = build_network(form.network, form.config, features=features, window=window)
    return Bundle(form.network, document, network)


def save_made(form: Form, rate_hz: float, folder: Path) -> Path:
    """The same as a folder that a detector can load; returns it."""
    save_bundle(made(form, rate_hz), folder)
    return folder
