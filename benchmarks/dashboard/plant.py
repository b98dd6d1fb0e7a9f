"""The processes under test: broker, motor, detector, dashboard, and what that is held against."""

from __future__ import annotations

import os
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil

from benchmarks.lib.services import PROJECT, start_broker, wait_for
from detector.records import Frame
from detector.store import frames
from detector.store.history.rolling import roll
from detector.store.schema import Engine, open_store
from simulator.demo.broker import accepts, free_port
from simulator.demo.children import Child, Children

DEVICE = "motor-600-1"
FEATURES = ("acc_x", "acc_y", "acc_z")
RATE_HZ, FRAME = 100.0, 25
PAST_S, QUIET_S = 3600.0, 90.0  # of history, and how long before now it ends
HEARD_S = 10.0
HERE = Path(__file__).parent


@dataclass(frozen=True)
class Plant:
    """What runs.

    Attributes:
        page: Address of the dashboard.
        baseline: Address of ``st.plotly_chart`` in a fragment.
        store: Address of what detector and dashboard share.
        detector: Its process.
        dashboard: Its process.
        held: The process of the baseline.
    """

    page: str
    baseline: str
    store: str
    detector: psutil.Process
    dashboard: psutil.Process
    held: psutil.Process


def start(children: Children, folder: Path) -> Plant:
    """Start all of it; the motor is scored when this returns."""
    store = open_store(f"sqlite:///{folder}/store.db")
    _fill(store)
    _, url = start_broker(children, folder)
    env = _environment(folder, url, store)
    serve = [sys.executable, "-m", "detector", "serve"]
    detector = children.start("detector", serve, folder=PROJECT, env=env)
    _start_motor(children, folder, url)
    page, dashboard = _start_page(children, "dashboard/app.py", "dashboard", env)
    baseline, held = _start_page(children, str(HERE / "baseline.py"), "baseline", env)
    wait_for(lambda: _is_heard(store), children, "the motor is stored")
    store.dispose()
    processes = (psutil.Process(child.process.pid) for child in (detector, dashboard, held))
    return Plant(page, baseline, str(store.url), *processes)


def cpu_s(process: psutil.Process) -> float:
    """Seconds of processor that a process and what it started have taken so far."""
    total = 0.0
    for one in [process, *process.children(recursive=True)]:
        with suppress(psutil.NoSuchProcess):
            times = one.cpu_times()
            total += times.user + times.system
    return total


def _fill(store: Engine) -> None:
    """An hour of a motor that nothing was wrong with, counted in rollups as upkeep does."""
    rng = np.random.default_rng(7)
    end = time.time() - QUIET_S
    for start in np.arange(end - PAST_S, end, 60.0):
        with store.begin() as connection:
            every = np.arange(start, start + 60.0, FRAME / RATE_HZ)
            frames.write(connection, [_frame(float(at), rng) for at in every])
    while roll(store, DEVICE):
        pass


def _frame(start: float, rng: np.random.Generator) -> Frame:
    ts = start + np.arange(FRAME) / RATE_HZ
    waves = np.stack([np.sin(2 * np.pi * 10 * ts + i) for i in range(3)], axis=1) * 0.05
    values = (waves + rng.normal(0, 0.01, waves.shape)).astype(np.float32)
    score = (0.5 + rng.normal(0, 0.05, FRAME)).astype(np.float32)
    return Frame(
        DEVICE, "past#1", FEATURES, ts, values, waves.astype(np.float32), score, score,
        np.ones(FRAME, np.bool_), 1.0, np.full(3, 1 / 3, np.float32), float(ts[-1]),
    )  # fmt: skip


def _environment(folder: Path, url: str, store: Engine) -> dict[str, str]:
    settings = folder / "faultline.toml"
    settings.write_text(
        f'[mqtt]\nurl = "{url}"\n\n[store]\nurl = "{store.url}"\n\n'
        "[dashboard]\nstart_detector = false\n"
    )
    kept = {name: text for name, text in os.environ.items() if not name.startswith("FAULTLINE_")}
    return {**kept, "FAULTLINE_SETTINGS": str(settings), "OMP_NUM_THREADS": "1",
            "BENCHMARK_STORE": str(store.url)}  # fmt: skip


def _start_motor(children: Children, folder: Path, url: str) -> None:
    sessions = folder / "sessions"
    make = children.start(
        "generate",
        [*(sys.executable, "-m", "simulator", "generate", "--rpm", "600", "--sessions", "1"),
         *("--minutes", "5", "--out", str(sessions))],
        folder=PROJECT, is_lasting=False,
    )  # fmt: skip
    make.process.wait()
    files = [str(path) for path in sorted(sessions.rglob("*.csv"))]
    command = [sys.executable, "-m", "simulator", "replay", *files, "--mqtt", url, "--loop"]
    children.start("motor", [*command, "--device", DEVICE, "--batch", "10"], folder=PROJECT)


def _start_page(
    children: Children, script: str, name: str, env: dict[str, str]
) -> tuple[str, Child]:
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", script, "--server.port", str(port)]
    child = children.start(name, command, folder=PROJECT, env=env)
    wait_for(lambda: accepts(port), children, f"{name} listens")
    return f"http://127.0.0.1:{port}", child


def _is_heard(store: Engine) -> bool:
    with store.connect() as connection:
        newest = frames.newest_live(connection, DEVICE)
    if newest is None or time.time() - newest.arrival > HEARD_S:
        return False
    return bool(np.isfinite(newest.score).any())
