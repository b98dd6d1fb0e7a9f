"""What it costs to align devices whose channels come in messages of their own.

100 devices of 10 channels, each a message of one sample 10 times a second, go through the buffer
and the aligner as fast as they can, a tick for every 0.1 s of them. The CPU time of the aligner is
set against the time that the samples span. Beside it stand devices whose messages hold all
channels, which pass as they are. Exit code 1 when the target is missed.

    python -m benchmarks.speed.alignment
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator

import numpy as np

from benchmarks.lib.machine import machine
from detector.alignment.aligner import Aligner
from detector.alignment.rules import Rules
from detector.ingest.buffer import SharedBuffer
from detector.records import Samples
from simulator.cli.options import whole_from

MOST_SHARE = 0.10  # of a core
T0 = 1_700_000_000.0
PERIOD_S = TICK_S = 0.1


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--devices", type=whole_from(1), default=100, help="(default: 100)")
    parser.add_argument("--channels", type=whole_from(2), default=10, help="(default: 10)")
    parser.add_argument("--seconds", type=whole_from(5), default=60, help="of signal (default: 60)")
    args = parser.parse_args(arguments)
    print(f"{machine()}, "
          f"{args.devices} devices, {args.channels} channels at {1 / PERIOD_S:g} Hz, "
          f"{args.seconds} s\n")  # fmt: skip
    print("| channels come | rows out | aligner, share of a core | buffer, share of a core |")
    print("|---|---|---|---|")
    apart = _measure(args.devices, args.channels, args.seconds, apart=True)
    _measure(args.devices, args.channels, args.seconds, apart=False)
    is_met = apart < MOST_SHARE
    print(f"\ntarget: apart below {MOST_SHARE:.0%} of a core: {'met' if is_met else 'MISSED'}")
    return 0 if is_met else 1


def _measure(devices: int, channels: int, seconds: int, *, apart: bool) -> float:
    names = tuple(f"c{i}" for i in range(channels))
    rules = Rules(1.0, 60.0, 60.0, PERIOD_S, frozenset(names))
    aligner = Aligner(lambda _: rules, lambda _: None, lambda *_: [])
    buffer = SharedBuffer(20_000, devices)
    cost = {"buffer": 0.0, "aligner": 0.0}
    rows = 0
    for tick in range(round(seconds / TICK_S)):
        messages = list(_messages(devices, names, tick, apart=apart))
        began = time.process_time()
        for device, samples in messages:
            buffer.append(device, samples, samples.ts[0], None)
        taken = buffer.take()
        filled = time.process_time()
        for block in taken.blocks:
            aligner.push(block, tick * TICK_S)
        ready = aligner.release(tick * TICK_S)
        cost["aligner"] += time.process_time() - filled
        cost["buffer"] += filled - began
        rows += sum(len(block.samples) for block in ready)
    share = {what: spent / seconds for what, spent in cost.items()}
    how = "apart" if apart else "together"
    print(f"| {how} | {rows:,} | {share['aligner']:.1%} | {share['buffer']:.1%} |")
    return share["aligner"]


def _messages(
    devices: int, names: tuple[str, ...], tick: int, *, apart: bool
) -> Iterator[tuple[str, Samples]]:
    """What arrives in one tick; apart, each channel has a time of its own in the period."""
    ts = T0 + tick * PERIOD_S
    for device in range(devices):
        if not apart:
            yield f"d{device}", Samples(names, np.array([ts]), np.ones((1, len(names)), np.float32))
            continue
        for i, name in enumerate(names):
            at = np.array([ts + i * PERIOD_S / len(names)])
            yield f"d{device}", Samples((name,), at, np.ones((1, 1), np.float32))


if __name__ == "__main__":
    sys.exit(main())
