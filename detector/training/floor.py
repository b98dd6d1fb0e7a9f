"""The floor of every evaluation: |z|, and the same network with fresh weights.

They go through the same pipeline as the model and are calibrated on the same held-out windows,
so that everyone sees whether the training earns its keep.
"""

from __future__ import annotations

import numpy as np
import torch

from detector.networks.base import NETWORKS, build_network
from detector.references.zscore import ZScore, ZScoreConfig
from detector.scoring.detectors import Detector, detector_for
from detector.scoring.document import Document
from detector.sessions.representation import ColumnScaling

ABSOLUTE_Z = "|z|"
UNTRAINED = "untrained"
FRESH = 1_000_003  # added to the seed of a bundle for its fresh weights


def floor_detectors(document: Document) -> dict[str, Detector]:
    """The floor rows of a bundle, by name.

    Scaled units are standard deviations already, so |z| is the residual against 0.

    Args:
        document: Of the bundle; the fresh weights follow from its seed.
    """
    width = len(document.features)
    shape = (document.window, width)
    plain = ZScore(ZScoreConfig(), shape, np.zeros(width), np.ones(width))
    rows = {ABSOLUTE_Z: detector_for(plain, width)}
    if document.network in NETWORKS:
        rows[UNTRAINED] = _untrained(document)
    return rows


def _untrained(document: Document) -> Detector:
    window, features = document.input_shape
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(document.training.seed + FRESH)
        fresh = build_network(document.network, document.config, features=features, window=window)
    plan = document.window_features
    columns = None if plan is None else ColumnScaling(plan.centre, plan.scale)
    return detector_for(fresh, features, document.represented(), columns)
