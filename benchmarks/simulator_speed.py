"""How fast the simulator is, and that its memory does not grow with the length of a session.

A 10-minute, 3-axis, 100 Hz session must be synthesised in under a fiftieth of its length on one
core, healthy or with any machine fault; streaming an hour must not take more memory than
streaming five minutes.

    python benchmarks/simulator_speed.py
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from tqdm import tqdm

from simulator.damage import Damage
from simulator.machine_faults import MACHINE_FAULTS
from simulator.motor import MOTORS, Motor

SESSION_S = 600.0
BLOCK_S = 30.0
FIFTIETH = 50.0
GROWTH = 1.1  # of the peak memory, from five minutes to an hour
MINUTES = (5, 20, 60)


def main() -> int:
    """Print times and memory; 1 if a target is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--stream", type=float, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.stream is not None:
        _stream(None, 60 * args.stream)
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
        return 0
    work: list[str | None] = [None, *MACHINE_FAULTS]
    shares = {fault or "healthy": _share(fault) for fault in tqdm(work, unit="session")}
    worst = max(shares, key=shares.__getitem__)
    for name in ("healthy", worst):
        print(f"{name}: 1/{1 / shares[name]:.0f} of the session's length, CPU of one core")
    memory = {minutes: _peak_mb(minutes) for minutes in MINUTES}
    print(", ".join(f"{minutes} min: {mb} MB" for minutes, mb in memory.items()) + " at the peak")
    is_fast = shares[worst] < 1 / FIFTIETH
    is_flat = memory[MINUTES[-1]] < GROWTH * memory[MINUTES[0]]
    print(f"{_word(is_fast)}: under 1/{FIFTIETH:.0f} of the session's length")
    print(f"{_word(is_flat)}: memory flat in the session's length")
    return 0 if is_fast and is_flat else 1


def _share(fault: str | None) -> float:
    """CPU time of a session, share of its length."""
    began = time.process_time()
    _stream(fault, SESSION_S)
    return (time.process_time() - began) / SESSION_S


def _stream(fault: str | None, seconds: float) -> None:
    damages = [Damage(fault, 0.5, 0.0, 0.0, seconds)] if fault else []
    motor = Motor(MOTORS["motor-600"], seed=7, damages=damages)
    for _ in range(round(seconds / BLOCK_S)):
        motor.block(round(BLOCK_S * motor.rate_hz))


def _peak_mb(minutes: int) -> int:
    command = [sys.executable, __file__, "--stream", str(minutes)]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def _word(holds: bool) -> str:
    return "PASS" if holds else "FAIL"


if __name__ == "__main__":
    sys.exit(main())
