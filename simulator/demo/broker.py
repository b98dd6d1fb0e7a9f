"""A private MQTT broker on the loopback interface: mosquitto if installed, else amqtt.

``python -m simulator.demo.broker PORT`` runs the amqtt one: pure Python, MQTT 3.1.1 only, for
demos.
"""

import asyncio
import os
import shutil
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Literal

from simulator.demo.children import Children
from simulator.errors import SimulatorError

Kind = Literal["auto", "mosquitto", "amqtt"]
HOST = "127.0.0.1"
EXTRA_PATH = ("/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin")
READY_WITHIN_S = 15.0


@dataclass(frozen=True)
class Broker:
    """A broker child: its kind and the URL it listens on."""

    kind: Literal["mosquitto", "amqtt"]
    port: int

    @property
    def url(self) -> str:
        """Where clients connect."""
        return f"mqtt://{HOST}:{self.port}"

    @property
    def settings(self) -> str:
        """What a client has to know, as lines of TOML."""
        protocol = 'protocol = "3.1.1"\n' if self.kind == "amqtt" else ""
        return f'url = "{self.url}"\n{protocol}'


def find_mosquitto() -> str | None:
    """Return the path of mosquitto, which many systems keep off a user's PATH."""
    path = os.pathsep.join((os.environ.get("PATH", ""), *EXTRA_PATH))
    return shutil.which("mosquitto", path=path)


def start_broker(children: Children, kind: Kind, folder: Path, project: Path) -> Broker:
    """Start a broker on a free loopback port; ``ready`` tells when it accepts connections.

    Raises:
        SimulatorError: If mosquitto was asked for and is not installed.
    """
    mosquitto = find_mosquitto()
    if kind == "mosquitto" and mosquitto is None:
        raise SimulatorError("mosquitto: not found on the PATH; allowed: --broker amqtt")
    port = free_port()
    if mosquitto is None or kind == "amqtt":
        command = [sys.executable, "-m", "simulator.demo.broker", str(port)]
        children.start("broker", command, folder=project)
        return Broker("amqtt", port)
    config = folder / "mosquitto.conf"
    config.write_text(_mosquitto_config(port), encoding="utf-8")
    children.start("broker", [mosquitto, "-c", str(config)], folder=folder)
    return Broker("mosquitto", port)


def wait_until_ready(broker: Broker, children: Children, stop: Event) -> None:
    """Wait until the broker accepts connections, or ``stop`` is set.

    Raises:
        SimulatorError: If it does not in time, or ends.
    """
    deadline = monotonic() + READY_WITHIN_S
    while not accepts(broker.port):
        children.check()
        if monotonic() > deadline:
            raise SimulatorError(f"{broker.url}: no connection within {READY_WITHIN_S:g} s")
        if stop.wait(0.05):
            return


def accepts(port: int) -> bool:
    """Tell whether something listens on a loopback port."""
    try:
        socket.create_connection((HOST, port), timeout=1.0).close()
    except OSError:
        return False
    return True


def free_port() -> int:
    """Return a loopback port nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _mosquitto_config(port: int) -> str:
    lines = [f"listener {port} {HOST}", "allow_anonymous true", "persistence false"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        lines.append("user root")  # else it drops to a user who cannot read our folder
    return "\n".join(lines) + "\n"


async def _serve_amqtt(port: int) -> None:
    from amqtt.broker import Broker as AmqttBroker  # noqa: PLC0415 - only this child needs it

    broker = AmqttBroker(
        {
            "listeners": {"default": {"type": "tcp", "bind": f"{HOST}:{port}"}},
            "plugins": {
                "amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}
            },
        }
    )
    await broker.start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve_amqtt(int(sys.argv[1])))
