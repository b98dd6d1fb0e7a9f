"""What an evaluation shows beside a model: floor rows, and the model with a part left out.

The floor is |z| and the same network with fresh weights. All go through the same pipeline and
are calibrated on the same held-out windows while training, so that everyone sees what the
training and each part of the score earn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import msgspec
import numpy as np
import torch

from detector.networks.base import NETWORKS, build_network
from detector.references.zscore import ZScore, ZScoreConfig
from detector.scoring.bundle import Bundle, detector_of
from detector.scoring.detectors import Detector, detector_for, residual_only
from detector.scoring.document import Document
from detector.training.fitting.calibrate import Conditioning

ABSOLUTE_Z = "|z|"
UNTRAINED = "untrained"
FLOOR = (ABSOLUTE_Z, UNTRAINED)
NO_BLOCKS = "no held-out blocks"  # scales and threshold from windows that were trained on
NO_SIGNAL = "no signal beside the residual"
PLAIN_MSE = "plain MSE"
NO_STATE = "no operating state"  # every window judged, whatever the machine does
FRESH = 1_000_003  # added to the seed of a bundle for its fresh weights

# name -> the conditioning without that part
WITHOUT: dict[str, Callable[[Conditioning], Conditioning]] = {
    "no two-sidedness": lambda chosen: replace(chosen, two_sided=False),
    "no shift term": lambda chosen: replace(chosen, shifts=False),
    "no peak term": lambda chosen: replace(chosen, peaks=False),
    "no flatness rule": lambda chosen: replace(chosen, flats=False),
    "no slow weights": lambda chosen: replace(chosen, weigh_slow=False),
    "no smoothing": lambda chosen: replace(chosen, smoothing=1),
    NO_SIGNAL: lambda chosen: chosen,
    PLAIN_MSE: lambda chosen: replace(chosen, judges="mse"),
}
RESIDUAL_ONLY = (NO_SIGNAL, PLAIN_MSE)


def beside(bundle: Bundle, *, ablate: bool) -> Iterator[tuple[str, Bundle]]:
    """The floor rows of a bundle, and with ``ablate`` itself with each part left out."""
    detectors = floor_detectors(bundle.document)
    detectors |= dict.fromkeys(RESIDUAL_ONLY, residual_only(bundle.detector))
    for name, rule in bundle.document.beside.items():
        if name not in FLOOR and not ablate:
            continue
        document = msgspec.structs.replace(bundle.document, score=rule, commissioned=None)
        if name == NO_STATE:
            document = msgspec.structs.replace(document, running=None, lowest_log_rms=None)
        variant = Bundle(bundle.name, document, bundle.model)
        variant.detector = detectors.get(name, bundle.detector)
        yield name, variant


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
    return detector_of(document, fresh)
