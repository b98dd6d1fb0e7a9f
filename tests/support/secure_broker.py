"""A mosquitto that speaks TLS and websockets, and a subscriber that shall reach it."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from detector.ingest.buffer import SharedBuffer
from detector.ingest.connection import ConnectionState
from detector.ingest.mqtt import Subscriber
from detector.ingest.sources import Sources
from detector.settings.mqtt import MqttSettings
from detector.settings.sources import SourceSettings
from tests.conftest import Broker, answers, free_port, wait_for
from tests.support.certificates import Issued

SCHEMES = ("mqtt", "mqtts", "ws", "wss")


@dataclass
class SecureBroker(Broker):
    """A mosquitto with a listener of each kind; ``port`` is that of ``mqtts``.

    Attributes:
        issued: The certificate it shows.
        clients: Authority of the certificates it asks for; None: it asks for none.
        users: Passwords by user; None: it lets everybody in.
    """

    issued: Issued | None = None
    clients: Path | None = None
    users: dict[str, str] | None = None
    ports: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Find a port for each other listener."""
        self.ports = {scheme: free_port() for scheme in SCHEMES} | {"mqtts": self.port}

    def at(self, scheme: str, host: str = "127.0.0.1") -> str:
        """Where to connect."""
        path = "/mqtt" if scheme in ("ws", "wss") else ""
        return f"{scheme}://{host}:{self.ports[scheme]}{path}"

    def rules(self) -> str:
        """What it is told, as mosquitto.conf."""
        lines = [self._entry()]
        for scheme in SCHEMES:
            lines.append(f"listener {self.ports[scheme]} 127.0.0.1")
            if scheme in ("ws", "wss"):
                lines.append("protocol websockets")
            if scheme in ("mqtts", "wss"):
                lines += self._encryption()
        return "\n".join(lines) + "\n"

    def start(self) -> None:
        """Start it and wait until it listens at all ports."""
        super().start()
        wait_for(lambda: all(map(answers, self.ports.values())), what="mosquitto listens")

    def restart(self, **changes: Any) -> None:
        """Stop it and start it with other attributes."""
        self.stop()
        for name, value in changes.items():
            assert hasattr(self, name)
            setattr(self, name, value)
        self.start()

    def _encryption(self) -> list[str]:
        assert self.issued is not None
        lines = [f"certfile {self.issued.certificate}", f"keyfile {self.issued.key}"]
        if self.clients is not None:
            lines += [f"cafile {self.clients}", "require_certificate true"]
        return lines

    def _entry(self) -> str:
        if self.users is None:
            return "allow_anonymous true"
        return f"allow_anonymous false\npassword_file {password_file(self.folder, self.users)}"


def password_file(folder: Path, users: dict[str, str]) -> Path:
    """Mosquitto's file of users, made by its own command."""
    path = folder / "passwords"
    path.write_text("".join(f"{user}:{word}\n" for user, word in users.items()))
    command = [shutil.which("mosquitto_passwd") or "mosquitto_passwd", "-U", str(path)]
    subprocess.run(command, check=True, capture_output=True)
    return path


class Watching:
    """A subscriber on its way to a broker.

    Attributes:
        tried: How often it tried to connect.
    """

    def __init__(self, url: str, name: str, **settings: Any) -> None:
        given = {"topic": f"{name}/{{device}}", "topic_out": f"out-{name}", "client_id": name}
        self.settings = MqttSettings(url=url, **{**given, **settings})
        self.buffer = SharedBuffer(1000, 10)
        sources = Sources([SourceSettings(topic=self.settings.topic)])
        self.subscriber = Subscriber(self.settings, sources, self.buffer)
        self.tried = 0
        self.subscriber._client.on_pre_connect = self._count

    @property
    def reason(self) -> str:
        """The latest word on the connection."""
        return self.subscriber.connection.reason

    def start(self, state: ConnectionState) -> Watching:
        """Begin to connect, and wait for a state."""
        self.subscriber.start()
        return self.until(state)

    def until(self, state: ConnectionState) -> Watching:
        """Wait for a state of the connection."""
        wait_for(
            lambda: self.subscriber.connection.state is state, 10, lambda: f"{state}: {self.reason}"
        )
        return self

    def until_tried_again(self, times: int = 2) -> None:
        """Wait for so many attempts more."""
        enough = self.tried + times
        wait_for(lambda: self.tried >= enough, 10, f"{times} attempts more")

    def received(self) -> int:
        """Messages that reached it."""
        return self.subscriber.counters()["messages"]

    def _count(self, *_: object) -> None:
        self.tried += 1
