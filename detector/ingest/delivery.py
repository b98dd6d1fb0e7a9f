"""What became of a published message."""

from __future__ import annotations

from collections.abc import Container
from typing import Protocol


class _Message(Protocol):
    """The part of paho's message that is asked."""

    mid: int

    def is_published(self) -> bool: ...

    def wait_for_publish(self, timeout: float | None = None) -> None: ...


class Delivery:
    """One published message on its way to the broker."""

    def __init__(self, message: _Message, refused: Container[int]) -> None:
        self._message = message
        self._refused = refused

    def is_delivered(self) -> bool:
        """Whether the broker has it: acknowledged at QoS 1, sent at QoS 0."""
        try:
            return self._message.is_published() and self._message.mid not in self._refused
        except (RuntimeError, ValueError):  # QoS 0 without a connection; the queue is full
            return False

    def is_settled(self) -> bool:
        """Whether nothing more comes of it: the broker has answered, or it was never queued."""
        try:
            return self._message.is_published()
        except (RuntimeError, ValueError):
            return True

    def wait(self, timeout_s: float) -> bool:
        """Wait until it is delivered; False when it is not within ``timeout_s`` seconds."""
        try:
            self._message.wait_for_publish(timeout_s)
        except (RuntimeError, ValueError):
            return False
        return self.is_delivered()
