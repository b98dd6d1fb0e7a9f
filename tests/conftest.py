"""What many tests share: processes, a real mosquitto, a real Chromium, free ports and waiting."""

from __future__ import annotations

import gc
import itertools
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported by any test

import pytest
from playwright.sync_api import sync_playwright
from xdist.scheduler import LoadScopeScheduling

CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

PATIENCE = 3.0

# Files and folders whose tests share a server or trained networks, or take long: those of each run
# in one process, the longest begin first. The tests of any other file run together too.
TOGETHER = (
    "dashboard/pages/machine",  # looks at animation frames, so what begins beside it is light
    "simulator/machines",
    "end_to_end/test_your_data.py",
    "dashboard/pages",
    "end_to_end/test_adopt.py",
    "end_to_end",
    "detector/service",
    "detector/reloading",
    "simulator/demo",
    "simulator/live",
    "benchmarks",
    "simulator/recordings/test_generate.py",
    "detector/networks",
    "detector/cli",
    "detector/store",  # shares a PostgreSQL
    "dashboard/live",
    "detector/training/lab",
)


def group_of(nodeid: str) -> str:
    """What a test runs together with: one of ``TOGETHER``, or the tests of its file."""
    file = nodeid.split("::", maxsplit=1)[0].removeprefix("tests/")
    return next((name for name in TOGETHER if f"{file}/".startswith(f"{name}/")), file)


class Groups(LoadScopeScheduling):
    """Hands a whole group to one process."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Groups:
    """The mark ``xdist_group`` of pytest-xdist 3.8 goes unheard with pytest 9.2."""
    return Groups(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Look for garbage neither while all is imported nor, later, in what was."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let no group be torn apart where files come in random order, and put the longest first."""
    place = {name: number for number, name in enumerate(TOGETHER)}
    for item in items:
        place.setdefault(group_of(item.nodeid), len(place))
    items.sort(key=lambda item: place[group_of(item.nodeid)])


@pytest.fixture(autouse=True)
def main_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """Streamlit leaves the page it ran in its place, and a process begun later would run it."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


def free_port() -> int:
    """A loopback port nobody listens on and no other test is given.

    None of those that the kernel gives out itself, to whatever connects or listens beside it.
    """
    return next(port for port in _PORTS if not _is_taken(port))


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def _ports() -> Iterator[int]:
    """Those below the kernel's, again and again; each process of a run has every so-manieth."""
    which = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    count = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    mine = range(10_000 + which, 32_768, count)
    begin = os.getppid() * 61 % len(mine)  # another run beside this one begins elsewhere
    return itertools.cycle([*mine[begin:], *mine[:begin]])


_PORTS = _ports()


def wait_for(
    condition: Callable[[], object],
    seconds: float = 20.0,
    what: str | Callable[[], object] = "",
) -> object:
    """Poll until ``condition`` is true and return its value.

    Args:
        condition: What is asked again and again.
        seconds: As long as it takes on a free computer.
        what: What is missing if it never is; a function says what there is instead.

    Raises:
        AssertionError: If it is not after ``PATIENCE`` times as long: other tests run beside it.
    """
    deadline = time.monotonic() + PATIENCE * seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    told = what() if callable(what) else what or condition
    raise AssertionError(f"not within {PATIENCE * seconds:g} s: {told}")


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

    def rules(self) -> str:
        """What it is told, as mosquitto.conf."""
        return (
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence true\n"
            f"persistence_location {self.folder}/\nmax_queued_messages 0\n"
        )

    def start(self) -> None:
        """Start it and wait until it listens."""
        binary = shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
        if binary is None:
            pytest.fail("mosquitto is not installed; `make test` says how")
        config = self.folder / "mosquitto.conf"
        config.write_text(self.rules() + ("user root\n" if os.getuid() == 0 else ""))
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
    """A Playwright browser: Chromium without a window, which costs less, or the one on the PATH."""
    found = shutil.which("chromium-headless-shell") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()
