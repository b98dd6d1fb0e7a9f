"""A network on torch: built from its config, its weights read and written without pickle."""

from __future__ import annotations

from safetensors import SafetensorError
from safetensors.torch import load_file, save

from detector.errors import BundleError
from detector.networks.base import NETWORKS, build_network
from detector.networks.contract import Network
from detector.networks.places import choose_device
from detector.references.base import REFERENCES
from detector.scoring.runtimes.contract import WEIGHTS, Stored


def load_network(stored: Stored, device: str = "cpu") -> Network:
    """Build a network and read its weights.

    Args:
        stored: As a bundle describes it.
        device: Where it runs, see ``choose_device``.

    Raises:
        BundleError: If it is unknown, or its weights are missing, broken or of other sizes.
        SettingsError: If there is no such device.
    """
    if stored.network not in NETWORKS:
        allowed = ", ".join(sorted([*NETWORKS, *REFERENCES]))
        raise BundleError(f"{stored.folder}: network {stored.network!r}, allowed: {allowed}")
    window, features = stored.shape
    network = build_network(stored.network, stored.config, features=features, window=window)
    path = stored.folder / WEIGHTS
    try:
        network.load_state_dict(load_file(path))
    except (OSError, SafetensorError, RuntimeError) as error:
        reason = str(error).splitlines()[0]
        raise BundleError(f"{path}: weights do not fit {stored.network}: {reason}") from None
    return network.eval().to(choose_device(device))


def weights_of(network: Network) -> bytes:
    """What ``WEIGHTS`` holds; the same network gives the same bytes."""
    return save({name: tensor.contiguous() for name, tensor in network.state_dict().items()})
