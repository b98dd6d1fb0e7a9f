"""What it costs to describe a long recording: CPU time, and memory beside its samples.

A recording of a machine that runs, with a running signal, labels and a hole now and then, is
described and thinned out for a picture as ``inspect --plot`` does, once with continuous values and
once with values that stand twice. Exit code 1 when the target is missed.

    python -m benchmarks.speed.inspect_cost
"""

from __future__ import annotations

import argparse
import sys
import time
import tracemalloc

import numpy as np

from benchmarks.lib.machine import machine
from detector.inspecting.describe import describe
from detector.inspecting.overview import overview_of
from detector.records import Samples
from detector.sessions.files import Recording
from simulator.cli.options import whole_from

MOST_MB = 200.0  # beside the samples
RATE_HZ = 1000.0
T0 = 1_700_000_000.0
HOLES_EVERY = 100_000  # samples


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rows", type=whole_from(1000), default=10_000_000,
                        help="(default: 10 million)")  # fmt: skip
    rows = parser.parse_args(arguments).rows
    print(f"{machine()}, {rows:,} rows of 3 features\n")
    print("| values | CPU | memory beside the samples |")
    print("|---|---|---|")
    memory = [_measure(rows, times) for times in (1, 2)]
    is_met = max(memory) < MOST_MB
    print(f"\ntarget: below {MOST_MB:g} MB: {'met' if is_met else 'MISSED'}")
    return 0 if is_met else 1


def _measure(rows: int, times: int) -> float:
    """Print a line; returns the memory in MB."""
    recording = _recording(rows, times)
    began = time.process_time()
    overview_of(recording, describe(recording))
    cpu_s = time.process_time() - began
    tracemalloc.start()
    overview_of(recording, describe(recording))
    peak_mb = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    how = "continuous" if times == 1 else f"each stands {times} times"
    print(f"| {how} | {cpu_s:.1f} s | {peak_mb:.0f} MB |")
    return peak_mb


def _recording(rows: int, times: int) -> Recording:
    values = np.random.default_rng(0).standard_normal((rows, 3), np.float32)
    values = values if times == 1 else np.repeat(values[: -(-rows // times)], times, axis=0)[:rows]
    values[:, 2] = 600.0
    values[: rows // 10, 2] = 0.0
    values[::HOLES_EVERY, 0] = np.nan
    label = np.arange(rows) % HOLES_EVERY < 1000
    ts = T0 + np.arange(rows) / RATE_HZ
    return Recording("long", Samples(("a", "b", "rpm"), ts, values), label)


if __name__ == "__main__":
    sys.exit(main())
