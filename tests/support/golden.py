"""Makes ``tests/golden`` anew: ``python -m tests.support.golden [CASE ...]``.

One tiny trained bundle per network and its scores. They stand for the bundles users have: make
one anew only when its network is meant to change, and say so in the change log.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np

from detector.scoring.bundle import Bundle, save_bundle
from detector.scoring.scorer import score_windows
from detector.sessions.windows import windows
from detector.training.fitting.fit import FitPlan
from tests.support.motors import signal, small_bundle
from tests.support.network_cases import CASES

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
WITH_SIGNAL = "_with_signal"  # of a case made since the signal is judged beside the residual
PLAN = FitPlan(epochs=2, epoch_steps=25, min_steps=1, batch=32, learning_rate=1e-2)


def golden_scores(bundle: Bundle) -> dict[str, list[float]]:
    """Scores and newest reconstructions of a signal with a level shift, few of each."""
    values = signal(80, 99)
    values[50:, 0] += 1.0
    scaling = bundle.document.scaling
    scaled = ((values - scaling.centre) / scaling.scale).astype(np.float32)
    scored = score_windows(bundle.detector, windows(scaled, bundle.document.window)[::5], 256)
    return {
        "score": bundle.document.score.column_scores(scored.terms).ravel().tolist(),
        "reconstruction": scored.newest.ravel().tolist(),
    }


def make(case: str) -> None:
    """Train one bundle and keep its scores beside it."""
    name, config = CASES[case.removesuffix(WITH_SIGNAL)]
    bundle = small_bundle(case, network=name, config=config, plan=PLAN)
    save_bundle(bundle, GOLDEN / case)
    text = json.dumps(golden_scores(bundle), indent=1)
    (GOLDEN / case / "scores.json").write_text(text + "\n")


if __name__ == "__main__":
    for chosen in sys.argv[1:] or CASES:
        make(chosen)
