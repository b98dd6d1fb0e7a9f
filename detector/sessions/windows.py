"""Windows: L consecutive samples of one session, never of two."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from detector.records import Flags

FLAT = 0.002  # scaled units; a sample nearer to the one before repeats it


def window_count(n: int, window: int, stride: int = 1) -> int:
    """Windows of ``window`` samples in a session of ``n``, ``stride`` apart."""
    return 0 if n < window else (n - window) // stride + 1


def windows(values: npt.NDArray[np.float32], window: int) -> npt.NDArray[np.float32]:
    """All windows of one session as a view.

    Args:
        values: Shape (n, F).
        window: L, samples.

    Returns:
        Shape (n - L + 1, L, F), no copy; empty when n < L.
    """
    if len(values) < window:
        return np.empty((0, window, values.shape[1]), values.dtype)
    rolled = np.lib.stride_tricks.sliding_window_view(values, window, axis=0)  # (B, F, L)
    return rolled.transpose(0, 2, 1)


def window_starts(lengths: Sequence[int], window: int) -> npt.NDArray[np.int64]:
    """First sample of every window of sessions that lie one behind the other.

    Args:
        lengths: Samples per session.
        window: L, samples.

    Returns:
        Shape (B,), indices into the joined samples; no window crosses a session.
    """
    offsets = np.cumsum([0, *lengths])
    return np.concatenate(
        [np.empty(0, np.int64)]
        + [
            offset + np.arange(window_count(n, window))
            for offset, n in zip(offsets, lengths, strict=False)
        ]
    )


def whole_windows(flags: Flags, window: int) -> Flags:
    """Whether a flag holds for every sample of the window that ends at each sample.

    Args:
        flags: Shape (n,), of one session.
        window: L, samples.

    Returns:
        Shape (n,); False in the first L - 1 samples.
    """
    held = np.cumsum(np.concatenate([[0], flags.astype(np.int64)]))
    whole = np.zeros(len(flags), np.bool_)
    if len(flags) >= window:
        whole[window - 1 :] = held[window:] - held[:-window] == window
    return whole


def spread_evenly(windows: npt.NDArray[np.float32], at_most: int) -> npt.NDArray[np.float32]:
    """A copy of ``at_most`` windows spread evenly over those given, or of all if there are fewer.

    Neighbouring windows share all but one sample, so the ones left out say little.

    Args:
        windows: Shape (B, L, F), a view will do.
        at_most: >= 1.
    """
    chosen = np.linspace(0, len(windows) - 1, min(at_most, len(windows))).round().astype(np.int64)
    return np.ascontiguousarray(windows[chosen])


def flatness(windows: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    """Shape (B, F): share of the samples of each window (B, L, F) that repeat the one before."""
    if windows.shape[1] < 2:
        return np.zeros((len(windows), windows.shape[2]))
    across = np.ascontiguousarray(windows.transpose(0, 2, 1))  # (B, F, L): quicker to reduce
    repeats = np.abs(np.diff(across, axis=2)) <= FLAT
    return np.asarray(np.count_nonzero(repeats, axis=2) / repeats.shape[2])
