"""What every network is: a torch module from windows to their reconstruction.

All take and give ``(B, L, F)`` in scaled units; B windows, L samples, F features. Reconstruction
is deterministic in evaluation mode and no window's result depends on the rest of its batch.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import msgspec
from torch import nn

from detector.errors import BundleError
from detector.networks.lstm_ae import LstmAe, LstmAeConfig

# name -> (config dataclass, module built from F, L and the config)
NETWORKS: dict[str, tuple[type[Any], Callable[..., nn.Module]]] = {
    "lstm_ae": (LstmAeConfig, LstmAe),
}


def build_network(name: str, config: dict[str, Any], *, features: int, window: int) -> nn.Module:
    """Build a network with fresh weights.

    Args:
        name: One of ``NETWORKS``.
        config: Fields of the network's config; missing ones take their defaults.
        features: F.
        window: L, samples.

    Returns:
        A module ``(B, L, F) -> (B, L, F)``.

    Raises:
        BundleError: If the name or a config field is unknown or of the wrong type.
    """
    checked = _config(name, config)
    return NETWORKS[name][1](checked, features=features, window=window)


def full_config(name: str, config: dict[str, Any]) -> dict[str, Any]:
    """The config with its defaults filled in, as it is kept in a bundle.

    Raises:
        BundleError: As ``build_network``.
    """
    return asdict(_config(name, config))


def _config(name: str, config: dict[str, Any]) -> Any:  # noqa: ANN401 -- each has its own
    if name not in NETWORKS:
        raise BundleError(f"network {name!r}, allowed: {', '.join(sorted(NETWORKS))}")
    config_type = NETWORKS[name][0]
    allowed = set(config_type.__dataclass_fields__)
    if unknown := sorted(set(config) - allowed):
        raise BundleError(
            f"network {name}: unknown field {', '.join(unknown)}, allowed: "
            + ", ".join(sorted(allowed))
        )
    try:
        return msgspec.convert(config, config_type)
    except msgspec.ValidationError as error:
        raise BundleError(f"network {name}: {error}") from None
