"""One forward a window, as a first version does it, against the batch over all devices.

Both score the same windows with the same network, first with the network alone, then with all that
the detector makes of a window (terms of the residual and of the signal). Rounds change between the
two, and the ratio is that of one round. The arithmetic is set against the best product of two
matrices that was reached in the same run.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import torch
from tqdm import tqdm

from benchmarks.lib.aims import Aim
from benchmarks.scale.forms import FORMS, REPEAT, VAE, Form, made
from detector.records import Values
from detector.scoring.bundle import Bundle
from detector.scoring.scorer import score_views
from detector.sessions.windows import windows
from detector.settings.detector import DetectorSettings

LEAST_RATIO = {REPEAT: 8.0, VAE: 40.0}
LEAST_SHARE = 0.70  # of the best product, by the network alone
BATCH = 25  # samples of a message, so windows of a device in a tick
NAIVE = 200  # windows of a naive round; the cost of each is the same
SIZES = ((256, 64, 256), (256, 128, 256), (256, 256, 256), (512, 512, 512), (1024, 1024, 1024))
RATE_HZ = 50.0


@dataclass
class Rounds:
    """CPU seconds of one window, one figure a round."""

    naive: list[float] = field(default_factory=list)
    batch: list[float] = field(default_factory=list)
    forward_naive: list[float] = field(default_factory=list)
    forward: list[float] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        """How many times the batch is cheaper, as a window is scored."""
        return statistics.median(a / b for a, b in zip(self.naive, self.batch, strict=True))

    @property
    def forward_ratio(self) -> float:
        """The same of the network alone."""
        pairs = zip(self.forward_naive, self.forward, strict=True)
        return statistics.median(a / b for a, b in pairs)


def batches(devices: int, rounds: int) -> list[Aim]:
    """Measure, print the table; returns the aims."""
    chunk = DetectorSettings().chunk
    models = {form: made(form, RATE_HZ) for form in FORMS}
    found = {form: Rounds() for form in FORMS}
    gemm = 0.0
    for _ in tqdm(range(rounds), unit="round", desc="batches", leave=False):
        gemm = max(gemm, *(_gemm(*size) for size in SIZES))
        for form, bundle in models.items():
            _round(bundle, found[form], devices, chunk)
    print(
        f"{devices} devices, {BATCH} windows of 60 samples x 3 features each, {chunk} in a call, "
        f"one thread, medians of {rounds} rounds; GFLOP/s are those of the best round\n"
        f"best f32 product of two matrices: {gemm / 1e9:.1f} GFLOP/s\n"
    )
    print("| network | MFLOP a window | naive, windows/s | batch, windows/s | ratio "
          "| network alone: naive | batch | ratio | GFLOP/s | of the best product |\n"
          "|---|---|---|---|---|---|---|---|---|---|")  # fmt: skip
    shares = {form: _row(form, found[form], models[form], gemm) for form in FORMS}
    return [
        *(
            Aim(f"{form.title}: {found[form].ratio:.1f} times naive at {devices} devices, "
                f"aim: {least:g}", found[form].ratio >= least)
            for form, least in LEAST_RATIO.items()
        ),
        Aim(f"{REPEAT.title}: {shares[REPEAT]:.0%} of the best product, aim: {LEAST_SHARE:.0%}",
            shares[REPEAT] >= LEAST_SHARE),
    ]  # fmt: skip


def _row(form: Form, rounds: Rounds, bundle: Bundle, gemm: float) -> float:
    """Print one network; returns its share of the best product."""
    flop = form.flop(*bundle.document.input_shape)
    per_s = {name: 1 / statistics.median(getattr(rounds, name)) for name in vars(rounds)}
    reached = flop / min(rounds.forward)  # the best round, as of the products
    print(f"| {form.title} | {flop / 1e6:.2f} | {per_s['naive']:,.0f} | {per_s['batch']:,.0f} "
          f"| {rounds.ratio:.1f} | {per_s['forward_naive']:,.0f} | {per_s['forward']:,.0f} "
          f"| {rounds.forward_ratio:.1f} | {reached / 1e9:.1f} | {reached / gemm:.0%} |",
          flush=True)  # fmt: skip
    return reached / gemm


def _round(bundle: Bundle, rounds: Rounds, devices: int, chunk: int) -> None:
    window, features = bundle.document.input_shape
    rng = np.random.default_rng(len(rounds.naive))
    shape = (devices, window + BATCH - 1, features)
    signals = rng.normal(size=shape).astype(np.float32)
    views = [windows(signal, window) for signal in signals]
    every = np.ascontiguousarray(np.concatenate(views))
    few, one_call = every[:NAIVE], every[:chunk]
    rounds.naive.append(_cpu_s(lambda: _one_by_one(bundle, few)) / len(few))
    rounds.batch.append(_cpu_s(lambda: score_views(bundle.detector, views, chunk)) / len(every))
    rounds.forward_naive.append(_cpu_s(lambda: _forward_one_by_one(bundle, few)) / len(few))
    calls = max(1, len(every) // chunk)
    rounds.forward.append(
        _cpu_s(lambda: [_forward(bundle, one_call) for _ in range(calls)]) / (calls * chunk)
    )


def _one_by_one(bundle: Bundle, few: Values) -> None:
    for number in range(len(few)):
        bundle.detector.examine(few[number : number + 1])


def _forward_one_by_one(bundle: Bundle, few: Values) -> None:
    for number in range(len(few)):
        _forward(bundle, few[number : number + 1])


def _forward(bundle: Bundle, batch: Values) -> None:
    with torch.inference_mode():
        bundle.model(torch.from_numpy(batch))  # type: ignore[operator]


def _gemm(rows: int, inner: int, columns: int) -> float:
    """FLOP/s of one product, at least a hundredth of a second of them."""
    a, b = torch.randn(rows, inner), torch.randn(inner, columns)
    out, flop = torch.empty(rows, columns), 2 * rows * inner * columns
    times = max(1, round(1e9 / flop))
    with torch.inference_mode():
        return times * flop / _cpu_s(lambda: [torch.mm(a, b, out=out) for _ in range(times)])


def _cpu_s(call: Callable[[], object]) -> float:
    """CPU seconds of this thread."""
    began = time.thread_time()
    call()
    return time.thread_time() - began
