"""How fast the simulator makes sessions, and whether its memory grows with their length.

A session of 3 axes at 100 Hz is synthesised for the healthy machine and for each machine fault,
on one core: it must take less than 1/50 of its length. Then processes of their own stream
sessions of growing length in blocks they do not keep: the longest may need at most 5 % more
memory at its peak than the shortest. Exit code 1 when a target is missed.

    python -m benchmarks.speed.simulator_speed
"""

from __future__ import annotations

import argparse
import os
import re
import resource
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.lib.machine import machine

os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before numpy

from simulator.cli.options import positive
from simulator.errors import SimulatorError
from simulator.machines.damage import Damage
from simulator.machines.faults import MACHINE_FAULTS
from simulator.machines.motor import MOTORS, RATE_HZ, Motor

LEAST_SPEED = 50.0  # times real time
MOST_GROWTH = 1.05  # of the peak memory
STREAMED_MIN = (5.0, 20.0, 60.0)
BLOCK = 3000  # samples, 30 s
PROJECT = Path(__file__).resolve().parents[2]
DESIGN = "motor-1200"


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; returns the exit code."""
    args = _parser().parse_args(arguments)
    if args.stream:
        stream(args.stream)
        print(peak_mb())
        return 0
    print(f"{machine()}, "
          f"{DESIGN}, 3 axes at {RATE_HZ:g} Hz\n")  # fmt: skip
    fast = _speed(args.minutes)
    try:
        flat = _memory(tuple(args.stream_minutes))
    except SimulatorError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    return 0 if fast and flat else 1


def stream(minutes: float, family: str | None = None) -> None:
    """Synthesise a session in blocks and keep none of them."""
    seconds = 60.0 * minutes
    damages = [Damage(family, 1.0, 0.0, 0.0, seconds)] if family else []
    motor = Motor(MOTORS[DESIGN], seed=7, begin_running=True, damages=damages)
    left = round(seconds * RATE_HZ)
    while left > 0:
        left -= len(motor.block(min(left, BLOCK)).ts)


def peak_mb() -> float:
    """Most memory this process has had at once, MB."""
    status = Path("/proc/self/status")
    if status.exists():  # getrusage would count the process that started this one
        return int(re.findall(r"VmHWM:\s+(\d+) kB", status.read_text())[0]) / 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20


def _speed(minutes: float) -> bool:
    print(
        f"{'session of ' + format(minutes, 'g') + ' min':24}{'CPU':>8}{'wall':>9}{'CPU speed':>13}"
    )
    stream(0.1)  # imports and first calls are not synthesis
    slowest, at = float("inf"), ""
    for family in (None, *MACHINE_FAULTS):
        wall_s, cpu_s = time.perf_counter(), time.process_time()
        stream(minutes, family)
        wall_s, cpu_s = time.perf_counter() - wall_s, time.process_time() - cpu_s
        speed, name = 60.0 * minutes / cpu_s, family or "healthy"
        slowest, at = min((slowest, at), (speed, name))
        print(f"{name:24}{cpu_s:6.2f} s{wall_s:7.2f} s{speed:8.0f} times")
    kept = slowest >= LEAST_SPEED
    print(f"{_verdict(kept)}: slowest is {at}, 1/{slowest:.0f} of its length on one core "
          f"(target: 1/{LEAST_SPEED:g})\n")  # fmt: skip
    return kept


def _memory(lengths_min: tuple[float, ...]) -> bool:
    peaks = [_peak_of_child(minutes) for minutes in lengths_min]
    print(f"{'streamed':24}{'peak RSS':>11}")
    for minutes, peak in zip(lengths_min, peaks, strict=True):
        print(f"{minutes:3g} min{'':17}{peak:8.1f} MB")
    growth = max(peaks) / peaks[0]
    kept = growth <= MOST_GROWTH
    print(f"{_verdict(kept)}: peak x{growth:.3f} over {lengths_min[-1] / lengths_min[0]:g} times "
          f"the length (target: at most x{MOST_GROWTH:g})")  # fmt: skip
    return kept


def _peak_of_child(minutes: float) -> float:
    told = subprocess.run(
        [sys.executable, "-m", "benchmarks.speed.simulator_speed", "--stream", str(minutes)],
        cwd=PROJECT,
        check=False,
        capture_output=True,
        text=True,
    )
    if told.returncode:
        raise SimulatorError(f"streaming {minutes:g} min ended with\n{told.stderr}")
    return float(told.stdout)


def _verdict(kept: bool) -> str:
    return "PASS" if kept else "FAIL"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.speed.simulator_speed",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--minutes", type=positive, default=10.0, metavar="MIN",
        help="length of the timed sessions (default: %(default)g)")  # fmt: skip
    add("--stream-minutes", type=positive, nargs="+", default=STREAMED_MIN, metavar="MIN",
        help="lengths of the streamed sessions, the shortest first (default: 5 20 60)")  # fmt: skip
    add("--stream", type=positive, metavar="MIN", help="only stream, and print the peak in MB")
    return parser


if __name__ == "__main__":
    sys.exit(main())
