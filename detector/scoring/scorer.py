"""A batch of windows through a network: residual terms and the newest reconstruction.

The result of a window does not depend on the rest of its batch: calls are made in chunks of
one fixed set of sizes, on one thread, in evaluation and inference mode.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from detector.networks.contract import Network
from detector.records import Values
from detector.scoring.score import Terms, window_terms

SIZE_STEP = 32  # calls have 1, 2, 4, 8, 16 or a multiple of so many windows


@dataclass(frozen=True, slots=True)
class Scored:
    """What is kept of B windows.

    Attributes:
        terms: Residual terms, see ``Terms``.
        newest: Shape (B, F), the reconstruction of each window's last sample, scaled units.
    """

    terms: Terms
    newest: Values

    def part(self, start: int, end: int) -> Scored:
        """The windows ``start`` to ``end``."""
        return Scored(self.terms.part(start, end), self.newest[start:end])


def score_windows(network: Network, windows: npt.NDArray[np.float32], chunk: int) -> Scored:
    """Score windows, of one device or of many.

    Args:
        network: In evaluation mode.
        windows: Shape (B, L, F) in scaled units; a view will do, B may be 0.
        chunk: Windows per call.

    Returns:
        One row per window, in order.
    """
    batches = [_chunk(network, windows[i : i + chunk]) for i in range(0, len(windows), chunk)]
    width = windows.shape[2]
    if not batches:
        empty = np.empty((0, width))
        return Scored(Terms(empty, empty), empty.astype(np.float32))
    return Scored(
        Terms(
            np.concatenate([batch.terms.log_mse for batch in batches]),
            np.concatenate([batch.terms.shift for batch in batches]),
        ),
        np.concatenate([batch.newest for batch in batches]),
    )


def _chunk(network: Network, windows: npt.NDArray[np.float32]) -> Scored:
    count = len(windows)
    padded = np.zeros((call_size(count), *windows.shape[1:]), np.float32)
    padded[:count] = windows
    with torch.inference_mode():
        reconstruction, residual = network.residual(torch.from_numpy(padded))
    newest = reconstruction[:count, -1].numpy().copy()
    return Scored(window_terms(residual[:count].numpy()), newest)


def call_size(count: int) -> int:
    """Windows in a call that has ``count`` to score, the rest are zeros.

    For each size of an LSTM call its library keeps buffers of about 1 MB, so there are few.
    """
    return (
        -(-count // SIZE_STEP) * SIZE_STEP if count > SIZE_STEP else 1 << (count - 1).bit_length()
    )
