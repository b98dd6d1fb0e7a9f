"""Whether a network learns more from windows with small corruptions put in: denoising, by limits.

`python -m simulator generate --rpm 600 --catalogue --sessions 8 --minutes 5 --seed 77 --out made`
and then `python -m benchmarks.detection.corruptions --sessions made/rpm_600/train`: a dense
autoencoder as it is, and the same taught to give the clean window back for one with a sensor fault
of a random small severity. Faults of families that it was not taught are looked for, each family
left out in turn, in sessions that none was trained on and at the same false alarms.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from detector.networks import base
from detector.networks.dense_ae import DenseAe, DenseAeConfig
from detector.training.apart import as_recording, set_apart
from detector.training.data.dataset import load_dataset
from detector.training.data.prepare import Preparation
from detector.training.fitting.fit import FitPlan
from detector.training.fitting.network import Recipe
from detector.training.fitting.plan import TrainOptions
from detector.training.lab.evaluate import FAMILIES, Injection, inject_faults
from detector.training.trial import SEVERITIES, Bench, Trial, train_and_try, try_bundle
from simulator.faults.inject import inject

PARTS = 3  # that the families are left out in
SHARE, HIGHEST = 0.5, 0.3  # of the windows that are corrupted; their largest severity
HELD = ("dropout",)  # not taught: no window holds a missing value, see ``Segmenter``
WINDOW, RATE_HZ = 65, 100.0
FEATURES = ("acc_x", "acc_y", "acc_z")
PLAN = FitPlan(epochs=8, min_steps=400)


class Denoising(DenseAe):
    """A dense autoencoder whose training input is corrupted and whose target is not."""

    families: Sequence[str] = ()

    def __init__(self, config: DenseAeConfig, *, features: int, window: int) -> None:
        super().__init__(config, features=features, window=window)
        self._rng = np.random.default_rng(0)

    def loss(self, x: Tensor, progress: float) -> Tensor:
        """See ``Network``; some windows of the batch have a fault in one feature."""
        del progress
        made = x.numpy().astype(np.float64)
        for row in np.flatnonzero(self._rng.random(len(made)) < SHARE):
            made[row] = corrupted(made[row], self.families, self._rng)
        found: Tensor = self(torch.from_numpy(made.astype(np.float32)))
        return ((found - x) ** 2).mean()


def corrupted(window: np.ndarray, families: Sequence[str], rng: np.random.Generator) -> np.ndarray:
    """A scaled window (L, F) with a fault of any family, severity and feature from some row."""
    return inject(
        window,
        family=families[int(rng.integers(len(families)))],
        severity=float(rng.uniform(0.0, HIGHEST)),
        start=int(rng.integers(len(window) // 2)),
        end=len(window),
        sigma=1.0,
        axis=int(rng.integers(window.shape[1])),
        rng=rng,
        rate_hz=RATE_HZ,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sessions", type=Path, required=True, help="a folder of normal sessions")
    parser.add_argument("--seeds", type=int, default=3, help="(default: %(default)s)")
    args = parser.parse_args(arguments)
    base.NETWORKS["denoising"] = (DenseAeConfig, Denoising)
    dataset = load_dataset([(args.sessions, None)], features=FEATURES)
    learn, apart = set_apart(dataset)
    normal = tuple(as_recording(dataset, session) for session in apart)
    options = TrainOptions(
        recipe=Recipe(name="dense_ae", plan=PLAN, device="cpu"),
        preparation=Preparation(window=WINDOW),
    )
    print("| left out | detector | found | s50 | s90 |\n|---|---|---|---|---|", flush=True)
    plain: dict[str, Trial] = {}
    for number in range(PARTS):
        out = FAMILIES[number::PARTS]
        injection = Injection(out, SEVERITIES, tuple(range(args.seeds)), FEATURES, dataset.signal)
        bench = Bench(normal, tuple(inject_faults(normal, injection)))
        for name in ("pca", "dense_ae"):
            if name in plain:
                found = try_bundle(name, plain[name].bundle, bench)
            else:
                recipe = replace(options.recipe, name=name)
                found = train_and_try(name, replace(options, recipe=recipe), learn, bench)
                plain[name] = found
            _print(out, found)
        Denoising.families = [name for name in FAMILIES if name not in {*out, *HELD}]
        recipe = replace(options.recipe, name="denoising")
        _print(out, train_and_try("denoising", replace(options, recipe=recipe), learn, bench))
    return 0


def _print(out: Sequence[str], trial: Trial) -> None:
    curve = trial.curve
    assert curve is not None  # there are faults
    print(f"| {', '.join(out)} | {trial.name} | {trial.found} of {curve.cases} "
          f"| {curve.told(curve.s50.at)} | {curve.told(curve.s90.at)} |", flush=True)  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
