"""References fitted to a small machine, and what they answer."""

from __future__ import annotations

import functools

import numpy as np

from detector.references.base import Reconstructing, build_reference
from detector.sessions.scaling import fit_scaling, scale
from detector.sessions.windows import windows
from tests.support.motors import signal

WINDOW = 25
SMALL = {"windows": 600}
ESTIMATOR_KEPT = ("knn", "lof", "ocsvm", "iforest")


def scaled(n, seed, features):
    """A normal session of the small machine in scaled units."""
    centre, spread = fit_scaling([signal(2000, 0)], "standard", ("x", "y"))
    return scale(signal(n, seed), centre, spread)[:, :features]


@functools.cache
def fitted(name, features=2):
    """Fitted to one normal session; nobody changes it."""
    normal = windows(scaled(2000, 0, features), WINDOW)
    return build_reference(name, SMALL).fit(normal, seed=0)


def answer(reference, batch):
    """All it says of a batch, one row per window."""
    if isinstance(reference, Reconstructing):
        found = reference.reconstruct(batch)
        rows = np.concatenate([found.reconstruction, found.residual], axis=1)
        return rows.reshape(len(batch), 4 * WINDOW)
    return reference.distance(batch)[:, None]
