"""What training costs: time and peak memory against the number of sessions.

Sessions of five simulated minutes at 100 Hz; the network is the folded LSTM autoencoder that is
shipped, with all that a training does: five held-out blocks, the last fit, and the rows beside it.

    python -m benchmarks.speed.training_cost --sessions 5 10 20
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"

from benchmarks.lib.peak import cost_of
from simulator.recordings.generate import write_sessions
from simulator.recordings.session_request import Request

MINUTES, RATE_HZ, WINDOW = 5.0, 100.0, 60
TRAIN = (
    *("--network", "lstm_ae", "--set", "variant=folded", "--window", str(WINDOW)),
    *("--smoothing", "50", "--device", "cpu", "--seed", "7"),
)


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sessions", type=int, nargs="+", default=[5, 10, 20])
    args = parser.parse_args()
    print("| sessions | windows | seconds | peak MB |")
    print("|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for count in args.sessions:
            data = Path(folder) / str(count)
            write_sessions(Request(600.0, count, MINUTES, 1), data, lambda _: None)
            seconds, peak_mb = _train(data, Path(folder) / f"model-{count}")
            windows = count * (round(MINUTES * 60 * RATE_HZ) - WINDOW + 1)
            print(f"| {count} | {windows:,} | {seconds:.0f} | {peak_mb:.0f} |", flush=True)
    return 0


def _train(data: Path, out: Path) -> tuple[float, float]:
    """Wall time in seconds and the largest resident set of one training in MB."""
    cost = cost_of("train", "--sessions", str(data), "--out", str(out), *TRAIN)
    return cost.wall_s, cost.peak_mb


if __name__ == "__main__":
    sys.exit(main())
