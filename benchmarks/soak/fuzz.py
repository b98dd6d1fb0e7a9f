"""A hundred thousand fuzzed messages: no crash, no growth, each counted, none slow.

Messages of every format are mutated, built of the words that the codecs look for, or made to hurt
(``benchmarks/lib/fuzzing.py``), and go through the receiver as if the broker had sent them. Time is
that of the thread's CPU; a message that seems slow is read three times more, and the quickest
counts. Memory is read after the tables that remember topics and devices were filled beyond
their ends. Exit code 1 when a target is missed.

    python -m benchmarks.soak.fuzz
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import itertools
import logging
import sys
import time
import traceback
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import psutil
from tqdm import tqdm

from benchmarks.lib.fuzzing import Fuzzed, Tally, stream
from benchmarks.lib.machine import machine
from detector.errors import PayloadError
from detector.ingest.messages.contract import KINDS
from simulator.cli.options import whole_from

MOST_MS = 5.0  # of a message up to SMALL bytes, and of each such piece of a larger one
SMALL = 2048
SIZES = (
    256,
    SMALL,
    16_384,
    131_072,
    1 << 20,
)  # bytes, unpacked, up to which a row of the table goes
MOST_GROWTH = 1.05  # of the memory, after two tenths of the messages
WARM = 3  # readings
TAKE_EVERY = 500  # messages between two takes of the buffer
OUTCOMES = KINDS | {"topic", "taken", "ignored"}


@dataclass
class Run:
    """What was measured.

    Attributes:
        count: Messages.
        crashes: How often an exception came out of the receiver, by its place.
        first: The first message of each place.
        sizes: Of every message, bytes.
        cost_ms: Of every message.
        slow: Messages that took longer than they may.
        rss_mb: Resident memory before the first message and after every tenth of them.
        blocks: Objects that Python holds memory for, likewise.
    """

    count: int
    crashes: Counter[str] = field(default_factory=Counter)
    first: dict[str, Fuzzed] = field(default_factory=dict)
    sizes: npt.NDArray[np.int64] = field(init=False)
    cost_ms: npt.NDArray[np.float64] = field(init=False)
    slow: list[tuple[float, Fuzzed]] = field(default_factory=list)
    rss_mb: list[float] = field(default_factory=list)
    blocks: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sizes = np.zeros(self.count, np.int64)  # before the warm-up, so that it is no growth
        self.cost_ms = np.zeros(self.count)


def main(arguments: list[str] | None = None) -> int:
    """Fuzz and print; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.soak.fuzz", description=__doc__.partition("\n")[0]
    )
    add = parser.add_argument
    add("--messages", type=whole_from(10), default=100_000, metavar="N",
        help="how many (default: %(default)s)")  # fmt: skip
    add("--documents", type=whole_from(1), default=3000, metavar="N",
        help="of them built by hypothesis, the others mutated (default: %(default)s)")  # fmt: skip
    add("--seed", type=int, default=7, help="of all of them (default: %(default)s)")
    args = parser.parse_args(arguments)
    logging.getLogger("detector").addHandler(logging.NullHandler())
    logging.getLogger("detector").propagate = False
    print(f"{machine()}, "
          f"{args.messages:,} messages, seed {args.seed}\n")  # fmt: skip
    tally = Tally()
    tally.fill()
    before, filled = tally.outcomes(), tally.receipts
    run = fuzz(tally, stream(args.seed, args.documents), args.messages)
    return 0 if report(run, tally.outcomes() - before, tally.receipts - filled) else 1


