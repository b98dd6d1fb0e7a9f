"""Broker, network, detector and store of a survival run, each of which can be hurt."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import sqlalchemy as sa

from benchmarks.soak.plant import Published
from benchmarks.soak.proxy import HOST, Proxy
from detector.records import Frame
from detector.store import devices, frames
from detector.store.schema import frames as frames_table
from detector.store.schema import open_store
from simulator.demo.broker import accepts, find_mosquitto, free_port
from simulator.errors import SimulatorError

PROJECT = Path(__file__).resolve().parents[2]
WITHIN_S = 90.0


class Site:
    """A mosquitto that keeps its queues, a network of ours and a detector behind it.

    Args:
        folder: For all files.
        plants: What the detector is told to read.
        options: More settings, TOML.
        url: Of its store; SQLite in the folder where not given.
    """

    def __init__(
        self, folder: Path, plants: Sequence[Published], options: str = "", url: str = ""
    ) -> None:
        self.folder = folder
        self.port = free_port()
        self._mosquitto: subprocess.Popen[bytes] | None = None
        self._detector: subprocess.Popen[bytes] | None = None
        self.start_broker()
        self.network = Proxy(self.port)
        self.store = folder / "faultline.db"
        url = url or f"sqlite:///{self.store}"
        self.engine = open_store(url)
        (folder / "faultline.toml").write_text(
            f'[mqtt]\nurl = "mqtt://{HOST}:{self.network.port}"\n\n'
            f'[store]\nurl = "{url}"\narchive = "{folder}/archive"\n\n{options}\n'
            + "\n".join(plant.settings for plant in plants)
        )

    def __enter__(self) -> Site:
        """With a detector that is connected."""
        self.start_detector()
        return self

    def __exit__(self, *_: object) -> None:
        """End all of it."""
        self.network.restore()
        for process in (self._detector, self._mosquitto):
            if process is not None:
                process.terminate()
                process.wait(60)
        self.network.close()
        self.engine.dispose()

    @property
    def log(self) -> str:
        """All that the detector printed."""
        return (self.folder / "detector.log").read_text()

    @property
    def detector(self) -> int:
        """Its process id."""
        assert self._detector is not None
        return self._detector.pid

    def start_broker(self) -> None:
        """Start it and wait until it listens."""
        binary = find_mosquitto()
        if binary is None:
            raise SimulatorError("mosquitto: not found; install it to run this")
        config = self.folder / "mosquitto.conf"
        config.write_text(
            f"listener {self.port} {HOST}\nallow_anonymous true\nmax_queued_messages 0\n"
            f"persistence true\npersistence_location {self.folder}/\n"
            + ("user root\n" if os.geteuid() == 0 else "")
        )
        self._mosquitto = self._run("mosquitto", [binary, "-c", str(config)])
        wait_until(lambda: accepts(self.port), "mosquitto listens")

    def stop_broker(self) -> None:
        """Ask it to end, as a restart does; it keeps what its durable sessions wait for."""
        assert self._mosquitto is not None
        self._mosquitto.terminate()
        self._mosquitto.wait(30)

    def start_detector(self) -> None:
        """Start it and wait until it is connected."""
        settings = str(self.folder / "faultline.toml")
        command = [sys.executable, "-m", "detector", "serve", "--settings", settings]
        started = self._detector = self._run("detector", command)

        def is_there() -> bool:
            if started.poll() is not None:
                raise SimulatorError(f"the detector ended:\n{self.log[-2000:]}")
            return self.is_connected

        wait_until(is_there, "the detector is connected")

    def kill_detector(self) -> None:
        """End it without a word."""
        assert self._detector is not None
        self._detector.send_signal(signal.SIGKILL)
        self._detector.wait(10)

    @property
    def is_connected(self) -> bool:
        """Whether this detector's own word says so."""
        with self.engine.connect() as connection:
            found = devices.health(connection)
        if found is None or not found.owner.endswith(f":{self.detector}"):
            return False
        return found.connection == "connected"

    def stored(self, plant: Published) -> int:
        """Samples in the store, of all devices of a plant."""
        query = sa.select(sa.func.sum(frames_table.c.n))
        query = query.where(frames_table.c.device.in_(plant.devices.values()))
        with self.engine.connect() as connection:
            return connection.execute(query).scalar() or 0

    def frames_of(self, device: str) -> list[Frame]:
        """All of a device, in order of commit."""
        with self.engine.connect() as connection:
            return frames.between(connection, device, -np.inf, np.inf)

    def _run(self, name: str, command: list[str]) -> subprocess.Popen[bytes]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("FAULTLINE_")}
        kept |= {"OMP_NUM_THREADS": "1"}
        with (self.folder / f"{name}.log").open("ab") as log:
            # Through a pipe: what is said is kept also where the process may write no file.
            printer = subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE, stdout=log)
        assert printer.stdin is not None
        with printer.stdin as out:
            return subprocess.Popen(command, cwd=PROJECT, stdout=out, stderr=out, env=kept)


def wait_until(condition: Callable[[], object], what: str, within_s: float = WITHIN_S) -> None:
    """Wait until a condition holds.

    Raises:
        SimulatorError: If it does not in time.
    """
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            raise SimulatorError(f"not within {within_s:g} s: {what}")
        time.sleep(0.05)
