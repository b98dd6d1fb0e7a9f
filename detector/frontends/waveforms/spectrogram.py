"""How a spectrum changes with time: a short-time Fourier transform of samples with holes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import signal

from detector.errors import SpectrumError

Array = npt.NDArray[np.float64]

SHORTEST, LONGEST = 32, 4096  # samples of a block
COLUMNS = 200  # about: blocks over the whole
HOLE = 2  # samples that may be missing between two; a line leads over them
TINY = 1e-12  # of power, so that silence has a level


@dataclass(frozen=True, slots=True)
class Spectrogram:
    """Levels over time and frequency.

    Attributes:
        ts: Shape (T,), middle of each block, UTC seconds.
        hz: Shape (H,), from 0 to half the rate.
        db: Shape (H, T), re 1 unit rms; NaN where samples are missing.
    """

    ts: Array
    hz: Array
    db: Array


def spectrogram(ts: Array, values: npt.NDArray[np.floating], rate_hz: float) -> Spectrogram:
    """Levels of Hann windows that overlap by half, or less where there are very many.

    Args:
        ts: Shape (n,), UTC seconds, rising.
        values: Shape (n,), NaN where missing.
        rate_hz: Samples a second.

    Raises:
        SpectrumError: If there are too few samples in a row.
    """
    even = on_a_grid(ts, values, rate_hz)
    block = block_of(len(even))
    if len(even) < 2 * SHORTEST:
        raise SpectrumError(
            f"spectrogram: found {len(even)} samples, allowed: {2 * SHORTEST} or more"
        )
    hop = max(block // 2, len(even) // (2 * COLUMNS))
    starts = np.arange(0, len(even) - block + 1, hop)
    blocks = np.lib.stride_tricks.sliding_window_view(even, block)[starts]
    window = signal.windows.hann(block, sym=False)
    with np.errstate(invalid="ignore"):
        lines = np.fft.rfft((blocks - blocks.mean(axis=1, keepdims=True)) * window)
        power = 2 * np.abs(lines) ** 2 / window.sum() ** 2  # mean square of a tone's highest line
    if not np.isfinite(power).any():
        raise SpectrumError(f"spectrogram: found no {block} samples in a row, allowed: fewer gaps")
    middle = np.asarray(float(ts[0]) + (starts + block / 2) / rate_hz, np.float64)
    hz = np.asarray(np.arange(power.shape[1]) * rate_hz / block, np.float64)
    return Spectrogram(middle, hz, np.asarray(10 * np.log10(power.T + TINY), np.float64))


def on_a_grid(ts: Array, values: npt.NDArray[np.floating], rate_hz: float) -> Array:
    """Shape (m,), samples evenly in time; NaN in what is longer than a hole of ``HOLE`` samples."""
    place = np.round((ts - ts[0]) * rate_hz).astype(np.int64) if len(ts) else np.empty(0, np.int64)
    kept = np.isfinite(values)
    even = np.full(int(place[-1]) + 1 if len(place) else 0, np.nan)
    even[place[kept]] = values[kept]
    there = np.flatnonzero(np.isfinite(even))
    if len(there) < 2:
        return even
    after = np.searchsorted(there, np.arange(len(even))).clip(1, len(there) - 1)
    is_small = there[after] - there[after - 1] - 1 <= HOLE
    filled = np.interp(np.arange(len(even)), there, even[there], left=np.nan, right=np.nan)
    return np.where(np.isfinite(even) | is_small, filled, np.nan)


def block_of(n: int) -> int:
    """Samples of a block, a power of two, so that time and frequency are told alike."""
    wanted = 2 ** round(np.log2(max(n, 1) ** 0.5 * 2))
    return int(np.clip(wanted, SHORTEST, LONGEST))
