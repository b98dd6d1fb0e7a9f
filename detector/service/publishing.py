"""What goes out to servers once it is committed: alarm transitions at once, states every second."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from detector.alarms.desk import AlarmDesk
from detector.alarms.home_assistant import discovery_message, discovery_topic
from detector.alarms.notify import alarm_message, state_message
from detector.alarms.states import QUIET
from detector.ingest.delivery import Delivery
from detector.ingest.mqtt import Subscriber
from detector.records import Alarm, DeviceStatus
from detector.settings.mqtt import MqttSettings
from detector.store import alarms
from detector.store.schema import Engine
from detector.store.writing import writing

logger = logging.getLogger(__name__)

MOST_ON_THE_WAY = 500  # transitions that the broker has not confirmed


class Publisher:
    """Publishes below one prefix, and tells Home Assistant what is there.

    Args:
        subscriber: The connection to the broker.
        store: Holds the transitions that are not published yet.
        settings: Prefixes of the topics.
        name: Of the detector whose alarms these are; None: all.
    """

    def __init__(
        self,
        subscriber: Subscriber,
        store: Engine,
        settings: MqttSettings,
        name: str | None = None,
    ) -> None:
        self._subscriber, self._store, self._name = subscriber, store, name
        self._prefix, self._home_assistant = settings.topic_out, settings.home_assistant
        self._connections = 0
        self._announced: set[str] = set()
        self._newest = 0  # transition that was handed to the client
        self._on_the_way: dict[int, Delivery] = {}
        self._not_taken: set[int] = set()  # by the broker; tried again with the next connection

    def must_repeat(self) -> bool:
        """Whether all is to be said again: a new connection since this was last asked.

        The broker may have lost what it retained, and the old connection the newest states.
        """
        if self._subscriber.connections == self._connections:
            return False
        self._connections = self._subscriber.connections
        self._announced.clear()
        self._newest = min(self._not_taken, default=self._newest + 1) - 1
        self._not_taken.clear()
        return True

    def look_again(self) -> None:
        """Other detectors' transitions may be this one's now, and older than its newest."""
        self._newest = 0

    def alarms(self) -> set[str]:
        """Publish every transition not published yet, at QoS 1; returns their devices.

        One counts as published once the broker has confirmed it, so that a kill loses none: it is
        published again then, under the same id. Those that nobody is notified of count at once.
        """
        done = self._confirmed()
        room = MOST_ON_THE_WAY - len(self._on_the_way)
        with self._store.connect() as connection:
            waiting = alarms.unpublished(connection, self._newest, room, self._name)
        for log_id, transition, ts, alarm in waiting:
            self._newest = log_id
            if alarm.kind in QUIET:
                done.append(log_id)  # shown and recorded; nobody is notified
            elif log_id not in self._on_the_way:
                self._on_the_way[log_id] = self._publish(log_id, transition, ts, alarm)
        if done:
            with writing(self._store) as connection:
                alarms.mark_published(connection, done)
            for log_id in done:
                self._on_the_way.pop(log_id, None)
        return {alarm.device for *_, alarm in waiting}

    def _confirmed(self) -> list[int]:
        """Transitions that the broker has; those it will not have are put aside."""
        settled = [log_id for log_id, one in self._on_the_way.items() if one.is_settled()]
        done = [log_id for log_id in settled if self._on_the_way[log_id].is_delivered()]
        for log_id in set(settled) - set(done):
            if not self._not_taken:
                logger.warning("transition %d of an alarm was not taken by the broker, tried again "
                               "with the next connection", log_id)  # fmt: skip
            self._not_taken.add(log_id)
            del self._on_the_way[log_id]
        return done

    def _publish(self, log_id: int, transition: str, ts: float, alarm: Alarm) -> Delivery:
        whose = f"{alarm.device}/" if alarm.device else ""  # without: the detector's own
        message = alarm_message(log_id, transition, ts, alarm)
        return self._subscriber.publish(f"{self._prefix}/{whose}alarm", message, qos=1)

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
