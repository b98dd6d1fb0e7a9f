"""Operating state: every window is scored, only those in the states asked for are judged."""

from __future__ import annotations

import numpy as np

from detector.records import Flags, Values
from detector.sessions.windows import whole_windows, windows
from detector.settings.devices import RunningSignal

SETTLE_WINDOWS = 2  # how long the running signal must have been in its range
HOLD_WINDOWS = 3  # how long the level must have been that of running
LEVEL_REACH = HOLD_WINDOWS + 2  # windows back that the fallback looks, slope included


def running_flags(values: Values, features: tuple[str, ...], signal: RunningSignal | None) -> Flags:
    """Whether the running signal is in its range at each sample.

    Args:
        values: Shape (n, F).
        features: The F names.
        signal: None: every sample counts as running.

    Returns:
        Shape (n,); False where the signal is missing.
    """
    if signal is None:
        return np.ones(len(values), np.bool_)
    column = values[:, features.index(signal.feature)]
    flags = np.zeros(len(column), np.bool_)
    with np.errstate(invalid="ignore"):
        for low, high in signal.ranges or ((signal.min, signal.max),):
            flags |= (column >= low) & (column <= high)
    return flags


def settled_flags(flags: Flags, window: int) -> Flags:
    """Whether a machine with a running signal has run long enough to be judged.

    The end of a ramp is still in the first window of running, so one more must have passed.

    Args:
        flags: Shape (n,), of one session, see ``running_flags``.
        window: L, samples.

    Returns:
        Shape (n,).
    """
    return whole_windows(flags, SETTLE_WINDOWS * window)


def level_flags(scaled: Values, window: int, lowest_log_rms: float) -> Flags:
    """Fallback without a running signal: the vibration's own level says whether it runs.

    It costs detection: a fault that lowers the vibration is taken for a standstill.

    Args:
        scaled: Shape (n, F), one session in scaled units.
        window: L, samples.
        lowest_log_rms: Windows whose log rms (about their mean) is below do not run.

    Returns:
        Shape (n,), whether the window that ends at each sample runs and did for three windows
        before, steadily; False in warm-up.
    """
    level = log_rms(scaled, window)
    rose = np.full(len(level), np.inf)
    if len(level) > window:
        rose[window:] = np.abs(level[window:] - level[:-window])
    runs = (level >= lowest_log_rms) & (rose < np.log(2.0))
    flags = np.zeros(len(scaled), np.bool_)
    flags[len(scaled) - len(level) :] = runs
    return whole_windows(flags, HOLD_WINDOWS * window)


def log_rms(scaled: Values, window: int) -> np.ndarray:
    """Log rms of each window about its own mean, all features together; shape (n - L + 1,)."""
    seen = windows(scaled, window)
    return np.asarray(0.5 * np.log(seen.var(axis=1).mean(axis=1) + 1e-12))
