"""A real detector process for tests, with its own settings and store."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from detector.records import Samples
from detector.store.archive import hours
from detector.store.schema import frames, open_store
from detector.store.told import detectors
from tests.conftest import wait_for
from tests.support.processes.programs import PROJECT, Program

__all__ = ["PROJECT", "Client", "Served", "environment", "serving"]


@dataclass
class Served:
    """A detector that can be stopped, killed and started again on the same store."""

    folder: Path
    url: str
    devices: str
    process: Program | subprocess.Popen[bytes] | None = None
    store_url: str = ""  # of SQLite in the folder unless it is given

    def __post_init__(self) -> None:
        """Write the settings."""
        self.store_url = self.store_url or f"sqlite:///{self.folder}/faultline.db"
        self.engine = open_store(self.store_url)
        self.settings = self.folder / "faultline.toml"
        self.settings.write_text(
            f'[mqtt]\nurl = "{self.url}"\nclient_id = "{self.folder.name}"\n'
            f'topic = "{self.folder.name}/{{device}}"\ntopic_out = "out-{self.folder.name}"\n'
            f'[store]\nurl = "{self.store_url}"\n[alarms]\nm = 20\non_delay_s = 0\n{self.devices}'
        )

    @property
    def log(self) -> str:
        """All that the detector printed."""
        return (self.folder / "detector.log").read_text()

    @property
    def name(self) -> str:
        """What the detector is called in its store."""
        return f"{self.folder.name}@{self.url}"

    def begun(self, *, anew: bool = False) -> Program | subprocess.Popen[bytes]:
        """A detector on these settings, not waited for; ``anew``, it has yet to import torch."""
        words = ["detector", "serve", "--settings", str(self.settings)]
        path = self.folder / "detector.log"
        if not anew:
            return Program(*words, output=path)
        with path.open("ab") as log:
            command = [sys.executable, "-m", *words]
            return subprocess.Popen(command, cwd=PROJECT, stdout=log, stderr=log)

    def start(self, *, anew: bool = False) -> None:
        """Start it and wait until it is subscribed."""
        self.process = self.begun(anew=anew)
        owner = f":{self.process.pid}"
        wait_for(lambda: self._is_serving(owner), 40, "the detector is connected")

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End it and return its exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        code = self.process.wait(20)
        self.process = None
        return code

    def read(self, query, *args):
        """Run a query of ``detector.store`` and return its answer."""
        with self.engine.begin() as connection:
            return query(connection, *args)

    def stored(self) -> int:
        """Samples in the store, of all devices, closed hours among them."""
        return self.read(_samples)

    def _is_serving(self, owner: str) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log
        found = [one for one in self.read(detectors.every) if one.owner.endswith(owner)]
        return [one.connection for one in found] == ["connected"]


def _samples(connection):
    hot = connection.execute(sa.select(sa.func.sum(frames.c.n))).scalar() or 0
    return hot + hours.size(connection).samples


@contextmanager
def serving(folder: Path, url: str, rules: str, store_url: str = "") -> Iterator[Served]:
    """A started detector, ended at the latest at the end of the block."""
    made = Served(folder, url, rules, store_url=store_url)
    made.start()
    try:
        yield made
    finally:
        if made.process is not None:
            made.stop()
        made.engine.dispose()


class Client:
    """A paho client that publishes at QoS 1 and collects what it is subscribed to."""

    def __init__(self, url: str, topic: str = "none") -> None:
        host, port = url.removeprefix("mqtt://").split(":")
        self.messages: list[tuple[str, bytes, bool]] = []
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.on_message = lambda _, __, m: self.messages.append(
            (m.topic, m.payload, m.retain)
        )
        self._client.on_connect = lambda client, *_: client.subscribe(topic, 1)
        subscribed: list[int] = []
        self._client.on_subscribe = lambda *_: subscribed.append(1)
        self._client.connect(host, int(port))
        self._client.loop_start()
        wait_for(lambda: subscribed, what="subscribed")

    def __enter__(self) -> Client:
        """Connected already."""
        return self

    def __exit__(self, *_: object) -> None:
        """Disconnect."""
        self._client.disconnect()
        self._client.loop_stop()

    def publish(self, topic: str, payload: bytes) -> None:
        """Publish and wait until the broker has it."""
        self._client.publish(topic, payload, 1).wait_for_publish(20)

    def send(self, topic: str, samples: Samples, batch: int = 25) -> None:
        """Publish samples in columns, ``batch`` to a message."""
        for start in range(0, len(samples), batch):
            rows = slice(start, start + batch)
            columns = {
                name: [float(v) for v in samples.values[rows, i]]
                for i, name in enumerate(samples.features)
            }
            payload = {"ts": samples.ts[rows].tolist(), **columns}
            self.publish(topic, json.dumps(payload).encode())


def environment(**variables: str) -> dict[str, str]:
    """The environment without settings of its own."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("FAULTLINE_")}
    return {**kept, **variables}
