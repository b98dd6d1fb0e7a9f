"""The networks by name; what they have in common is in ``contract.py``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import torch

from detector.configs import checked_config
from detector.networks.anomaly_transformer import AnomalyTransformer, AnomalyTransformerConfig
from detector.networks.contract import Network
from detector.networks.dense_ae import DenseAe, DenseAeConfig
from detector.networks.lstm_ae import LstmAeConfig, build_lstm_ae
from detector.networks.lstm_ae_stream import LstmAeStream, LstmAeStreamConfig
from detector.networks.timesnet import TimesNet, TimesNetConfig
from detector.networks.tranad import TranAd, TranAdConfig
from detector.networks.transformer_ae import TransformerAe, TransformerAeConfig
from detector.networks.vae import Vae, VaeConfig

# name -> (config dataclass, network built from F, L and the config)
NETWORKS: dict[str, tuple[type[Any], Callable[..., Network]]] = {
    "anomaly_transformer": (AnomalyTransformerConfig, AnomalyTransformer),
    "dense_ae": (DenseAeConfig, DenseAe),
    "lstm_ae": (LstmAeConfig, build_lstm_ae),
    "lstm_ae_stream": (LstmAeStreamConfig, LstmAeStream),
    "timesnet": (TimesNetConfig, TimesNet),
    "tranad": (TranAdConfig, TranAd),
    "transformer_ae": (TransformerAeConfig, TransformerAe),
    "vae": (VaeConfig, Vae),
}


def build_network(name: str, config: dict[str, Any], *, features: int, window: int) -> Network:
    """Build a network with fresh weights.

    Args:
        name: One of ``NETWORKS``.
        config: Fields of the network's config; missing ones take their defaults.
        features: F.
        window: L, samples.

    Returns:
        A network with fresh weights, ``(B, L, F) -> (B, L, F)``.

    Raises:
        BundleError: If the name or a config field is unknown or of the wrong type.
    """
    checked = checked_config("network", name, config, NETWORKS)
    return NETWORKS[name][1](checked, features=features, window=window)


def full_config(name: str, config: dict[str, Any]) -> dict[str, Any]:
    """The config with its defaults filled in, as it is kept in a bundle.

    Raises:
        BundleError: As ``build_network``.
    """
    return asdict(checked_config("network", name, config, NETWORKS))


def use_one_thread() -> None:
    """In a process beside others: networks of this size gain nothing by more."""
    torch.set_num_threads(1)
