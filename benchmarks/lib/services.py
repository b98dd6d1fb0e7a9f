"""The processes of the pipeline benchmark: broker, detector and publisher."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import Engine

from benchmarks.lib import load
from detector.settings.detector import Runtime
from detector.store import devices
from simulator.demo.broker import HOST, accepts, find_mosquitto, free_port
from simulator.demo.children import Child, Children
from simulator.errors import SimulatorError

PROJECT = Path(__file__).resolve().parents[2]
WITHIN_S = 60.0
THRESHOLD = 5.0  # the model has seen minutes of a few units; planted faults score hundreds


@dataclass(frozen=True)
class DetectorUnderTest:
    """A model, how many windows go through it in one forward, what it runs on and where."""

    model: Path
    chunk: int
    runtime: Runtime = "auto"
    workers: int = 0


def start_broker(children: Children, folder: Path) -> tuple[Child, str]:
    """Start a mosquitto that drops nothing for a slow subscriber; returns its URL too."""
    binary, port = find_mosquitto(), free_port()
    if binary is None:
        raise SimulatorError("mosquitto: not found; install it to run this benchmark")
    lines = [f"listener {port} {HOST}", "allow_anonymous true", "max_queued_messages 0"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        lines.append("user root")  # else it drops to a user who cannot read our folder
    config = folder / "mosquitto.conf"
    config.write_text("\n".join(lines) + "\n")
    child = children.start("mosquitto", [binary, "-c", str(config)], folder=folder)
    wait_for(lambda: accepts(port), children, "mosquitto listens")
    return child, f"mqtt://{HOST}:{port}"


def start_detector(
    children: Children, under_test: DetectorUnderTest, url: str, store: Engine, folder: Path
) -> Child:
    """Start ``python -m detector serve`` and wait until it has subscribed."""
    settings = folder / "faultline.toml"
    settings.write_text(
        f'[mqtt]\nurl = "{url}"\n\n[store]\nurl = "{store.url}"\n\n'
        f'[detector]\nchunk = {under_test.chunk}\nruntime = "{under_test.runtime}"\n'
        f"workers = {under_test.workers}\n\n"
        "[alarms]\non_delay_s = 0\n\n"  # how long an alarm takes, not how long it is waited for
        f'[[devices]]\nmatch = "{load.PREFIX}*"\nmodel = "{under_test.model}"\n'
        f"threshold = {THRESHOLD}\n"
    )
    env = {name: text for name, text in os.environ.items() if not name.startswith("FAULTLINE_")}
    env |= {"FAULTLINE_SETTINGS": str(settings), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "detector", "serve"]
    child = children.start("detector", command, folder=PROJECT, env=env)
    wait_for(lambda: _is_connected(store), children, "the detector is connected")
    return child


def start_publisher(children: Children, url: str, folder: Path) -> tuple[Child, float]:
    """Start publishing what ``folder`` holds; returns when it began too, UTC seconds."""
    command = [sys.executable, "-m", "benchmarks.lib.load", url, str(folder)]
    child = children.start("publisher", command, folder=PROJECT)
    begun = folder / load.BEGUN
    wait_for(begun.exists, children, "the publisher begins")
    return child, float(begun.read_text())


def wait_for_end(publisher: Child) -> None:
    """Wait until the broker has acknowledged everything."""
    code = publisher.process.wait(WITHIN_S)
    if code != 0:
        raise SimulatorError(f"publisher: exit code {code}; its last lines:\n"
                             f"{publisher.last_lines()}")  # fmt: skip


def wait_for(
    condition: Callable[[], bool], children: Children, what: str, every_s: float = 0.05
) -> None:
    """Wait until ``condition`` holds, while all children run; it is asked each ``every_s``."""
    deadline = time.monotonic() + WITHIN_S
    while not condition():
        children.check()
        if time.monotonic() > deadline:
            raise SimulatorError(f"benchmark: not within {WITHIN_S:g} s: {what}")
        time.sleep(every_s)


def _is_connected(store: Engine) -> bool:
    with store.begin() as connection:
        health = devices.health(connection)
    return health is not None and health.connection == "connected"
