"""The endpoint that Prometheus scrapes, where a port is set for it.

The port is taken first, so that one in use ends the start. What serves it is imported once the
subscription is made.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

from detector.errors import SettingsError
from detector.ingest.buffer import SharedBuffer
from detector.ingest.mqtt import Subscriber
from detector.ingest.sources import Sources
from detector.settings.metrics import MetricsSettings

if TYPE_CHECKING:
    from detector.service.pipeline import Pipeline
    from detector.service.scrape import ScrapeServer

logger = logging.getLogger(__name__)

BACKLOG = 16  # connections that wait for their turn


class MetricsEndpoint:
    """Serves the figures of this process; does nothing where no port is set.

    Args:
        settings: Where.

    Raises:
        SettingsError: If the port is in use, or the address is not of this machine.
    """

    def __init__(self, settings: MetricsSettings) -> None:
        self._listening = None if settings.port is None else _listening(settings, settings.port)
        self._server: ScrapeServer | None = None

    def start(self, subscriber: Subscriber, sources: Sources, buffer: SharedBuffer) -> None:
        """Begin to answer."""
        if self._listening is None:
            return
        from detector.service.scrape import FiguresCollector, ScrapeServer  # noqa: PLC0415 -- see above

        self._server = ScrapeServer(self._listening, FiguresCollector(subscriber, sources, buffer))
        self._server.start()
        logger.info("metrics: served on %s port %d", *self._listening.getsockname()[:2])

    def watch(self, pipeline: Pipeline) -> Callable[[], None]:
        """Tell of a pipeline too; returns its tick, which is timed from now on."""
        if self._server is None:
            return pipeline.guarded_tick
        return self._server.watch(pipeline)

    def stop(self) -> None:
        """Answer no more."""
        if self._server is not None:
            self._server.stop()
        if self._listening is not None:
            self._listening.close()


def _listening(settings: MetricsSettings, port: int) -> socket.socket:
    """A socket that listens where the settings say."""
    listening: socket.socket | None = None
    try:
        found = socket.getaddrinfo(settings.address, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(found[0], found[1])
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(found[4])
        listening.listen(BACKLOG)
    except (OSError, ValueError) as error:  # ValueError: a name that is none
        if listening is not None:
            listening.close()
        reason = getattr(error, "strerror", None) or error
        raise SettingsError(
            f"metrics: {settings.address} port {port}: {reason}, allowed: a free port "
            "(metrics.port) of an address of this machine (metrics.address)"
        ) from None
    return listening
