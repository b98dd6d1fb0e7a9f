"""Simulated against recorded: how much a fault raises bands, 1x and what a 100 Hz sensor shows.

The recorded rig is a machinery fault simulator, 2 s at 20 kHz. A simulated motor is given the
rig's healthy levels, from the healthy recordings alone; each fault has one level for all rows.
Ratios are fault over healthy of the rms of three axes together.

    python benchmarks/rig_ratios.py --data DIR/motor-rig
"""

from __future__ import annotations

import argparse
import gzip
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from scipy import signal

from simulator.damage import Damage
from simulator.designs import MOTORS, STANDARD_GRAVITY_MM_S2, MotorDesign
from simulator.motor import Motor
from simulator.profile import CALM, STEADY
from simulator.sensor import SENSORS, FrontEnd, Probe

RECORDED_HZ = 20_000
SENSOR_HZ = 100
FACTOR = RECORDED_HZ // SENSOR_HZ
VOLTS_PER_G = 0.08
SECONDS = 20.0  # of simulated signal
PHASES = 20  # at which the recording is sampled without a filter
# recorded fault -> simulated family and its severity, the same in every row
CASES = {"VHIL": ("unbalance", 1.0), "LOR": ("bearing_outer", 1.0)}
BEARING_G = 0.7  # this rig rings far more than small healthy machines do; one value for all rows
COLUMNS = ("2-50 Hz", "50-500 Hz", "1x", "100 Hz filtered", "100 Hz unfiltered")


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of the recordings")
    folder = parser.parse_args().data
    print(f"| fault | rpm | load | | {' | '.join(COLUMNS)} |")
    print("|---|---|---|---|" + "---|" * len(COLUMNS))
    for case, (family, severity) in CASES.items():
        for rpm in (600, 1200):
            for load in ("00lb", "11lb"):
                healthy = _read(folder, rpm, "", load)
                _print(
                    case, rpm, load, "recorded", _ratios(healthy, _read(folder, rpm, case, load))
                )
                design = _like(healthy, rpm)
                pair = (_simulate(design, None, 0.0), _simulate(design, family, severity))
                _print(case, rpm, load, "simulated", _ratios(*pair))
    levels = ", ".join(f"{case}: {family} at {level:g}" for case, (family, level) in CASES.items())
    print(
        f"\nVHIL very heavy imbalance, LOR light outer race; simulated {levels} ({BEARING_G:g} g)"
    )
    return 0


def _print(case: str, rpm: int, load: str, kind: str, ratios: list[float]) -> None:
    cells = " | ".join(f"{ratio:.1f}" for ratio in ratios)
    print(f"| {case} | {rpm} | {load} | {kind} | {cells} |")


def _read(folder: Path, rpm: int, fault: str, load: str) -> np.ndarray:
    """One recording in g without its mean, shape (n, 3)."""
    bearing = "LOR" if fault == "LOR" else "GoB"
    balance = "VHIL" if fault == "VHIL" else "BaLo"
    path = folder / f"{rpm:04d}_{bearing}_GS_{balance}_WA_{load}.csv.gz"
    with gzip.open(path, "rt") as file:
        rows = np.asarray([[float(value) for value in line.split(";")[1:4]] for line in file])
    return np.asarray((rows - rows.mean(axis=0)) / VOLTS_PER_G)


def _like(healthy: np.ndarray, rpm: int) -> MotorDesign:
    """A motor with the levels of a healthy recording: 1x and broadband on each axis."""
    frequency, power = signal.welch(healthy, RECORDED_HZ, nperseg=RECORDED_HZ, axis=0)
    first = np.sqrt(_band(frequency, power, rpm / 60 - 1.5, rpm / 60 + 1.5))
    broad = np.sqrt(_band(frequency, power, 50.0, 5000.0))
    velocity = first * STANDARD_GRAVITY_MM_S2 / (2 * np.pi * rpm / 60)
    _, y, z = (velocity / velocity[0]).tolist()
    return replace(
        MOTORS[f"motor-{rpm}"],
        velocity_mm_s=float(velocity[0]),
        gains=(1.0, y, z),
        floor_mg=tuple((1e3 * broad).tolist()),
        bearing_g=BEARING_G,
    )


def _simulate(design: MotorDesign, family: str | None, severity: float) -> np.ndarray:
    """True acceleration at the recording's rate, shape (n, 3), g, without its mean."""
    motor = Motor(
        design,
        seed=3,
        probe=Probe(SENSORS["ideal"], RECORDED_HZ, filtered=False),
        habits=replace(CALM, durations=STEADY),
        begin_running=True,
        damages=[Damage(family, severity, 0.0, 0.0, 1e9)] if family else [],
    )
    acc = motor.block(round(SECONDS * RECORDED_HZ)).acc
    return np.asarray(acc - acc.mean(axis=0))


def _ratios(healthy: np.ndarray, faulty: np.ndarray) -> list[float]:
    levels = [_levels(part) for part in (healthy, faulty)]
    return [float(fault / normal) for normal, fault in zip(*levels, strict=True)]


def _levels(acc: np.ndarray) -> list[float]:
    frequency, power = signal.welch(acc, RECORDED_HZ, nperseg=RECORDED_HZ, axis=0)
    turning = frequency[2:26][power[2:26].sum(axis=1).argmax()]
    bands = ((2.0, 50.0), (50.0, 500.0), (turning - 1.5, turning + 1.5))
    direct = [float(np.sqrt(_band(frequency, power, *band).sum())) for band in bands]
    return [*direct, _sampled(acc, filtered=True), _sampled(acc, filtered=False)]


def _band(frequency: np.ndarray, power: np.ndarray, low: float, high: float) -> np.ndarray:
    inside = (frequency >= low) & (frequency < high)
    return np.asarray(power[inside].sum(axis=0) * (frequency[1] - frequency[0]))


def _sampled(acc: np.ndarray, *, filtered: bool) -> float:
    """Rms of what a 100 Hz sensor reports, all axes together."""
    phases = range(0, FACTOR, FACTOR // PHASES) if not filtered else [0]
    variances = []
    for phase in phases:
        rows = (len(acc) - phase) // FACTOR * FACTOR
        seen = _report(acc[phase : phase + rows], filtered=filtered)
        variances.append(seen[SENSOR_HZ // 5 :].var(axis=0).sum())  # the filter settles
    return float(np.sqrt(np.mean(variances)))


def _report(acc: np.ndarray, *, filtered: bool) -> np.ndarray:
    rng = np.random.default_rng(0)
    probe = Probe(replace(SENSORS["adxl356"], noise_density=(0.0,) * 3), SENSOR_HZ, filtered)
    front = FrontEnd(probe, factor=FACTOR, unit=rng, rng=rng)
    return front.report(acc, np.full(len(acc) // FACTOR, 25.0))


if __name__ == "__main__":
    sys.exit(main())
