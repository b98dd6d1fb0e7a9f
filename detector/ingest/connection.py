"""What can be said of the connection to the broker."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from detector.errors import SettingsError
from detector.settings.mqtt import ENCRYPTED, PORTS, WEBSOCKETS, MqttSettings

logger = logging.getLogger(__name__)


class ConnectionState(StrEnum):
    """How the connection stands."""

    CONNECTING = "connecting"
    CONNECTED = "connected"  # and subscribed
    DISCONNECTED = "disconnected"
    REFUSED = "refused"  # the broker answers, and one side says no


_LEVELS = {
    ConnectionState.CONNECTING: logging.INFO,
    ConnectionState.CONNECTED: logging.INFO,
    ConnectionState.DISCONNECTED: logging.WARNING,
    ConnectionState.REFUSED: logging.ERROR,
}


@dataclass(frozen=True, slots=True)
class Connection:
    """The latest word on the connection.

    Attributes:
        state: How it stands.
        reason: One line for the operator; never holds the password.
        since: When it came to this state, UTC seconds.
    """

    state: ConnectionState
    reason: str
    since: float

    @property
    def shown(self) -> str:
        """For the operator: the state where all is well, else the reason."""
        return self.state.value if self.state is ConnectionState.CONNECTED else self.reason


@dataclass(frozen=True, slots=True)
class Address:
    """Where the broker listens.

    Attributes:
        host: Name or address.
        port: Of TCP.
        path: Of the websocket; None: plain MQTT.
        is_encrypted: By TLS.
    """

    host: str
    port: int
    path: str | None
    is_encrypted: bool


class ConnectionLog:
    """Keeps the latest word and logs each change once.

    Args:
        where: The broker, as the line names it.
    """

    def __init__(self, where: str) -> None:
        self._where = where
        self._lock = threading.Lock()
        self._now = Connection(ConnectionState.CONNECTING, f"{where}: connecting", time.time())
        self._is_over = False

    @property
    def now(self) -> Connection:
        """The latest word."""
        with self._lock:
            return self._now

    def note(self, state: ConnectionState, reason: str) -> None:
        """Keep a word; a repeated state keeps its ``since`` and is not logged again.

        A refusal is logged again when its reason is another: that one takes an operator too.
        """
        line = f"{self._where}: {reason}"
        with self._lock:
            if self._is_over:
                return
            is_new = state is not self._now.state
            is_other = state is ConnectionState.REFUSED and line != self._now.reason
            if is_new or is_other:  # before it shows, and in the order of the changes
                logger.log(_LEVELS[state], "%s", line)
            self._now = Connection(state, line, time.time() if is_new else self._now.since)

    def end(self) -> None:
        """Keep the last word, ``stopped``; what the closing connection says is no news."""
        line = f"{self._where}: stopped"
        with self._lock:
            self._is_over = True
            self._now = Connection(ConnectionState.DISCONNECTED, line, time.time())
        logger.info("%s", line)


def address(url: str) -> Address:
    """Where the broker listens.

    Raises:
        SettingsError: If no socket could be opened with it.
    """
    parts = urlsplit(url)
    try:
        host = parts.hostname or ""
        host.encode("idna")  # what the socket will do with it
        port = parts.port or PORTS[parts.scheme]
    except ValueError as error:  # a port out of range; UnicodeError is one too
        raise SettingsError(f"mqtt.url: found {url!r} ({error}), allowed: host:port") from None
    path = (parts.path or "/mqtt") if parts.scheme in WEBSOCKETS else None
    return Address(host, port, path, parts.scheme in ENCRYPTED)


def why_refused(settings: MqttSettings, fault: str) -> str:
    """What to tell the operator of a broker that answered no.

    Args:
        settings: What it was asked with.
        fault: The broker's reason.
    """
    allowed = "mqtt.username and mqtt.password (or password_file) that it knows"
    if "protocol" in fault:
        allowed = f"mqtt.protocol that it speaks, found {settings.protocol}"
    return f"refused client {settings.client_id} ({fault}), trying again, allowed: {allowed}"
