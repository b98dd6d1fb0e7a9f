"""A training that was interrupted, on disk: one file of tensors with a JSON header, no pickle."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import msgspec
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from detector.errors import TrainingError

FORMAT = 1
HEADER = "faultline"


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is kept beside the tensors.

    Attributes:
        format: Version of this layout.
        training: What is trained, on what and how; another one cannot go on from here.
        epoch: Epochs done.
        steps: Batches done.
        loss: Mean training loss of the last epoch.
        schedule: State of the learning rate's schedule.
        best: Held-out loss and step of the best weights; None without held-out windows.
        since: Epochs since then.
    """

    format: int = FORMAT
    training: dict[str, Any]
    epoch: int
    steps: int
    loss: float
    schedule: dict[str, Any]
    best: tuple[float, int] | None
    since: int


def write_checkpoint(path: Path, header: Header, tensors: dict[str, Tensor]) -> None:
    """Replace the checkpoint once its new content is complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".part")
    kept = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    unfinished.write_bytes(save(kept, {HEADER: msgspec.json.encode(header).decode()}))
    unfinished.rename(path)


def read_checkpoint(path: Path, training: dict[str, Any]) -> tuple[Header, dict[str, Tensor]]:
    """Read a checkpoint of this training.

    Args:
        path: An existing file.
        training: What is trained; must be what the file was written for.

    Raises:
        TrainingError: If it is broken or of another training.
    """
    try:
        with safe_open(path, "pt") as file:
            header = msgspec.json.decode((file.metadata() or {}).get(HEADER, ""), type=Header)
            tensors = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118 -- not a dict
    except (OSError, SafetensorError, msgspec.DecodeError) as error:
        reason = str(error).splitlines()[0]
        line = f"{path}: not a checkpoint ({reason}); remove it to start anew"
        raise TrainingError(line) from None
    expected = msgspec.json.decode(msgspec.json.encode({"format": FORMAT, **training}))
    found = {"format": header.format, **header.training}
    for key in sorted({*expected, *found}):
        if found.get(key) != expected.get(key):
            raise TrainingError(
                f"{path}: checkpoint of another training, {key} {found.get(key)}, "
                f"allowed: {expected.get(key)}; remove it to start anew"
            )
    return header, tensors


def content_hash(tensors: dict[str, Tensor]) -> str:
    """SHA-256 over names and values, to tell data and weights apart."""
    digest = hashlib.sha256()
    for name, tensor in tensors.items():
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def named(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors under ``prefix``."""
    return {f"{prefix}.{name}": tensor for name, tensor in tensors.items()}


def under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Undo ``named``."""
    start = f"{prefix}."
    return {n.removeprefix(start): t for n, t in tensors.items() if n.startswith(start)}


def random_states(device: torch.device, shuffle: torch.Generator) -> dict[str, Tensor]:
    """Where the random sequences stand."""
    states = {"shuffle": shuffle.get_state(), "cpu": torch.get_rng_state()}
    if device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state(device)
    return states


def restore_random(
    states: dict[str, Tensor], device: torch.device, shuffle: torch.Generator
) -> None:
    """Undo ``random_states``."""
    shuffle.set_state(states["shuffle"])
    torch.set_rng_state(states["cpu"])
    if device.type == "cuda":
        torch.cuda.set_rng_state(states["cuda"], device)
