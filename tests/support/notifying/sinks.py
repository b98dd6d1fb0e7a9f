"""Where messages arrive: a mail server, a webhook, and somebody who asks what waits."""

from __future__ import annotations

import email
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller

from detector.notifying.notifier import Notifier
from detector.store.outbox import outbox
from detector.store.schema import Engine
from tests.conftest import free_port
from tests.support.alarms.plant import Plant


class Hook(ThreadingHTTPServer):
    """A webhook; ``answer`` is what it says, and may be any code or a call."""

    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Posted)
        self.heard: list[dict[str, Any]] = []
        self.taken: list[dict[str, Any]] = []  # of these, those that were answered with 200
        self.answer: Any = 200
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """As Apprise writes it, with a secret in it."""
        return f"json://kim:SECRETword@127.0.0.1:{self.server_port}/SECRETpath"

    @property
    def titles(self) -> list[str]:
        """Of the messages, in order of arrival."""
        return [one["title"] for one in self.heard]

    @property
    def ids(self) -> list[int]:
        """Numbers that the messages name."""
        return [number_in(one["message"]) for one in self.heard]

    def stop(self) -> None:
        """Listen no more."""
        self.shutdown()
        self.server_close()
        self._thread.join(5)


class _Posted(BaseHTTPRequestHandler):
    server: Hook

    def do_POST(self) -> None:
        """Keep the message and answer."""
        said = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.heard.append(said)
        answer = self.server.answer
        code = answer(said) if callable(answer) else answer
        if code == 200:
            self.server.taken.append(said)
        self.send_response(code)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Mailbox:
    """A mail server that keeps what it is sent."""

    def __init__(self) -> None:
        self.heard: list[Message] = []
        self._server = Controller(self, hostname="127.0.0.1", port=free_port())
        self._server.start()

    @property
    def url(self) -> str:
        """As Apprise writes it."""
        return f"mailto://127.0.0.1:{self._server.port}?from=f@plant.example&to=kim@plant.example"

    async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:  # noqa: N802
        """Keep a message."""
        self.heard.append(email.message_from_bytes(envelope.content))
        return "250 OK"

    def stop(self) -> None:
        """Listen no more."""
        self._server.stop(no_assert=True)


@contextmanager
def hook() -> Iterator[Hook]:
    """A webhook for a while."""
    made = Hook()
    try:
        yield made
    finally:
        made.stop()


def number_in(body: str) -> int:
    """Which notification a message says it is."""
    found = re.search(r"Notification (\d+)", body)
    assert found is not None, body
    return int(found[1])


class Told(Plant):
    """A plant whose alarms people are told of; what waits is delivered when it is asked for."""

    def __init__(
        self, *targets: dict[str, Any], engine: Engine | None = None, **rules: object
    ) -> None:
        super().__init__(engine, **rules)
        self.follow(*targets)

    def follow(self, *targets: object) -> None:
        """Tell these from now on; a new notifier, as after a restart."""
        self.settings = type(self.settings)(alarms=self.settings.alarms, notify=targets)
        self.desk.follow(self.settings)
        self.notifier = Notifier(self.engine, "", lambda: self.settings.notify, lambda: self.now)

    def deliver(self) -> None:
        """What is due."""
        self.notifier.deliver_all()

    def outbox(self, target: str) -> list[tuple[str, str | None]]:
        """Events and what came of them, in order."""
        with self.engine.connect() as connection:
            return [(one.event, done) for one, done in outbox.every(connection, target)]
