"""What goes out to servers once it is committed: alarm transitions at once, states every second."""

from __future__ import annotations

from collections.abc import Iterable

from detector.alarms.book import QUIET
from detector.alarms.desk import AlarmDesk
from detector.alarms.home_assistant import discovery_message, discovery_topic
from detector.alarms.notify import alarm_message, state_message
from detector.ingest.mqtt import Subscriber
from detector.records import DeviceStatus
from detector.settings.mqtt import MqttSettings
from detector.store import alarms
from detector.store.schema import Engine


class Publisher:
    """Publishes below one prefix, and tells Home Assistant what is there.

    Args:
        subscriber: The connection to the broker.
        store: Holds the transitions that are not published yet.
        settings: Prefixes of the topics.
    """

    def __init__(self, subscriber: Subscriber, store: Engine, settings: MqttSettings) -> None:
        self._subscriber, self._store = subscriber, store
        self._prefix, self._home_assistant = settings.topic_out, settings.home_assistant
        self._connections = 0
        self._announced: set[str] = set()

    def must_repeat(self) -> bool:
        """Whether all is to be said again: a new connection since this was last asked.

        The broker may have lost what it retained, and the old connection the newest states.
        """
        if self._subscriber.connections == self._connections:
            return False
        self._connections = self._subscriber.connections
        self._announced.clear()
        return True

    def alarms(self) -> set[str]:
        """Publish every transition not published yet, at QoS 1; returns their devices.

        Those that nobody is notified of count as published.
        """
        with self._store.begin() as connection:
            waiting = alarms.unpublished(connection)
            for log_id, transition, ts, alarm in waiting:
                if alarm.kind in QUIET:
                    continue  # shown and recorded; nobody is notified
                whose = f"{alarm.device}/" if alarm.device else ""  # without: the detector's own
                self._subscriber.publish(
                    f"{self._prefix}/{whose}alarm",
                    alarm_message(log_id, transition, ts, alarm),
                    qos=1,
                )
            alarms.mark_published(connection, [log_id for log_id, *_ in waiting])
        return {alarm.device for *_, alarm in waiting}

    def states(self, statuses: Iterable[DeviceStatus], desk: AlarmDesk) -> None:
        """Publish the state of each device, retained."""
        for status in statuses:
            topic = f"{self._prefix}/{status.device}/state"
            if self._home_assistant is not None and status.device not in self._announced:
                self._announce(self._home_assistant, status.device, topic)
            message = state_message(status, desk.active(status.device))
            self._subscriber.publish(topic, message, retain=True)

    def _announce(self, prefix: str, device: str, state_topic: str) -> None:
        self._announced.add(device)
        message = discovery_message(device, state_topic, f"{self._prefix}/status")
        topic = discovery_topic(prefix, device, state_topic)
        self._subscriber.publish(topic, message, qos=1, retain=True)
