"""What the pipeline benchmark prints."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from benchmarks.lib.load import Load
from benchmarks.lib.machine import machine
from benchmarks.lib.measure import Measured

PROCESSES = ("mosquitto", "detector", "publisher")
PERCENTILES = {"p50": 50, "p95": 95, "max": 100}


def as_text(load: Load, runs: Mapping[str, Measured]) -> str:
    """Three tables with one line per run, and what one by one costs."""
    tables = (_samples_table(runs), _alarm_table(runs), _process_table(runs))
    return "\n\n".join([_title(load), *tables, *_comparison(runs)])


def as_json(load: Load, runs: Mapping[str, Measured]) -> dict[str, Any]:
    """The same figures by name."""
    return {
        "load": {"devices": load.devices, "rate_hz": load.rate_hz, "batch": load.batch,
                 "seconds": load.seconds, "warm_up_s": load.warm_up_s},
        "cpus": os.cpu_count(),
        "runs": {name: _run(measured) for name, measured in runs.items()},
        "cpu_ratio": cpu_ratio(runs),
    }  # fmt: skip


def cpu_ratio(runs: Mapping[str, Measured]) -> float | None:
    """CPU time per stored sample of the last run over that of the first."""
    costs = [measured.cpu_us_per_sample for measured in runs.values()]
    first, last = costs[0], costs[-1]
    return last / first if len(costs) > 1 and first and last else None


def _title(load: Load) -> str:
    return (
        f"{load.devices} devices x {load.rate_hz:g} Hz x 3 features, batches of {load.batch}, "
        f"QoS 1: {load.seconds:g} s after {load.warm_up_s:g} s of warm-up\n"
        f"{machine()}, "
        "one thread per process for the network"
    )


def _samples_table(runs: Mapping[str, Measured]) -> str:
    head = (
        "samples",
        "sent",
        "stored",
        "lost",
        "all stored after",
        "CPU per sample",
        "publisher late",
    )
    rows = [
        (
            name,
            f"{m.sent:,}",
            f"{m.stored:,}",
            f"{m.lost:,}",
            f"{m.drain_s:.1f} s" if not m.lost else f"not in time ({m.drain_s:.0f} s)",
            "-" if m.cpu_us_per_sample is None else f"{m.cpu_us_per_sample:.0f} µs",
            f"{m.late_ms:.1f} ms",
        )
        for name, m in runs.items()
    ]
    return (
        f"{_table(head, rows)}\n"
        "sent: published and acknowledged, warm-up included; lost: sent and not stored in time,\n"
        "counted from the last message; CPU: of the detector; late: at most so for 99 % of messages"
    )


def _alarm_table(runs: Mapping[str, Measured]) -> str:
    head = ("publish -> alarm", "faults", "raised", "missed", "false", *PERCENTILES)
    rows = [
        (name, *(str(n) for n in (m.faults, m.faults - m.missed, m.missed, m.false_alarms)),
         *(f"{ms:,.0f} ms" if ms is not None else "-" for ms in _latency(m).values()))
        for name, m in runs.items()
    ]  # fmt: skip
    return (
        f"{_table(head, rows)}\n"
        "from handing the first batch with faulty samples to the broker until a subscriber\n"
        "receives the alarm; a fault begins with a batch, so no wait for one to fill is in it;\n"
        "missed: no alarm in time; false: no planted fault explains it"
    )


def _process_table(runs: Mapping[str, Measured]) -> str:
    head = ("process", "run", "CPU", "cores", "RSS at start", "RSS at end")
    rows = [
        (process, name, f"{m.cpu_s(process):.2f} s", f"{m.cores(process):.3f}",
         f"{m.start.rss_mb[process]:.1f} MB", f"{m.end.rss_mb[process]:.1f} MB")
        for process in PROCESSES for name, m in runs.items()
    ]  # fmt: skip
    return f"{_table(head, rows, left=2)}\nof the measured time, which begins after the warm-up"


def _comparison(runs: Mapping[str, Measured]) -> list[str]:
    ratio, names = cpu_ratio(runs), list(runs)
    if ratio is None:
        return []
    return [f"{names[-1]} takes {ratio:.1f} times the CPU of {names[0]} per stored sample"]


def _run(measured: Measured) -> dict[str, Any]:
    processes = {
        process: {
            "cpu_s": measured.cpu_s(process),
            "cores": measured.cores(process),
            "rss_start_mb": measured.start.rss_mb[process],
            "rss_end_mb": measured.end.rss_mb[process],
        }
        for process in PROCESSES
    }
    kept = ("sent", "stored", "lost", "drain_s", "faults", "missed", "false_alarms",
            "cpu_us_per_sample", "late_ms")  # fmt: skip
    figures = {name: getattr(measured, name) for name in kept}
    return {**figures, "latency_ms": _latency(measured), "processes": processes}


def _latency(measured: Measured) -> dict[str, float | None]:
    found = measured.latencies_ms
    return {n: float(np.percentile(found, q)) if found else None for n, q in PERCENTILES.items()}


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]], left: int = 1) -> str:
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column < left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in [head, *rows]
    )
