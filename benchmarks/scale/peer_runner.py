"""Detectors of other libraries on the same windows; runs in an environment of their own.

``python peer_runner.py DATA.npz OUT.npz`` prints one JSON line for each detector: its name, how it
was set up, seconds to fit, CPU microseconds of one scored window, or why it did not run. Knows
nothing of this project.
"""

import json
import os
import sys
import time
from functools import partial

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np

FEW = 3000  # training windows of neighbours, whose cost grows with them


def pyod_auto_encoder():
    """Dense layers on a flat window."""
    from pyod.models.auto_encoder import AutoEncoder

    return AutoEncoder(epoch_num=20, verbose=0, random_state=7, device="cpu"), "20 epochs"


def pyod_hbos():
    """Histograms, one a column."""
    from pyod.models.hbos import HBOS

    return HBOS(), "defaults"


def pyod_pca():
    """Distance in components."""
    from pyod.models.pca import PCA

    return PCA(random_state=7), "defaults"


def pyod_knn():
    """Distance of the fifth neighbour."""
    from pyod.models.knn import KNN

    return KNN(n_jobs=1), f"defaults, {FEW} training windows"


def pyod_iforest():
    """Isolation forest."""
    from pyod.models.iforest import IForest

    return IForest(random_state=7, n_jobs=1), "defaults"


WINDOWED = {
    "PyOD AutoEncoder": pyod_auto_encoder,
    "PyOD HBOS": pyod_hbos,
    "PyOD PCA": pyod_pca,
    "PyOD KNN": pyod_knn,
    "PyOD IForest": pyod_iforest,
}


def windowed(make, data):
    """Fit on flat windows and score flat windows."""
    model, how = make()
    train = flat(data["train"])
    if "KNN" in type(model).__name__:
        train = train[:: max(1, len(train) // FEW)]
    began = time.process_time()
    model.fit(train)
    fitted = time.process_time()
    scores = model.decision_function(flat(data["test"]))
    return scores, how, fitted - began, time.process_time() - fitted, len(scores)


def half_space_trees(data):
    """River: sample by sample, in ranges of the training."""
    from river.anomaly import HalfSpaceTrees

    samples, every = data["train_samples"], data["test_samples"]
    low, high = samples.min(axis=0), samples.max(axis=0)
    names = [f"x{i}" for i in range(samples.shape[1])]
    model = HalfSpaceTrees(seed=7, limits=dict.fromkeys(names, (0.0, 1.0)))

    def rows(values):
        scaled = np.clip((values - low) / (high - low), 0.0, 1.0)
        return [dict(zip(names, row, strict=True)) for row in scaled.tolist()]

    began = time.process_time()
    for row in rows(samples):
        model.learn_one(row)
    fitted = time.process_time()
    scores = np.array([model.score_one(row) for row in rows(every)])
    spent = time.process_time() - fitted
    how = "25 trees, samples instead of windows, learns from the training only"
    return scores[data["ends"]], how, fitted - began, spent, len(scores)


def merlion_forest(data):
    """Merlion: its isolation forest over the last 60 samples."""
    import pandas as pd
    from merlion.models.anomaly.isolation_forest import IsolationForest, IsolationForestConfig
    from merlion.utils import TimeSeries

    def series(values):
        index = pd.date_range("2026-01-01", periods=len(values), freq="20ms")
        return TimeSeries.from_pd(pd.DataFrame(values, index=index))

    window = int(data["train"].shape[1])
    model = IsolationForest(IsolationForestConfig(seq_len=window))
    began = time.process_time()
    model.train(series(data["train_samples"]))
    fitted = time.process_time()
    found = np.full(len(data["test_samples"]), np.nan)
    for start, end in data["bounds"]:
        told = model.get_anomaly_score(series(data["test_samples"][start:end])).to_pd()
        found[end - len(told) : end] = told.to_numpy()[:, 0]
    spent = time.process_time() - fitted
    return found[data["ends"]], f"defaults, seq_len={window}", fitted - began, spent, len(found)


def flat(windows):
    """Shape (B, L · F)."""
    return windows.reshape(len(windows), -1).astype(np.float64)


def main(source, out):
    """Run all; one that fails says so."""
    data = dict(np.load(source))
    runs = {name: partial(windowed, make, data) for name, make in WINDOWED.items()}
    runs["River HalfSpaceTrees"] = partial(half_space_trees, data)
    runs["Merlion IsolationForest"] = partial(merlion_forest, data)
    found = {}
    for name, run in runs.items():
        line = {"name": name}
        try:
            scores, how, fit_s, spent_s, count = run()
            if not np.isfinite(scores).all():
                raise ValueError(f"{int((~np.isfinite(scores)).sum())} scores are not finite")
            found[name] = scores
            line |= {"how": how, "fit_s": fit_s, "us": spent_s / count * 1e6}
        except Exception as error:
            lines = str(error).strip().splitlines() or [type(error).__name__]
            line["failed"] = lines[-1][:160]
        print(json.dumps(line), flush=True)
    np.savez(out, **found)


if __name__ == "__main__":
    main(*sys.argv[1:])
