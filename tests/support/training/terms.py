"""Terms of windows for tests."""

from __future__ import annotations

import numpy as np

from detector.normal.terms import Terms


def terms_of(log_mse: np.ndarray, shift: np.ndarray) -> Terms:
    """Terms of windows without a peak, and that never repeat a sample."""
    no_peak, no_flat = np.full_like(log_mse, -50.0), np.zeros_like(log_mse)
    return Terms(log_mse, shift, no_peak, no_flat, np.sqrt(shift))
