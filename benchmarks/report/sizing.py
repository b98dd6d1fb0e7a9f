"""What so many devices need: cores, messages, network, disk and memory, from the printed figures.

Reads ``docs/benchmarks.md`` and multiplies. A device's block of samples has a cost of its own
whatever it holds (session, terms, frame, commit, sensors), and each sample one forward; both are
those of the section *scoring*. Messages come twice a second, or with every sample where these are
fewer. A third of each core is left free, for bursts and for catching up after a restart.

    python -m benchmarks.report.sizing
    python -m benchmarks.report.sizing --devices 2500 --rate 10
"""

from __future__ import annotations

import argparse
import re
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from benchmarks.lib.messages import columns
from benchmarks.report.document import read
from simulator.cli.options import positive, whole_from

PAGE = Path(__file__).resolve().parents[2] / "docs" / "benchmarks.md"
MODELS = {
    "LSTM-AE, folded, as shipped": "shipped LSTM-AE",
    "LSTM-AE, repeat-vector, hidden 64": "repeat-vector LSTM-AE",
}
RATES_HZ = (1.0, 10.0, 50.0, 100.0)
FLEETS = (10_000, 100_000, 1_000_000)
BATCH = 25  # samples of a block in the section
USED = 2 / 3  # of a core
MESSAGES_S = 2.0  # of a device, at most
OVERHEAD = 60  # bytes of MQTT, TCP and IP around a payload, both ways
CORES = 8  # of a machine, one of them for the system
DAYS = 30  # of archived samples by the default settings
EXIT_BAD_INPUT = 2


class MissingFigureError(Exception):
    """A figure that the document has not; the text says which section prints it."""


@dataclass(frozen=True)
class Figures:
    """What was printed.

    Attributes:
        block_us: CPU of a block of one device beside the network, whatever the model.
        sample_us: CPU of the network for one sample, by model.
        broker_s: Messages a second that one client takes from one broker.
        resume_ms: CPU to go on with a device after a restart.
        device_kb: Memory of a device.
        loose: Bytes of a stored sample until it is merged, by the minute.
        archived: And for the rest of its time.
    """

    block_us: float
    sample_us: dict[str, float]
    broker_s: float
    resume_ms: float
    device_kb: float
    loose: float
    archived: float


@dataclass(frozen=True)
class Need:
    """What devices of one rate and model need.

    Attributes:
        workers: Cores that score, with room.
        machines: Of ``CORES`` cores.
        brokers: Each as fast as the one that was measured.
        messages_s: A second.
        network_mb_s: Into the brokers; out of them as much again.
        day_gb: Written a day, as it comes.
        kept_tb: On the disk after ``DAYS`` days, archived.
        memory_gb: Of all workers, their models aside.
        restart_s: Until all devices of a worker are scored again.
    """

    workers: int
    machines: int
    brokers: int
    messages_s: float
    network_mb_s: float
    day_gb: float
    kept_tb: float
    memory_gb: float
    restart_s: float


def figures_in(page: Path) -> Figures:
    """Read the printed figures.

    Raises:
        MissingFigureError: If a section has not been printed.
    """
    found = read(page)

    def figure(section: str, pattern: str) -> tuple[float, ...]:
        match = re.search(pattern, found.get(section, ""))
        if match is None:
            raise MissingFigureError(
                f"{page}: no figure of section {section}, allowed: one that is printed by "
                f"`python -m benchmarks.report {section}`"
            )
        return tuple(float(text.replace(",", "")) for text in match.groups())

    number = r"([\d.,]+)"
    blocks_us, sample_us = [], {}
    for title, name in MODELS.items():
        row = rf"\| {re.escape(title)} \| {number} \| {number} \| {number} \| \d+%"
        receive, tick, network = figure("scoring", row)
        blocks_us.append((receive + tick - network) * BATCH)
        sample_us[name] = network
    loose, archived = figure("store", rf"loose {number}, merged .*?archived {number} ")
    return Figures(
        block_us=statistics.mean(blocks_us),
        sample_us=sample_us,
        broker_s=figure("ingest", rf"own JSON, columns of 10 \| \d+ \| {number} /s")[0],
        resume_ms=figure("start", rf"to go on with a device: {number} ms")[0],
        device_kb=figure("capacity", rf"memory of a device: {number} kB")[0],
        loose=loose, archived=archived,
    )  # fmt: skip


