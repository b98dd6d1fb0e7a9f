"""The smallest error of a device's clock that is told, behind a network whose delays scatter.

Each message comes late by 20 ms and by chance as much again, one in a hundred by half a second
more. After two minutes the clock jumps, or begins to run fast or slow.

    python -m benchmarks.detection.clock_limits --seeds 20
"""

from __future__ import annotations

import argparse
import sys

import numpy as np

from detector.sensors.clock import ClockWatch

RATE_HZ, EVERY = 100.0, 50  # samples a second, and in a message
BEGINS_S, LASTS_S = 120.0, 300.0
LATE_S, SELDOM, MUCH_S = 0.02, 0.01, 0.5
START = 1_700_000_000.0
JUMPS_S = (0.1, 0.2, 0.25, 0.3, 0.5, 1.0)
SKEWS = (1e-4, 2e-4, 3e-4, 5e-4, 1e-3)


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seeds", type=int, default=20, help="devices of each (default: 20)")
    seeds = range(parser.parse_args().seeds)
    print("| error | told within 5 min, forward or fast | back or slow |\n|---|---|---|")
    for size in JUMPS_S:
        print(_row(f"jump of {size:g} s", [_share(seeds, jump_s=s * size) for s in (1, -1)]))
    for size in SKEWS:
        said = f"runs wrong by {1e6 * size:.0f} millionths"
        print(_row(said, [_share(seeds, skew=s * size) for s in (1, -1)]))
    print(f"no error: {_share(seeds):.0%} told")
    return 0


def _row(said: str, shares: list[float]) -> str:
    return f"| {said} | " + " | ".join(f"{100 * share:.0f} %" for share in shares) + " |"


def _share(seeds: range, *, jump_s: float = 0.0, skew: float = 0.0) -> float:
    return float(np.mean([_is_told(seed, jump_s, skew) for seed in seeds]))


def _is_told(seed: int, jump_s: float, skew: float) -> bool:
    rng, watch = np.random.default_rng(seed), ClockWatch()
    true = np.arange(0.0, BEGINS_S + LASTS_S, 1.0 / RATE_HZ)
    wrong = np.where(true > BEGINS_S, jump_s + skew * (true - BEGINS_S), 0.0)
    ends = np.arange(EVERY - 1, len(true), EVERY)
    late = LATE_S + rng.exponential(LATE_S, len(ends))
    late += np.where(rng.random(len(ends)) < SELDOM, MUCH_S, 0.0)
    arrival = np.maximum.accumulate(true[ends] + late)
    for end, at in zip(ends.tolist(), arrival.tolist(), strict=True):
        rows = slice(end + 1 - EVERY, end + 1)
        watch.hear(START + true[rows] + wrong[rows], START + at, is_whole=True)
        if watch.trouble is not None:
            return True
    return False


if __name__ == "__main__":
    sys.exit(main())
