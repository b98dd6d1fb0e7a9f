"""Which runtime a network of a bundle runs on."""

from __future__ import annotations

from importlib.util import find_spec

from detector.errors import BundleError, SettingsError
from detector.scoring.runtimes.contract import Reconstructor, Stored
from detector.settings.detector import Runtime

PACKAGES = {"torch": "torch", "onnx": "onnxruntime"}
INSTALL = "torch (requirements.txt) or onnxruntime (requirements-onnx.txt)"


def has_torch() -> bool:
    """Whether it is installed; it is not imported."""
    return find_spec("torch") is not None


def is_torch(runtime: Runtime) -> bool:
    """Whether networks run on torch then."""
    return runtime == "torch" or (runtime == "auto" and has_torch())


def refuse_missing(runtime: Runtime) -> None:
    """Refuse a runtime that was asked for and is not installed.

    Raises:
        SettingsError: Naming what is missing.
    """
    if runtime != "auto" and find_spec(PACKAGES[runtime]) is None:
        raise SettingsError(
            f"runtime {runtime}: {PACKAGES[runtime]} is not installed, allowed: {INSTALL}"
        )


def refuse_no_gpu(device: str, runtime: Runtime) -> None:
    """Refuse a GPU that was asked for and is not there, or not for this runtime.

    Raises:
        SettingsError: If so.
    """
    if device != "cuda":
        return
    if not is_torch(runtime):
        raise SettingsError("device 'cuda': ONNX Runtime runs on the CPU here, allowed: auto, cpu")
    from detector.networks.places import choose_device  # noqa: PLC0415 -- torch takes seconds

    choose_device(device)


def load_reconstructor(stored: Stored, runtime: Runtime, device: str = "cpu") -> Reconstructor:
    """Load a network on the runtime asked for; ``auto`` is torch where that is installed.

    Raises:
        BundleError: If it cannot be loaded there, or the runtime is not installed.
        SettingsError: If torch does not see the device.
    """
    if not is_torch(runtime):
        from detector.scoring.runtimes.onnx_network import OnnxNetwork  # noqa: PLC0415 -- as below

        return OnnxNetwork(stored)
    if not has_torch():
        raise BundleError(f"{stored.folder}: torch is not installed, allowed: {INSTALL}")
    from detector.scoring.runtimes.torch_network import load_network  # noqa: PLC0415 -- is slow

    return load_network(stored, device)
