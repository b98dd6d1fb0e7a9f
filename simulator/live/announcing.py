"""That a simulated device is there and takes faults, as JSON on ``simulator/{device}/here``."""

import time
from collections.abc import Sequence

from simulator.live.publisher import Publisher

HERE_TOPIC = "simulator/{device}/here"
EVERY_S = 5.0  # a listener takes one for gone that was silent for three times as long


class Announcer:
    """Tells it now and then, not retained: who is gone is not heard any more.

    Args:
        publisher: An open connection.
        device: Name of the machine.
        families: Faults that may be asked for.
        features: That they may be put into.
    """

    def __init__(
        self, publisher: Publisher, device: str, families: Sequence[str], features: Sequence[str]
    ) -> None:
        self._publisher, self._topic = publisher, HERE_TOPIC.replace("{device}", device)
        self._message: dict[str, object] = {"families": [*families], "features": [*features]}
        self._due = 0.0

    def tell(self) -> None:
        """Tell it, unless that was just done."""
        now = time.monotonic()
        if now >= self._due:
            self._due = now + EVERY_S
            self._publisher.tell(self._topic, self._message)
