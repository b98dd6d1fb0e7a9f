"""A writer as the scoring is one: many devices, a commit every tick, at the rate asked for."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from detector.records import DeviceState, DeviceStatus, Frame
from detector.store import devices, frames
from detector.store.schema import Engine
from detector.store.writing import writing

RATE_HZ, NAMES = 100.0, ("acc_x", "acc_y", "acc_z")
DEVICES, WRITTEN = 100, 200  # samples of each in a commit
AIM_RATE, AIM_P99_MS, AIM_LONGEST_MS = 200_000, 25.0, 100.0
TICK_S = DEVICES * WRITTEN / AIM_RATE


@dataclass(frozen=True)
class Commits:
    """Milliseconds of each commit, and samples a second that were written."""

    took: Sequence[float]
    rate: float

    @property
    def is_met(self) -> bool:
        """Fast enough, and no commit that anybody waits for."""
        is_quick = np.percentile(self.took, 99) <= AIM_P99_MS and max(self.took) <= AIM_LONGEST_MS
        return bool(is_quick and self.rate >= 0.99 * AIM_RATE)

    def row(self, what: str) -> str:
        """Of the table."""
        p50, p99 = np.percentile(self.took, (50, 99))
        word = "met" if self.is_met else "MISSED"
        return (
            f"| {what} | {self.rate:,.0f} | {p50:.1f} | {p99:.1f} | {max(self.took):.1f} | {word} |"
        )


HEAD = (
    "| commits of 20,000 samples | samples/s | p50 ms | p99 ms | longest ms | "
    f"{AIM_RATE:,} / {AIM_P99_MS:g} / {AIM_LONGEST_MS:g} |\n|---|---|---|---|---|---|"
)


class Writer:
    """Writes on and on; what it wrote before is not written again.

    Args:
        store: Open.
    """

    def __init__(self, store: Engine) -> None:
        self._store, self._ticks = store, 0
        self._block = block("", 0.0, WRITTEN)
        self._start = time.time()

    def commits(self, seconds: float) -> Commits:
        """What commits take for so long."""
        took, began = list[float](), time.perf_counter()
        while (passed := len(took) * TICK_S) < seconds:
            time.sleep(max(0.0, began + passed - time.perf_counter()))
            took.append(self._commit())
        rate = len(took) * DEVICES * WRITTEN / (time.perf_counter() - began)
        return Commits(took, rate)

    def _commit(self) -> float:
        first = self._block.ts + self._start + self._ticks * WRITTEN / RATE_HZ
        now = time.time()
        made = [replace(self._block, device=f"press-{d}", ts=first, arrival=now)
                for d in range(DEVICES)]  # fmt: skip
        self._ticks += 1
        before = time.perf_counter()
        with writing(self._store) as connection:
            frames.write(connection, made)
            devices.update(connection, [_status(frame) for frame in made])
        return (time.perf_counter() - before) * 1e3


def block(device: str, start: float, n: int) -> Frame:
    """Samples as a vibrating machine sends them."""
    values = np.random.default_rng(5).normal(size=(n, len(NAMES))).astype(np.float32)
    score = (np.abs(values[:, 0]) / 10).astype(np.float32)
    return Frame(
        device=device, session="#1", features=NAMES, ts=start + np.arange(n) / RATE_HZ,
        values=values, reconstruction=values, score=score, mse=score,
        judged=np.ones(n, np.bool_), threshold=1.0, contributions=np.ones(3, np.float32),
        arrival=start,
    )  # fmt: skip


def _status(frame: Frame) -> DeviceStatus:
    newest = float(frame.ts[-1])
    return DeviceStatus(frame.device, DeviceState.OK, None, 1.0, 1.0, 1.0, newest, frame.arrival,
                        RATE_HZ, NAMES, None)  # fmt: skip
