"""A network on torch beside the same on ONNX Runtime: start, memory, cost of a window.

For each runtime, in turns: ``python -m detector serve`` with a real mosquitto until it has stored
the scores of what was published (its own process alone, without the one that keeps the store), and
a fresh process that loads the bundle and scores batches of it on one thread. Of several rounds the
quickest times and the median memory are printed. The bundle needs a ``weights.onnx``.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

import numpy as np
import psutil
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion
from tqdm import tqdm

from benchmarks.lib.load import PREFIX
from benchmarks.lib.machine import machine
from benchmarks.lib.meters import stored
from benchmarks.lib.services import (
    PROJECT,
    DetectorUnderTest,
    start_broker,
    start_detector,
    wait_for,
)
from detector.errors import FaultlineError
from detector.scoring.bundle import read_document
from detector.scoring.document import Document
from detector.settings.detector import DetectorSettings, Runtime
from detector.store.schema import open_store
from simulator.demo.children import Children
from simulator.errors import SimulatorError

RUNTIMES: tuple[Runtime, ...] = ("torch", "onnx")
SIZES = (1, 8, 32, 256)  # windows a call
SAMPLES, MESSAGES = 100, 10  # a message, and how many
CALLS_S = 0.5  # for each size of a batch
ROWS = {
    "connected_s": ("serve: start to subscribed", "s"),
    "scored_s": ("serve: start to the first scores stored", "s"),
    "cpu_s": ("serve: processor time until then", "s"),
    "served_mb": ("serve: resident memory then", "MB"),
    "alone_mb": ("the bundle alone: resident memory", "MB"),
    **{f"us_{size}": (f"network, {size} a call: a window", "µs") for size in SIZES},
}

# In a process of its own, which imports nothing else.
ALONE = """
import json, sys, time
from pathlib import Path
import numpy as np, psutil
from detector.scoring.bundle import load_bundle
runtime, folder, sizes, calls_s = json.loads(sys.argv[1])
bundle = load_bundle(Path(folder), runtime)
found = {}
for size in sizes:
    shape = (size, *bundle.document.input_shape)
    windows = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    least, end = float("inf"), time.perf_counter() + calls_s
    while time.perf_counter() < end:
        began = time.perf_counter()
        bundle.model.examine(windows)
        least = min(least, time.perf_counter() - began)
    found[f"us_{size}"] = least / size * 1e6
found["alone_mb"] = psutil.Process().memory_info().rss / 1e6
print(json.dumps(found))
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit code."""
    args = _parser().parse_args(arguments)
    rounds: dict[str, list[dict[str, float]]] = {runtime: [] for runtime in RUNTIMES}
    try:
        document = read_document(args.model)
        for _ in tqdm(range(args.rounds), unit="round", leave=False):
            for runtime in RUNTIMES:
                alone = _alone(runtime, args.model)
                rounds[runtime].append(alone | _served(runtime, args.model.resolve(), document))
    except (FaultlineError, SimulatorError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    found = {runtime: _summed_up(each) for runtime, each in rounds.items()}
    print(json.dumps(found, indent=2) if args.json else _table(args, found))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.speed.runtimes", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    add = parser.add_argument
    add("--model", type=Path, default=PROJECT / "models" / "motor-600rpm",
        help="folder of a bundle (default: models/motor-600rpm)")  # fmt: skip
    add("--rounds", type=int, default=3, help="(default: %(default)s)")
    add("--json", action="store_true", help="as JSON")
    return parser


def _alone(runtime: Runtime, model: Path) -> dict[str, float]:
    given = json.dumps([runtime, str(model), SIZES, CALLS_S])
    done = subprocess.run(
        [sys.executable, "-c", ALONE, given], cwd=PROJECT, capture_output=True, text=True,
        check=False, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    if done.returncode:
        raise SimulatorError((done.stderr.strip().splitlines() or ["no answer"])[-1])
    measured: dict[str, float] = json.loads(done.stdout)
    return measured


def _served(runtime: Runtime, model: Path, document: Document) -> dict[str, float]:
    under_test = DetectorUnderTest(model, DetectorSettings().chunk, runtime)
    with (
        tempfile.TemporaryDirectory(prefix="faultline-bench-") as name,
        Children(Path(name)) as run,
    ):
        folder = Path(name)
        store = open_store(f"sqlite:///{folder}/faultline.db")
        _, url = start_broker(run, folder)
        began = time.perf_counter()
        detector = start_detector(run, under_test, url, store, folder)
        connected_s = time.perf_counter() - began
        _publish(url, document)
        wait_for(lambda: stored(store) == SAMPLES * MESSAGES, run, "all is scored")
        scored_s, process = time.perf_counter() - began, psutil.Process(detector.process.pid)
        times, served_mb = process.cpu_times(), process.memory_info().rss / 1e6
        store.dispose()
    return {
        "connected_s": connected_s,
        "scored_s": scored_s,
        "cpu_s": times.user + times.system,
        "served_mb": served_mb,
    }


def _publish(url: str, document: Document) -> None:
    """A quiet machine that runs."""
    rng, running = np.random.default_rng(0), document.running
    client = Client(CallbackAPIVersion.VERSION2)
    host, port = url.removeprefix("mqtt://").split(":")
    client.connect(host, int(port))
    client.loop_start()
    for number in range(MESSAGES):
        rows = number * SAMPLES + np.arange(SAMPLES)
        columns = {"ts": 1.7e9 + rows * document.sampling_period_s}
        columns |= {name: rng.normal(0, 0.1, SAMPLES) for name in document.feature_names}
        if running is not None:
            middle = (running.min + (running.max or running.min)) / 2
            columns[running.feature] = np.full(SAMPLES, middle)
        message = {name: column.tolist() for name, column in columns.items()}
        client.publish(f"sensors/{PREFIX}1", json.dumps(message), 1).wait_for_publish(10)
    client.disconnect()
    client.loop_stop()


def _summed_up(rounds: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Of memory the median, of times the least: what else the machine did only adds to them."""
    return {
        name: (median if name.endswith("_mb") else min)([one[name] for one in rounds])
        for name in ROWS
    }


def _table(args: argparse.Namespace, found: Mapping[str, Mapping[str, float]]) -> str:
    lines = [f"{args.model.name}, {args.rounds} rounds, {machine()}", ""]
    lines.append(f"{'':42}{'torch':>10}{'onnx':>10}")
    for name, (title, unit) in ROWS.items():
        values = "".join(f"{found[runtime][name]:>10.3g}" for runtime in RUNTIMES)
        lines.append(f"{title:42}{values} {unit}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
