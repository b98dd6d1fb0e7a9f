"""The address of a broker."""

from dataclasses import dataclass, field
from typing import Self
from urllib.parse import unquote, urlsplit

from simulator.errors import SimulatorError

PORTS = {"mqtt": 1883, "mqtts": 8883, "ws": 80, "wss": 443}


@dataclass(frozen=True)
class Address:
    """Where a broker listens, and who we are to it; a path only where it is a websocket."""

    scheme: str
    host: str
    port: int
    path: str = ""
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read ``mqtt://user:pass@host:port``; ``mqtts`` speaks TLS.

        ``ws://host:port/path`` is a websocket, ``wss`` one over TLS; the usual path is ``/mqtt``.

        Raises:
            SimulatorError: If the URL is not of that form; the password is never shown.
        """
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise SimulatorError(f"MQTT URL: {error}; allowed: mqtt://host:1883") from error
        if parts.scheme not in PORTS or not parts.hostname:
            raise SimulatorError(
                f"MQTT URL: found scheme {parts.scheme!r}, host {parts.hostname or ''!r}; "
                "allowed: mqtt://host:1883, mqtts://host:8883, ws://host:80/mqtt or wss://host:443/mqtt"
            )
        return cls(
            scheme=parts.scheme,
            host=parts.hostname,
            port=port or PORTS[parts.scheme],
            path=(parts.path or "/mqtt") if parts.scheme in ("ws", "wss") else "",
            user=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
        )

    @property
    def is_encrypted(self) -> bool:
        """Whether TLS is spoken."""
        return self.scheme in ("mqtts", "wss")

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host}:{self.port}{self.path}"