def fuzz(tally: Tally, messages: Iterator[Fuzzed], count: int) -> Run:
    """Hand over ``count`` messages, one after the other."""
    run = Run(count)
    first = next(messages)  # builds the documents
    gc.collect()
    gc.freeze()
    fuzzed = itertools.chain([first], itertools.islice(messages, count - 1))
    _note_memory(run)
    for at, message in enumerate(tqdm(fuzzed, total=count, leave=False)):
        began = time.thread_time()
        try:
            tally.receive(message)
        except Exception as error:  # noqa: BLE001 -- whatever comes out is what is looked for
            place = traceback.extract_tb(error.__traceback__)[-1]
            where = f"{type(error).__name__} in {place.name}, line {place.lineno}"
            run.crashes[where] += 1
            run.first.setdefault(where, message)
        _note_cost(run, tally, at, message, (time.thread_time() - began) * 1000)
        if at % TAKE_EVERY == 0:
            tally.take()
        if (at + 1) % (count // 10) == 0:
            tally.take()
            _note_memory(run)
    return run


def allowed_ms(size: int) -> float:
    """How long a message may take."""
    return MOST_MS * max(1.0, size / SMALL)


def report(run: Run, outcomes: Counter[str], receipts: int) -> bool:
    """Print tables and verdicts; returns whether all targets are met."""
    print("| outcome | messages |\n|---|---|")
    for name, n in outcomes.most_common():
        print(f"| {name} | {n:,} |")
    print(f"\n{_cost_table(run)}\n")
    print(f"resident memory by tenth, MB: {' '.join(f'{mb:.1f}' for mb in run.rss_mb)}")
    print(f"Python's blocks by tenth, 1000: {' '.join(f'{n / 1000:.0f}' for n in run.blocks)}")
    growth = max(held[-1] / max(held[:WARM]) for held in (run.rss_mb, run.blocks))
    for where, n in run.crashes.most_common():
        print(f"crash, {n} times: {where}, first by {_shown(run.first[where])}")
    for cost, message in sorted(run.slow, key=lambda pair: -pair[0])[:10]:
        print(f"slow, {cost:.1f} ms: {message.size} bytes, {_shown(message)}")
    verdicts = {
        f"{run.crashes.total()} crashes, target: none": not run.crashes,
        f"{outcomes.total():,} outcomes and {receipts:,} receipts counted, target: each one":
            outcomes.total() == receipts == run.count,
        f"reasons beyond the known: {sorted(set(outcomes) - OUTCOMES)}, target: none":
            set(outcomes) <= OUTCOMES,
        f"{len(run.slow)} slow, target: none over {MOST_MS:g} ms for each {SMALL} bytes begun":
            not run.slow,
        f"memory x{growth:.3f} after the warm-up, target: at most x{MOST_GROWTH:g}":
            growth <= MOST_GROWTH,
    }  # fmt: skip
    print()
    for line, is_met in verdicts.items():
        print(f"{line}: {'met' if is_met else 'MISSED'}")
    return all(verdicts.values())


def _note_cost(run: Run, tally: Tally, at: int, message: Fuzzed, cost_ms: float) -> None:
    size = message.size
    if cost_ms > allowed_ms(size):
        cost_ms = min(cost_ms, *(_again_ms(tally, message) for _ in range(3)))
        if cost_ms > allowed_ms(size):
            run.slow.append((cost_ms, message))
    run.sizes[at], run.cost_ms[at] = size, cost_ms


def _note_memory(run: Run) -> None:
    gc.collect()
    run.rss_mb.append(psutil.Process().memory_info().rss / 1e6)
    run.blocks.append(sys.getallocatedblocks())


def _again_ms(tally: Tally, message: Fuzzed) -> float:
    began = time.thread_time()
    with contextlib.suppress(PayloadError):
        tally.sources.decode(message.topic, message.payload, time.time())
    return (time.thread_time() - began) * 1000


def _cost_table(run: Run) -> str:
    lines = ["| bytes, unpacked | messages | median | 99.9 % | slowest |", "|---|---|---|---|---|"]
    for least, most in itertools.pairwise((-1, *SIZES)):
        cost = run.cost_ms[(run.sizes > least) & (run.sizes <= most)]
        if len(cost):
            median, high = np.percentile(cost, (50, 99.9))
            lines.append(f"| up to {most:,} | {len(cost):,} | {median:.3f} ms | {high:.2f} ms "
                         f"| {cost.max():.2f} ms |")  # fmt: skip
    return "\n".join(lines)


def _shown(message: Fuzzed) -> str:
    return f"{message.how} on {message.topic}: {message.payload[:60]!r}"


if __name__ == "__main__":
    sys.exit(main())
