"""Other libraries' detectors beside ours, on the same windows: what they cost and what they find.

Motors are simulated; those with faults are not those that were learnt from. PyOD, River and Merlion
run in an environment of their own, which is made once below ``--venv`` and sees our numpy and torch
behind its own packages. Costs are CPU time of one thread for one window, ours with all that becomes
of it until it is a frame. Average precision counts each fifth sample, a fault from its first to its
last; the last column is that of scores averaged over the second before, which evens out how much
smoothing a detector does itself.

    python -m benchmarks.speed.peers
    python -m benchmarks.speed.peers --venv /tmp/peers
"""

from __future__ import annotations

import os

os.environ["OMP_NUM_THREADS"] = "1"  # before torch is imported

import argparse
import json
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.metrics import average_precision_score
from tqdm import tqdm

from benchmarks.lib.apart import KEPT, environment
from benchmarks.lib.machine import machine
from benchmarks.scale.peer_data import RATE_HZ, SENSOR, WINDOW, Trial, make_trial
from detector.records import Samples
from detector.scoring.bundle import Bundle
from detector.scoring.front_stream import stream_for
from detector.scoring.stream import score_samples
from detector.settings.sessions import SessionSettings
from detector.training.data.dataset import Dataset, TrainingSession
from detector.training.fitting.fit import FitPlan
from detector.training.fitting.network import Recipe
from detector.training.fitting.plan import TrainOptions
from detector.training.train import train
from simulator.machines.motor import FEATURES

PACKAGES = ("pyod==3.6.7", "river==0.26.1", "salesforce-merlion==2.0.4")
DEFAULT_VENV = KEPT / "peers"
RUNNER = Path(__file__).resolve().parents[1] / "scale" / "peer_runner.py"
EVEN = 10  # compared windows that scores are averaged over: one second
OURS = {  # ours, trained within a minute
    "Faultline lstm_ae": Recipe(
        config={"variant": "folded"}, plan=FitPlan(epochs=6, min_steps=300)
    ),
    "Faultline pca": Recipe(name="pca"),
    "Faultline zscore": Recipe(name="zscore"),
}
EXIT_INTERRUPTED = 130


