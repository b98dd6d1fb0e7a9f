"""One forward a window, as a first version does it, against the batch over all devices.

Both score the same windows with the same network, first with the network alone, then with all that
the detector makes of a window (terms of the residual and of the signal). Rounds change between the
two, and the ratio is that of one round. The arithmetic is set against the best product of two
matrices that was reached in the same run.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from benchmarks.lib.aims import Aim
from benchmarks.scale.forms import FORMS, REPEAT, VAE, Form, save_made
from detector.records import Values
from detector.scoring.bundle import Bundle, load_bundle, read_document, stored_in
from detector.scoring.runtimes.export import export_network
from detector.scoring.scorer import score_views
from detector.sessions.windows import windows
from detector.settings.detector import DetectorSettings, Runtime

LEAST_RATIO = {REPEAT: 8.0, VAE: 40.0}
LEAST_SHARE = 0.70  # of the best product, by the network alone
BATCH = 25  # samples of a message, so windows of a device in a tick
NAIVE = 200  # windows of a naive round; the cost of each is the same
SIZES = ((256, 64, 256), (256, 128, 256), (256, 256, 256), (512, 512, 512), (1024, 1024, 1024))
RATE_HZ = 50.0
WINDOW, FEATURES = 60, 3
CHUNKS: dict[Runtime, int] = {"torch": DetectorSettings().chunk, "onnx": 64}  # windows in a call
PROFILED = 6  # items


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
    """Measure, print the tables; returns the aims."""
    found = {form: {runtime: Rounds() for runtime in CHUNKS} for form in FORMS}
    gemm = 0.0
    with tempfile.TemporaryDirectory(prefix="faultline-bench-") as name:
        models = {form: _on_each(form, Path(name) / str(i)) for i, form in enumerate(FORMS)}
        for _ in tqdm(range(rounds), unit="round", desc="batches", leave=False):
            gemm = max(gemm, *(_gemm(*size) for size in SIZES))
            for form, bundles in models.items():
                _round(bundles, found[form], devices)
    print(
        f"{devices} devices, {BATCH} windows of 60 samples x 3 features each, "
        f"{' and '.join(f'{n} in a call on {runtime}' for runtime, n in CHUNKS.items())}, one "
        f"thread, medians of {rounds} rounds; naive is torch; GFLOP/s are those of the best round\n"
        f"best f32 product of two matrices: {gemm / 1e9:.1f} GFLOP/s\n"
    )
    print("| network | MFLOP a window | naive, windows/s | batch, windows/s | ratio "
          "| network alone: naive | batch | ratio | GFLOP/s | of the best product |\n"
          "|---|---|---|---|---|---|---|---|---|---|")  # fmt: skip
    for form in FORMS:
        for runtime in CHUNKS:
            _row(form, runtime, found[form][runtime], gemm)
    print(f"\n| of a forward on torch, {REPEAT.title} | share |\n|---|---|")
    for item, share in _profile(models[REPEAT]["torch"]):
        print(f"| `{item}` | {share:.0%} |")
    print()
    for form, least in LEAST_RATIO.items():
        needed = least * form.flop(WINDOW, FEATURES) / statistics.median(found[form]["torch"].naive)
        print(f"{form.title}: {least:g} times naive would be {needed / gemm:.0%} of the best "
              "product, with nothing but the network")  # fmt: skip
    return [
        *(_ratio_aim(form, found[form], devices, least) for form, least in LEAST_RATIO.items()),
        _share_aim(REPEAT, found[REPEAT], gemm),
    ]


def _on_each(form: Form, folder: Path) -> dict[Runtime, Bundle]:
    """The same weights on each runtime."""
    save_made(form, RATE_HZ, folder)
    export_network(stored_in(folder, read_document(folder)))
    return {runtime: load_bundle(folder, runtime) for runtime in CHUNKS}


def _ratio_aim(form: Form, found: dict[Runtime, Rounds], devices: int, least: float) -> Aim:
    ratios = {runtime: rounds.ratio for runtime, rounds in found.items()}
    told = ", ".join(f"{ratio:.1f} on {runtime}" for runtime, ratio in ratios.items())
    line = f"{form.title}: times naive at {devices} devices: {told}, aim: {least:g}"
    return Aim(line, max(ratios.values()) >= least)


def _share_aim(form: Form, found: dict[Runtime, Rounds], gemm: float) -> Aim:
    shares = {runtime: _reached(form, rounds) / gemm for runtime, rounds in found.items()}
    told = ", ".join(f"{share:.0%} on {runtime}" for runtime, share in shares.items())
    line = f"{form.title}: of the best product: {told}, aim: {LEAST_SHARE:.0%}"
    return Aim(line, max(shares.values()) >= LEAST_SHARE)


def _reached(form: Form, rounds: Rounds) -> float:
    """FLOP/s of the best round, as of the products."""
    return form.flop(WINDOW, FEATURES) / min(rounds.forward)


def _row(form: Form, runtime: Runtime, rounds: Rounds, gemm: float) -> None:
    per_s = {name: 1 / statistics.median(getattr(rounds, name)) for name in vars(rounds)}
    reached = _reached(form, rounds)
    print(f"| {form.title}, {runtime} | {form.flop(WINDOW, FEATURES) / 1e6:.2f} "
          f"| {per_s['naive']:,.0f} | {per_s['batch']:,.0f} | {rounds.ratio:.1f} "
          f"| {per_s['forward_naive']:,.0f} | {per_s['forward']:,.0f} "
          f"| {rounds.forward_ratio:.1f} | {reached / 1e9:.1f} | {reached / gemm:.0%} |",
          flush=True)  # fmt: skip


def _round(bundles: dict[Runtime, Bundle], found: dict[Runtime, Rounds], devices: int) -> None:
    plain = bundles["torch"]
    rng = np.random.default_rng(len(found["torch"].naive))
    shape = (devices, WINDOW + BATCH - 1, FEATURES)
    signals = rng.normal(size=shape).astype(np.float32)
    views = [windows(signal, WINDOW) for signal in signals]
    every = np.ascontiguousarray(np.concatenate(views))
    few = every[:NAIVE]
    naive = _cpu_s(lambda: _one_by_one(plain, few)) / len(few)
    forward_naive = _cpu_s(lambda: _forward_one_by_one(plain, few)) / len(few)
    for runtime, rounds in found.items():
        _batch(bundles[runtime], rounds, views, every, CHUNKS[runtime])
        rounds.naive.append(naive)
        rounds.forward_naive.append(forward_naive)


def _batch(bundle: Bundle, rounds: Rounds, views: list[Values], every: Values, chunk: int) -> None:
    one_call, calls = every[:chunk], max(1, len(every) // chunk)
    rounds.batch.append(_cpu_s(lambda: score_views(bundle.detector, views, chunk)) / len(every))
    rounds.forward.append(_cpu_s(lambda: _forward_often(bundle, one_call, calls)) / (calls * chunk))


def _one_by_one(bundle: Bundle, few: Values) -> None:
    for number in range(len(few)):
        bundle.detector.examine(few[number : number + 1])


def _forward_one_by_one(bundle: Bundle, few: Values) -> None:
    for number in range(len(few)):
        _forward(bundle, few[number : number + 1])


def _forward_often(bundle: Bundle, batch: Values, times: int) -> None:
    for _ in range(times):
        _forward(bundle, batch)


def _forward(bundle: Bundle, batch: Values) -> None:
    """As the detector calls it, on its runtime."""
    bundle.model.examine(batch)  # type: ignore[union-attr]


def _profile(bundle: Bundle) -> list[tuple[str, float]]:
    """What torch does in a forward of a chunk, the largest items and their shares of its time."""
    batch = np.zeros((CHUNKS["torch"], WINDOW, FEATURES), np.float32)
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profiled:
        _forward(bundle, batch)
    spent = Counter({one.key: one.self_cpu_time_total for one in profiled.key_averages()})
    return [(name, took / spent.total()) for name, took in spent.most_common(PROFILED)]


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
