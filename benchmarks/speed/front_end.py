"""What a front end costs: blocks described one at a time, as a live device has them, and many.

`python -m benchmarks.speed.front_end`, the processor's own time, one thread.
"""

from __future__ import annotations

import argparse
import os
import sys
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from detector.frontends.plans import WindowPlan
from detector.frontends.table import front_end

RATE_HZ, AXES = 100.0, ("acc_x", "acc_y", "acc_z")
PLAN = WindowPlan(
    inputs=AXES, units=("g",) * 3, block=100, hop=10, sampling_period_s=1 / RATE_HZ,
    centre=(0.0,) * 3, scale=(1.0,) * 3, speed="rpm",
)  # fmt: skip


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--blocks", type=int, default=2000, help="described in all (default: 2000)")
    args = parser.parse_args()
    print("| blocks at once | µs a block | devices at ten blocks a second, of one core |")
    print("|---|---|---|")
    for count in (1, 10, 100, 500):
        cost_s = cost(count, max(args.blocks // count, 1))
        print(f"| {count} | {1e6 * cost_s:.0f} | {PLAN.hop / RATE_HZ / cost_s:.0f} |")
    return 0


def cost(count: int, calls: int) -> float:
    """Processor seconds a block, of ``count`` described at once."""
    front, rng = front_end(PLAN), np.random.default_rng(0)
    blocks = rng.normal(0, 1, (count, PLAN.block, len(AXES))).astype(np.float32)
    speeds = rng.uniform(400, 1500, (count, PLAN.block, 1)).astype(np.float32)
    began = time.process_time()
    for _ in range(calls):
        front.describe(blocks, speeds)
    return (time.process_time() - began) / calls / count


if __name__ == "__main__":
    sys.exit(main())