@dataclass(frozen=True)
class Row:
    """One detector.

    Attributes:
        name: Of it.
        how: Its set-up, or why it did not run.
        scores: Of the compared windows; None where it did not run.
        fit_s: CPU seconds to learn.
        us: CPU microseconds of a window.
    """

    name: str
    how: str
    scores: np.ndarray | None = None
    fit_s: float = 0.0
    us: float = 0.0

    @property
    def found(self) -> np.ndarray:
        """The scores of one that ran."""
        assert self.scores is not None
        return self.scores


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; returns the exit code."""
    args = _arguments(arguments)
    torch.set_num_threads(1)
    try:
        trial = make_trial(args.seed)
        ours = [_ours(name, recipe, trial) for name, recipe in OURS.items()]
        peers = _peers(trial, args.venv)
    except KeyboardInterrupt:
        print("stopped, nothing is left running", file=sys.stderr)
        return EXIT_INTERRUPTED
    _print(trial, ours + peers)
    return 0


def _print(trial: Trial, rows: list[Row]) -> None:
    faulty = trial.faulty
    kinds = len(trial.sessions)
    print(f"{machine()}\n{len(trial.normal)} normal motors, {kinds} motors with faults "
          f"({', '.join(one.name for one in trial.sessions[::2])} and stronger), "
          f"{WINDOW} samples x {len(FEATURES)} features at {RATE_HZ:g} Hz, "
          f"{len(faulty):,} windows compared, {faulty.mean():.0%} of them faulty\n")  # fmt: skip
    print("| detector | set-up | CPU of a window | to learn | AP | AP of sensor faults "
          "| AP of machine faults | AP, scores averaged over 1 s |\n"
          "|---|---|---|---|---|---|---|---|")  # fmt: skip
    is_sensor = _of_sensors(trial)
    ran = [row for row in rows if row.scores is not None]
    for row in sorted(ran, key=lambda row: -_ap(faulty, row.found)):
        scores, even = row.found, _averaged(row.found, trial)
        print(f"| {row.name} | {row.how} | {row.us:.1f} µs | {row.fit_s:.1f} s "
              f"| {_ap(faulty, scores):.3f} | {_ap(faulty[is_sensor], scores[is_sensor]):.3f} "
              f"| {_ap(faulty[~is_sensor], scores[~is_sensor]):.3f} "
              f"| {_ap(faulty, even):.3f} |")  # fmt: skip
    for row in rows:
        if row.scores is None:
            print(f"| {row.name} | did not run: {row.how} | | | | | | |")
    _say_who_wins(ran, faulty, is_sensor)


def _say_who_wins(ran: list[Row], faulty: np.ndarray, is_sensor: np.ndarray) -> None:
    """In plain words."""
    best = _best(ran, faulty, np.ones(len(faulty), np.bool_))
    cheapest = min(ran, key=lambda row: row.us)
    shipped = next(row for row in ran if row.name in OURS)
    ahead = [r.name for r in ran if r.name not in OURS
             and _ap(faulty, r.found) > _ap(faulty, shipped.found)]  # fmt: skip
    of_sensors, of_machines = (_best(ran, faulty, one).name for one in (is_sensor, ~is_sensor))
    print(f"\nmost is found by {best.name}, of sensor faults by {of_sensors}, "
          f"of machine faults by {of_machines}; the cheapest is "
          f"{cheapest.name}\nof the other libraries {', '.join(ahead) or 'none'} finds more than "
          f"{shipped.name} over all")  # fmt: skip


def _best(ran: list[Row], faulty: np.ndarray, among: np.ndarray) -> Row:
    return max(ran, key=lambda row: _ap(faulty[among], row.found[among]))


def _of_sensors(trial: Trial) -> np.ndarray:
    """Of each compared window, whether its session has a fault of a sensor."""
    windows_of = [len(range(WINDOW - 1, len(one.values), 5)) for one in trial.sessions]
    return np.repeat([one.name.split()[0] in SENSOR for one in trial.sessions], windows_of)


def _averaged(scores: np.ndarray, trial: Trial) -> np.ndarray:
    """Causal mean over a second, within each session."""
    parts, before = [], 0
    for one in trial.sessions:
        count = len(range(WINDOW - 1, len(one.values), 5))
        part = scores[before : before + count]
        sums = np.cumsum(np.concatenate([[0.0], part]))
        end = np.arange(1, count + 1)
        start = np.maximum(end - EVEN, 0)
        parts.append((sums[end] - sums[start]) / (end - start))
        before += count
    return np.concatenate(parts)


def _ap(faulty: np.ndarray, scores: np.ndarray) -> float:
    return float(average_precision_score(faulty, scores))


def _ours(name: str, recipe: Recipe, trial: Trial) -> Row:
    """Train and score as a recorded file is scored."""
    began = time.process_time()
    sessions = tuple(_session(number, values) for number, values in enumerate(trial.normal))
    dataset = Dataset(FEATURES, 1 / RATE_HZ, None, sessions)
    options = TrainOptions(recipe=recipe, units=dict.fromkeys(FEATURES, "g"))
    bundle = train(dataset, options, name)
    fitted = time.process_time()
    scores = np.concatenate([_scored(bundle, one.values) for one in trial.sessions])
    spent = time.process_time() - fitted
    return Row(name, _how(recipe, bundle), scores[trial.ends], fitted - began,
               spent / len(scores) * 1e6)  # fmt: skip


def _how(recipe: Recipe, bundle: Bundle) -> str:
    kind = ", ".join(str(value) for value in recipe.config.values())
    held_out = f"with the calibration on {bundle.document.calibration.blocks} held-out blocks"
    return f"{kind}, {held_out}" if kind else held_out


def _session(number: int, values: np.ndarray) -> TrainingSession:
    ts = np.arange(len(values)) / RATE_HZ
    runs = np.ones(len(values), np.bool_)
    return TrainingSession(f"motor {number}", ts, values.astype(np.float32), runs)


def _scored(bundle: Bundle, values: np.ndarray) -> np.ndarray:
    stream = stream_for("tested", FEATURES, bundle, SessionSettings())
    ts = np.arange(len(values)) / RATE_HZ
    samples = Samples(FEATURES, ts, values.astype(np.float32))
    frames = score_samples(stream, samples, chunk=256, arrival=0.0)
    return np.concatenate([frame.score for frame in frames])


def _peers(trial: Trial, folder: Path) -> list[Row]:
    """Run the others; where their environment cannot be made, each says so."""
    python, refused = environment(folder, PACKAGES)
    with tempfile.TemporaryDirectory(prefix="faultline-bench-") as name:
        source, out = Path(name) / "data.npz", Path(name) / "scores.npz"
        arrays: dict[str, Any] = trial.arrays()  # none is called as an option of savez
        np.savez(source, **arrays)
        if not python.exists():
            return [Row("PyOD, River, Merlion", str(refused))]
        command = [str(python), str(RUNNER), str(source), str(out)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            try:
                told = _told(child)
            finally:
                child.terminate()
        scores = dict(np.load(out)) if out.exists() else {}
    return [
        Row(one["name"], one.get("failed") or one["how"], scores.get(one["name"]),
            one.get("fit_s", 0.0), one.get("us", 0.0))
        for one in told
    ]  # fmt: skip


def _told(child: subprocess.Popen[str]) -> list[dict[str, Any]]:
    assert child.stdout is not None
    lines = tqdm(child.stdout, total=7, unit="detector", desc="others", leave=False)
    return [json.loads(line) for line in lines if line.startswith("{")]


def _arguments(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.speed.peers",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--venv", type=Path, default=DEFAULT_VENV, metavar="DIR",
                        help="environment of the others; made where it is not there, delete it "
                        "to have it made anew (default: %(default)s)")  # fmt: skip
    parser.add_argument("--seed", type=int, default=7, help="of the motors (default: %(default)s)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends as Ctrl-C does
    sys.exit(main())
