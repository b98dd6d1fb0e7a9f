"""What is true of a replayed session, told as JSON on ``simulator/{device}/truth``."""

import logging
from collections.abc import Iterable

from simulator.live.publisher import Publisher
from simulator.live.replay_session import Array
from simulator.recordings import truth
from simulator.recordings.truth import Episode, Placed

logger = logging.getLogger(__name__)

TRUTH_TOPIC = "simulator/{device}/truth"


class TruthFeed:
    """Tells at QoS 1 when faults start, are full and end.

    Args:
        publisher: An open connection.
        device: Name of the machine.
        session: Name of the run of the session.
        clock: Shape (n,), device time of each sample by a clock without faults, s.
    """

    def __init__(self, publisher: Publisher, device: str, *, session: str, clock: Array) -> None:
        self._publisher, self._session, self._clock = publisher, session, clock
        self._topic = TRUTH_TOPIC.replace("{device}", device)

    def time_at(self, row: int) -> float:
        """Return the device time of a row, or of the one that would follow the last, s."""
        return round(truth.time_at(self._clock, row), 6)

    def tell_batch(self, faults: Iterable[Placed], rows: slice) -> None:
        """Tell what happens in a batch; a fault that lasts to the session's end ends with it."""
        over = rows.stop == len(self._clock)
        events = [
            (row, order, event, placed.episode)
            for placed in faults
            for order, (event, row) in enumerate(_events(placed))
            if rows.start <= row < rows.stop or (over and row >= rows.stop)
        ]
        for row, _, event, episode in sorted(events, key=lambda one: one[:2]):
            self._tell(event, episode, row)

    def tell_broken_off(self, faults: Iterable[Placed], sent: int) -> None:
        """Tell the end of faults that are open after ``sent`` of more samples."""
        for placed in faults:
            if placed.first < sent <= placed.last and sent < len(self._clock):
                self._tell("end", placed.episode, sent)

    def refuse(self, reason: str, row: int) -> None:
        """Tell, and log, why a fault that was asked for does not come."""
        logger.warning("%s: fault request refused: %s", self._topic, reason)
        self._publish({"event": "refused", "reason": reason, "ts": self.time_at(row)})

    def _tell(self, event: str, episode: Episode, row: int) -> None:
        self._publish(
            {
                "event": event,
                "family": episode.family,
                "axis": episode.axis,
                "severity": episode.severity,
                "ts": self.time_at(row),
                "seed": episode.seed,
            }
        )

    def _publish(self, message: dict[str, object]) -> None:
        self._publisher.tell(self._topic, {**message, "session": self._session})


def _events(placed: Placed) -> tuple[tuple[str, int], ...]:
    return ("start", placed.first), ("full", placed.full), ("end", placed.last)
