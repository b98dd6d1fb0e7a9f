"""The network of a bundle as an ONNX file, for computers without torch.

PyTorch's exporter by tracing is used, which it calls the legacy one: it keeps an LSTM one operation
and needs the package ``onnx`` alone. The newer one takes fifteen times as long, needs three
packages more and gives the same numbers in larger files. A trace fixes whatever hangs on values in
Python, so what came out is held against torch at several batch sizes before anything is written.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from detector.errors import BundleError
from detector.networks.contract import CarryingNetwork, Network
from detector.records import Values
from detector.references.storage import replace_file
from detector.scoring.runtimes.contract import EXPORTED, Stored
from detector.scoring.runtimes.onnx_network import (
    FORMAT,
    FORMAT_KEY,
    INPUT,
    MADE_OF_KEY,
    OUTPUTS,
    made_of,
    session_of,
)
from detector.scoring.runtimes.torch_network import load_network

OPSET = 20
TRACED = 3  # windows: a size that nothing else has
TRIED = (1, 2, 33)  # windows a call, when it is held against torch
LARGEST_DIFFERENCE = 1e-4  # scaled units
INSTALL = "pip install 'faultline[onnx-export]'"


def export_network(stored: Stored) -> float:
    """Write ``weights.onnx`` beside the weights it is made of.

    Returns:
        The largest difference from torch that was found, scaled units.

    Raises:
        BundleError: If the bundle cannot be loaded, the packages that it takes are missing, the
            file would score otherwise than torch, or it cannot be written.
    """
    if find_spec("onnx") is None:
        raise BundleError(f"{stored.folder}: export needs onnx; {INSTALL}")
    network, path = load_network(stored), stored.folder / EXPORTED
    if isinstance(network, CarryingNetwork):
        raise BundleError(
            f"{stored.folder}: {stored.network} carries a state, which the exported file cannot, "
            "allowed: networks that see each window alone"
        )
    content = _described(_traced(network, stored), stored)
    difference = max(_differences(network, content, stored))
    if not difference <= LARGEST_DIFFERENCE:
        raise BundleError(
            f"{path}: {stored.network} differs from torch by {difference:.1g}, allowed: "
            f"{LARGEST_DIFFERENCE:g}; nothing was written"
        )
    _write(path, content)
    return difference


class _Residual(nn.Module):
    """What a session computes."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, windows: Tensor) -> tuple[Tensor, Tensor]:
        """(B, L, F) -> reconstruction and residual, (B, L, F) each."""
        return self.network.residual(windows)


def _traced(network: Network, stored: Stored) -> bytes:
    axes = {name: {0: "windows"} for name in (INPUT, *OUTPUTS)}
    with (
        warnings.catch_warnings(),
        _plain_attention(),
        torch.no_grad(),
        tempfile.TemporaryDirectory() as folder,
    ):
        path = Path(folder) / EXPORTED
        warnings.simplefilter("ignore")  # of what a trace fixes, which ``_differences`` looks at
        try:
            torch.onnx.export(
                _Residual(network),
                (torch.from_numpy(_windows(TRACED, stored)),),
                path,
                input_names=[INPUT],
                output_names=OUTPUTS,
                dynamic_axes=axes,
                opset_version=OPSET,
                dynamo=False,
            )
        except (RuntimeError, TypeError, ValueError) as error:
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise BundleError(
                f"{stored.folder}: {stored.network} cannot be exported to ONNX ({reason})"
            ) from None
        return path.read_bytes()


@contextmanager
def _plain_attention() -> Iterator[None]:
    """One fused operation for a block of a transformer is not in ONNX."""
    was = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(was)


def _described(content: bytes, stored: Stored) -> bytes:
    """The same with what it was made of, and without names of files of this computer."""
    import onnx  # noqa: PLC0415 -- an extra

    model = onnx.load_model_from_string(content)
    for node in model.graph.node:
        node.ClearField("doc_string")
    del model.metadata_props[:]
    onnx.helper.set_model_props(model, {FORMAT_KEY: FORMAT, MADE_OF_KEY: made_of(stored)})
    written: bytes = model.SerializeToString(deterministic=True)
    return written


def _differences(network: Network, content: bytes, stored: Stored) -> Iterator[float]:
    session = session_of(content, stored)
    for count in TRIED:
        windows = _windows(count, stored)
        pairs = zip(network.examine(windows), session.run(OUTPUTS, {INPUT: windows}), strict=True)
        yield from (float(np.abs(own - exported).max()) for own, exported in pairs)


def _windows(count: int, stored: Stored) -> Values:
    """Some that reach far beyond normal, the same each time."""
    return np.random.default_rng(count).normal(0, 2, (count, *stored.shape)).astype(np.float32)


def _write(path: Path, content: bytes) -> None:
    try:
        replace_file(path, content)
    except OSError as error:
        raise BundleError(f"{path}: cannot be written ({error.strerror})") from None
