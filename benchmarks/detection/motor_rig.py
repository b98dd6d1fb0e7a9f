"""Which faults of a recorded motor rig can be told from health behind a sensor of some rate.

Each 20 kHz recording of 2 s goes through the front end (anti-alias filter, sampling) at several
rates. Mean and deviation of window features are learnt from the first half of the healthy recording
of the same speed and load; its second half and the faulty recording are ranked by the largest
deviation of any feature. AUC 1: every faulty window is farther from health than every healthy one;
0.5: no difference. Windows of one recording overlap, and two recordings differ in more than the
fault, so this says "can" or "cannot" and no rate.

    python -m benchmarks.detection.motor_rig --data DIR/motor-rig
"""

from __future__ import annotations

import argparse
import gzip
import sys
from pathlib import Path

import numpy as np
from scipy import signal
from sklearn.metrics import roc_auc_score

from detector.references.base import build_reference
from detector.sessions.representation import WindowFeatures, fit_columns
from detector.sessions.windows import windows
from simulator.machines.sensor import low_pass

RECORDED_HZ = 20_000
RATES_HZ = (100, 400, 2000, 10_000)
SEPARATES = 0.9
REVOLUTIONS = 4
SETTLING_S = 0.15  # of the filter, left out at the start
LOW_PASS = 0.4  # corner, share of the output rate


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the recordings")
    folder = parser.parse_args().data
    names = sorted(path.name.removesuffix(".csv.gz") for path in folder.glob("*.csv.gz"))
    if not names:
        sys.exit(f"{folder}: no recording, allowed: *.csv.gz")
    print(f"| faulty recording | {' | '.join(f'{rate} Hz' for rate in RATES_HZ)} |")
    print("|---|" + "---|" * len(RATES_HZ))
    for name in names:
        healthy = _healthy_twin(name)
        if healthy == name or healthy not in names:
            continue
        cells = [_cell(_auc(folder, healthy, name, rate)) for rate in RATES_HZ]
        print(f"| {name} | {' | '.join(cells)} |")
    print(
        f"AUC against the healthy recording of the same speed and load; below {SEPARATES}: cannot"
    )
    return 0


def _healthy_twin(name: str) -> str:
    """The recording with good bearing and balance, same speed and load."""
    rpm, *_, alignment, load = name.split("_")
    return f"{rpm}_GoB_GS_BaLo_{alignment}_{load}"


def _cell(auc: float) -> str:
    return f"{auc:.2f}" if auc >= SEPARATES else f"{auc:.2f} cannot"


def _auc(folder: Path, healthy: str, faulty: str, rate_hz: int) -> float:
    rpm = int(healthy.split("_", maxsplit=1)[0])
    length = round(REVOLUTIONS * 60 / rpm * rate_hz)
    normal, odd = (_seen(folder / f"{name}.csv.gz", rate_hz) for name in (healthy, faulty))
    scale = normal.std(axis=0)
    normal, odd = normal / scale, odd / scale
    half = len(normal) // 2
    features = WindowFeatures(
        features=("x", "y", "z"), window=length, sampling_period_s=1 / rate_hz, rpm=float(rpm)
    )
    stride = max(length // 40, 1)
    learnt, rest, bad = (
        features.represent(np.ascontiguousarray(windows(part, length)[::stride]))
        for part in (normal[:half], normal[half:], odd)
    )
    columns = fit_columns(features, np.ascontiguousarray(windows(normal[:half], length)[::stride]))
    reference = build_reference("zscore", {}).fit(columns.apply(learnt), seed=0)
    far = [_distance(reference, columns.apply(part)) for part in (rest, bad)]
    label = np.concatenate([np.zeros(len(far[0])), np.ones(len(far[1]))])
    return float(roc_auc_score(label, np.concatenate(far)))


def _distance(reference, seen: np.ndarray) -> np.ndarray:  # noqa: ANN001 -- of this kind only
    return np.abs(reference.reconstruct(seen).residual).max(axis=(1, 2))


def _seen(path: Path, rate_hz: int) -> np.ndarray:
    """What a filtered sensor of this rate reports, mean taken off, shape (n, 3)."""
    with gzip.open(path, "rt") as file:
        rows = [[float(value) for value in line.split(";")[1:4]] for line in file]
    volts = np.asarray(rows) - np.mean(rows, axis=0)
    smooth = signal.sosfilt(low_pass(LOW_PASS * rate_hz, RECORDED_HZ), volts, axis=0)
    settled = smooth[round(SETTLING_S * RECORDED_HZ) :]
    return settled[:: RECORDED_HZ // rate_hz].astype(np.float32)


if __name__ == "__main__":
    sys.exit(main())
