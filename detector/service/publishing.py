"""What goes out to servers once it is committed: alarm transitions at once, states every second."""

from __future__ import annotations

from collections.abc import Iterable

from detector.alarms.desk import AlarmDesk
from detector.alarms.notify import alarm_message, state_message
from detector.ingest.mqtt import Subscriber
from detector.records import DeviceStatus
from detector.store import alarms
from detector.store.schema import Engine


class Publisher:
    """Publishes below one prefix.

    Args:
        subscriber: The connection to the broker.
        store: Holds the transitions that are not published yet.
        prefix: Of all topics.
    """

    def __init__(self, subscriber: Subscriber, store: Engine, prefix: str) -> None:
        self._subscriber, self._store, self._prefix = subscriber, store, prefix

    def alarms(self) -> set[str]:
        """Publish every transition not published yet, at QoS 1; returns their devices."""
        with self._store.begin() as connection:
            waiting = alarms.unpublished(connection)
            for log_id, transition, ts, alarm in waiting:
                self._subscriber.publish(
                    f"{self._prefix}/{alarm.device}/alarm",
                    alarm_message(log_id, transition, ts, alarm),
                    qos=1,
                )
            alarms.mark_published(connection, [log_id for log_id, *_ in waiting])
        return {alarm.device for *_, alarm in waiting}

    def states(self, statuses: Iterable[DeviceStatus], desk: AlarmDesk) -> None:
        """Publish the state of each device, retained."""
        for status in statuses:
            message = state_message(status, desk.active(status.device))
            self._subscriber.publish(f"{self._prefix}/{status.device}/state", message, retain=True)
