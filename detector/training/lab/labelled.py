"""The threshold with the best F2, where labelled sessions exist."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import msgspec
import numpy as np

from detector.errors import TrainingError
from detector.scoring.bundle import Bundle
from detector.sessions.files import NO_HINTS, Hints, read_recordings
from detector.thresholds.methods import ScoredRun, ThresholdRule, place_threshold
from detector.training.fitting.describe import told
from detector.training.lab.judging import scores_in


def place_f2(
    bundle: Bundle, labelled: Sequence[Path], rule: ThresholdRule, hints: Hints = NO_HINTS
) -> Bundle:
    """Move a bundle's threshold to where labelled sessions have their best F2.

    Args:
        bundle: Calibrated without labels.
        labelled: Session files or folders; they must not be those it will be tested on.
        rule: Caps the false alarms.
        hints: What the files do not say themselves.

    Raises:
        TrainingError: If no sample is labelled as faulty.
    """
    runs = []
    for recording in read_recordings(labelled, hints=hints):
        if recording.label is None:
            raise TrainingError(f"{recording.name}: no label column, --threshold f2 needs one")
        scores = scores_in(bundle, recording)
        if len(scores.ts) != len(recording.label):
            raise TrainingError(
                f"{recording.name}: times repeat or jump back, so labels have no row"
            )
        judged = np.where(scores.judged, scores.score, np.nan)
        runs.append(ScoredRun(judged, recording.label))
    document = bundle.document
    placed = place_threshold("f2", runs, document.sampling_period_s, rule)
    moved = replace(document.score, threshold=document.score.threshold * placed.value)
    document = msgspec.structs.replace(
        document, score=moved, calibration=told(placed, document.calibration.blocks)
    )
    return Bundle(bundle.name, document, bundle.model)
