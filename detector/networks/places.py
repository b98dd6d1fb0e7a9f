"""Where networks run: the CPU, or a GPU that torch sees."""

from __future__ import annotations

import os

import torch

from detector.errors import SettingsError


def choose_device(name: str) -> torch.device:
    """The device of a name: ``auto`` (a GPU where there is one), ``cpu`` or ``cuda``.

    Raises:
        SettingsError: If it is not there.
    """
    if name not in ("auto", "cpu", "cuda"):
        raise SettingsError(f"device {name!r}, allowed: auto, cpu, cuda")
    if name == "cuda" and not torch.cuda.is_available():
        raise SettingsError("device 'cuda': no usable GPU found, allowed: auto, cpu")
    if name == "cpu" or not torch.cuda.is_available():
        return torch.device("cpu")
    # Without it cuBLAS refuses to be deterministic; read when the GPU is first used.
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    # 10 bits of mantissa would show in the scores; for recurrent layers they are the default.
    torch.backends.cudnn.allow_tf32 = False
    return torch.device("cuda")


def in_words(device: torch.device) -> str:
    """For whoever waits for a result."""
    if device.type == "cpu":
        return "the CPU"
    return f"the GPU {torch.cuda.get_device_name(device)}"
