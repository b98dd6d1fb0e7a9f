"""What many tests share: processes, a real mosquitto, a real Chromium, free ports and waiting."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported by any test

import pytest
from playwright.sync_api import sync_playwright

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# Files and folders whose tests share a server or trained networks, or take long: those of each run
# in one process, the longest begin first. The tests of any other file run together too.
TOGETHER = (
    "dashboard/pages",
    "end_to_end",
    "detector/service",
    "simulator/demo",
    "simulator/live",
    "simulator/machines/test_faults.py",
    "benchmarks/test_pipeline.py",
    "simulator/recordings/test_generate.py",
    "simulator/machines/test_visibility.py",
    "detector/networks",
    "detector/cli",
    "dashboard/live",
    "detector/training/lab",
)


@pytest.hookimpl(tryfirst=True)  # before the groups are read
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put each test into its group, and the groups in order."""
    first: dict[str, tuple[int, int]] = {}
    for number, item in enumerate(items):
        name, rank = group_of(item.nodeid.split("::")[0].removeprefix("tests/"))
        item.add_marker(pytest.mark.xdist_group(name))
        first.setdefault(name, (rank, number))
    items.sort(key=lambda item: first[item.get_closest_marker("xdist_group").args[0]])


def group_of(file: str) -> tuple[str, int]:
    """The group of a file's tests, and its place among the groups."""
    for rank, name in enumerate(TOGETHER):
        if file == name or file.startswith(f"{name}/"):
            return name, rank
    return file, len(TOGETHER)


def free_port() -> int:
    """A loopback port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(condition: Callable[[], object], seconds: float = 20.0, what: str = "") -> object:
    """Poll until ``condition`` is true and return its value; fail after ``seconds``."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"not within {seconds:g} s: {what or condition}")


def answers(port: int) -> bool:
    """Whether something listens on a loopback port."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@dataclass
class Broker:
    """A mosquitto of our own that can be stopped and started again."""

    port: int
    folder: Path
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where to connect."""
        return f"mqtt://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it listens."""
        binary = shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
        if binary is None:
            pytest.fail("mosquitto is not installed; `make test` says how")
        config = self.folder / "mosquitto.conf"
        config.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence true\n"
            f"persistence_location {self.folder}/\nmax_queued_messages 0\n"
            + ("user root\n" if os.getuid() == 0 else "")
        )
        with (self.folder / "mosquitto.log").open("ab") as log:
            self.process = subprocess.Popen([binary, "-c", str(config)], stdout=log, stderr=log)
        wait_for(lambda: answers(self.port), what="mosquitto listens")

    def stop(self) -> None:
        """End it; it keeps what its durable sessions wait for."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(10)
            self.process = None


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """One mosquitto for all tests that do not stop it; use your own device names."""
    made = Broker(free_port(), tmp_path_factory.mktemp("broker"))
    made.start()
    yield made
    made.stop()


@pytest.fixture
def own_broker(tmp_path: Path) -> Iterator[Broker]:
    """A mosquitto that the test may stop and start."""
    folder = tmp_path / "own-broker"
    folder.mkdir()
    made = Broker(free_port(), folder)
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory):
    """A Playwright browser: the chromium on the PATH, else Playwright's own."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=CHROMIUM_FLAGS
        )
        yield browser
        browser.close()
