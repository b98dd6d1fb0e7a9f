"""How a Ray cluster is joined, and what its errors say; an extra, ``ray``."""

from __future__ import annotations

import contextlib
import logging
import signal
import socket
import threading
from collections.abc import Iterator
from typing import Any

import ray
from ray.exceptions import RayError

from detector.errors import SettingsError

SIGNALS = (signal.SIGINT, signal.SIGTERM)
REACH_S = 10.0


def join(where: str, address: str | None, cpus: int | None) -> None:
    """Join a cluster, or begin one on this machine that ends with this process.

    Args:
        where: The setting or option that names the address.
        address: As ``ray.init`` takes it; None: one on this machine.
        cpus: Of such a one; None: as many as the machine has.

    Raises:
        SettingsError: If it cannot be reached.
    """
    here: dict[str, Any] = {"num_cpus": cpus, "include_dashboard": False}
    with _our_signals():
        try:
            _reach(address)
            ray.init(address=address, log_to_driver=False, logging_level=logging.ERROR,
                     **({} if address else here))  # fmt: skip
        except (RayError, OSError, RuntimeError, ValueError) as error:
            raise SettingsError(
                f"{where}: {address or 'a cluster here'}: {first_line(error)}, allowed: the "
                "address of a Ray cluster of the same Ray and Python, for example "
                "10.0.0.5:6379, or none"
            ) from None


def _reach(address: str | None) -> None:
    """Knock, where a host and a port are named: Ray itself tries for minutes.

    Raises:
        OSError: If nobody listens there.
    """
    host, _, port = (address or "").rpartition(":")
    if host and port.isdecimal() and "/" not in host:
        socket.create_connection((host, int(port)), REACH_S).close()


def first_line(error: Exception) -> str:
    """What Ray says, without what follows."""
    return str(error).strip().splitlines()[0]


@contextlib.contextmanager
def _our_signals() -> Iterator[None]:
    """Ray takes over what ends a process; this one ends by its own rules."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