def devices_per_core(figures: Figures, model: str, rate_hz: float) -> float:
    """Devices that one core carries with room."""
    messages_s = min(rate_hz, MESSAGES_S)
    us = messages_s * figures.block_us + rate_hz * figures.sample_us[model]
    return USED * 1e6 / us


def need_of(figures: Figures, model: str, rate_hz: float, devices: int) -> Need:
    """Multiply."""
    each = devices_per_core(figures, model, rate_hz)
    workers = -(-devices // max(1, int(each)))
    messages_s = devices * min(rate_hz, MESSAGES_S)
    samples = max(1, round(rate_hz / MESSAGES_S))
    payload = len(msgspec.json.encode(columns(samples)))
    samples_day = devices * rate_hz * 86_400
    return Need(
        workers=workers,
        machines=-(-workers // (CORES - 1)),
        brokers=-(-round(messages_s) // int(figures.broker_s)),
        messages_s=messages_s,
        network_mb_s=messages_s * (payload + OVERHEAD) / 1e6,
        day_gb=samples_day * figures.loose / 1e9,
        kept_tb=samples_day * DAYS * figures.archived / 1e12,
        memory_gb=devices * figures.device_kb / 1e6,
        restart_s=devices / workers * figures.resume_ms / 1000,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Read, multiply and print; returns the exit code."""
    args = _arguments(arguments)
    try:
        figures = figures_in(args.page)
    except MissingFigureError as error:
        print(f"error: {error}", file=sys.stderr)
        return EXIT_BAD_INPUT
    names = list(MODELS.values())
    print(f"devices of a core, {USED:.0%} of it used, three features:\n")
    print(f"| model | {' | '.join(f'{rate:g} Hz' for rate in RATES_HZ)} |\n"
          f"|---|{'---|' * len(RATES_HZ)}")  # fmt: skip
    for name in names:
        each = [f"{devices_per_core(figures, name, rate):,.0f}" for rate in RATES_HZ]
        print(f"| {name} | {' | '.join(each)} |")
    fleets = FLEETS if args.devices is None else (args.devices,)
    rates = (1.0, 10.0, 50.0) if args.rate is None else (args.rate,)
    print(f"\n{names[0]}; machines of {CORES} cores, one of them for the system:\n")
    print(f"| devices | rate | workers | machines | brokers | messages/s | network | written a day "
          f"| archived, {DAYS} days | memory | restart of a worker |\n{'|---' * 11}|")  # fmt: skip
    for devices in fleets:
        for rate in rates:
            _row(devices, rate, need_of(figures, names[0], rate, devices))
    return 0


def _row(devices: int, rate_hz: float, need: Need) -> None:
    print(f"| {devices:,} | {rate_hz:g} Hz | {need.workers:,} | {need.machines:,} "
          f"| {need.brokers:,} | {need.messages_s:,.0f} | {need.network_mb_s:,.1f} MB/s "
          f"| {need.day_gb:,.0f} GB | {need.kept_tb:,.1f} TB | {need.memory_gb:,.1f} GB "
          f"| {need.restart_s:,.0f} s |")  # fmt: skip


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.report.sizing",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--devices", type=whole_from(1), metavar="N", help="so many (default: three fleets)")
    add("--rate", type=positive, metavar="HZ", help="of a device (default: three rates)")
    add("--page", type=Path, default=PAGE, metavar="FILE",
        help="where the figures stand (default: docs/benchmarks.md)")  # fmt: skip
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
