"""What it costs to take a message in: beside a bare client, in samples, and by format.

A backlog of messages waits at a real mosquitto for two durable sessions. One is read by a callback
that counts and acknowledges, the other by the subscriber with its receiver and buffer; who is first
changes from round to round, and ratios are those of one round. Rates need a quiet machine; the CPU
time of the reading process stands beside them, and bears other work.

Then the receiver alone, without a broker, reads a realistic message of every format; its time is
CPU time of the thread. Exit code 1 when a target is missed.

    python -m benchmarks.speed.ingest
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.lib.backlog import race
from benchmarks.lib.machine import machine
from benchmarks.lib.messages import Example, columns, examples, single
from benchmarks.lib.services import start_broker
from detector.ingest.buffer import SharedBuffer
from detector.ingest.receiver import Receiver
from detector.ingest.sources import Sources
from simulator.cli.options import whole_from
from simulator.demo.children import Children
from simulator.errors import SimulatorError

LEAST_RATIO = 0.80  # of the bare client's messages per second
LEAST_SAMPLES = 600_000  # per second, in batches of BATCH
BATCH = 100
FORMS = {
    "one sample": single(),
    "columns of 10": columns(10),
    f"columns of {BATCH}": columns(BATCH),
}
WITH_RATIO = ("one sample", "columns of 10")
TAKE_EVERY = 100  # messages between two takes of the buffer
TIMED_S = 0.05  # at least, of one reading of a message's cost


@dataclass(frozen=True)
class Target:
    """What was to be reached, and whether it was."""

    line: str
    is_met: bool


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.speed.ingest", description=__doc__.partition("\n")[0]
    )
    add = parser.add_argument
    add("--messages", type=whole_from(100), default=10_000, metavar="N",
        help="in each backlog (default: %(default)s)")  # fmt: skip
    add("--rounds", type=whole_from(1), default=7, metavar="N",
        help="of each measurement; medians count (default: %(default)s)")  # fmt: skip
    args = parser.parse_args(arguments)
    print(f"{machine()}, "
          f"{args.rounds} rounds, backlogs of {args.messages:,} messages at QoS 1\n")  # fmt: skip
    targets = []
    try:
        for part in (through_a_broker, by_format):
            targets += part(args.messages, args.rounds)
            print()
    except SimulatorError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    for target in targets:
        print(f"{target.line}: {'met' if target.is_met else 'MISSED'}")
    return 0 if all(target.is_met for target in targets) else 1


def through_a_broker(messages: int, rounds: int) -> list[Target]:
    """Our own form, beside a callback that counts."""
    print("| through mosquitto | bytes | bare callback | subscriber | ratio | samples/s | CPU bare "
          "| CPU subscriber | ratio |\n|---|---|---|---|---|---|---|---|---|")  # fmt: skip
    targets = []
    with tempfile.TemporaryDirectory() as folder, Children(Path(folder)) as children:
        _, url = start_broker(children, Path(folder))
        for name, content in FORMS.items():
            payload = json.dumps(content).encode()
            found = race(url, payload, messages, rounds)
            names = ("bare", "whole", "ratio", "bare_cpu_us", "whole_cpu_us", "cpu_ratio")
            bare, whole, ratio, bare_us, whole_us, cpu_ratio = (
                statistics.median(getattr(one, each) for one in found) for each in names
            )
            per_s = whole * _samples(content)
            print(f"| own JSON, {name} | {len(payload):,} | {bare:,.0f} /s | {whole:,.0f} /s "
                  f"| {ratio:.2f} | {per_s:,.0f} | {bare_us:.1f} µs | {whole_us:.1f} µs "
                  f"| {cpu_ratio:.2f} |")  # fmt: skip
            if name in WITH_RATIO:
                line = f"own JSON, {name}: {ratio:.2f} of a bare callback, target: {LEAST_RATIO:g}"
                targets.append(Target(line, ratio >= LEAST_RATIO))
    return [*targets, _enough("through mosquitto", per_s)]


def by_format(_: int, rounds: int) -> list[Target]:
    """One message of each, through the receiver into the buffer."""
    print("| receiver and buffer alone | bytes | samples | message | sample | samples/s |\n"
          "|---|---|---|---|---|---|")  # fmt: skip
    chosen = examples()
    cost_us: dict[str, list[float]] = {example.name: [] for example in chosen}
    for _round in range(rounds):
        for example in chosen:
            cost_us[example.name].append(_cost_us(example))
    targets = []
    for example in chosen:
        each = statistics.median(cost_us[example.name])
        per_s = example.samples / each * 1e6
        print(f"| {example.name} | {len(example.payload):,} | {example.samples} | {each:.1f} µs "
              f"| {each / example.samples:.2f} µs | {per_s:,.0f} |")  # fmt: skip
        if example.name == f"own JSON, columns of {BATCH}":
            targets.append(_enough("receiver and buffer alone", per_s))
    return targets


def _enough(where: str, per_s: float) -> Target:
    line = f"columns of {BATCH}, {where}: {per_s:,.0f} samples/s, target: {LEAST_SAMPLES:,}"
    return Target(line, per_s >= LEAST_SAMPLES)


def _samples(content: dict[str, object]) -> int:
    ts = content["ts"]
    return len(ts) if isinstance(ts, list) else 1


def _cost_us(example: Example) -> float:
    """CPU time of one message, of at least ``TIMED_S`` seconds of them."""
    buffer = SharedBuffer(samples_per_device=20_000, max_devices=10)
    receiver = Receiver(Sources([example.source]), buffer, lambda _, __: None)
    if example.before is not None:
        receiver.receive(*example.before, is_retained=False, receipt=None)
    spent_s, messages = 0.0, 0
    for spent_s in _spent(receiver, buffer, example):
        messages += TAKE_EVERY
        if spent_s > TIMED_S:
            break
    if receiver.refusals.counts():
        raise SimulatorError(f"{example.name}: refused, {receiver.refusals.counts()}")
    return spent_s / messages * 1e6


def _spent(receiver: Receiver, buffer: SharedBuffer, example: Example) -> Iterator[float]:
    """Seconds so far, after each ``TAKE_EVERY`` messages; the take is not among them."""
    spent_s = 0.0
    while True:
        began = time.thread_time()
        for _ in range(TAKE_EVERY):
            receiver.receive(example.topic, example.payload, is_retained=False, receipt=None)
        spent_s += time.thread_time() - began
        yield spent_s
        buffer.take()


if __name__ == "__main__":
    sys.exit(main())
