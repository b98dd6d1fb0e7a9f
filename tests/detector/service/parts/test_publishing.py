"""Transitions go out until the broker has confirmed them, under one id."""

from __future__ import annotations

from detector.ingest.connection import ConnectionState
from detector.service.publishing import Publisher
from detector.store import alarms
from tests.conftest import wait_for
from tests.support.alarms.plant import Plant, frame
from tests.support.ingest.subscribing import Detector, Machine


def unconfirmed(plant):
    """Numbers of the transitions that wait."""
    with plant.engine.connect() as connection:
        return [number for number, *_ in alarms.unpublished(connection)]


def test_a_transition_that_was_only_handed_over_goes_out_after_a_restart(own_broker):
    """What waits in the memory of a detector that ends is lost, and was not counted as told."""
    plant = Plant()
    plant.update(frame(0, [9, 0, 0]))
    detector = Detector(own_broker, "handed").start()
    own_broker.stop()
    wait_for(lambda: detector.subscriber.connection.state is not ConnectionState.CONNECTED)
    publisher = Publisher(detector.subscriber, plant.engine, detector.settings)
    assert publisher.alarms() == {"m"}
    assert publisher.alarms() == set()
    assert unconfirmed(plant) == [1, 2]
    detector.subscriber.stop()

    own_broker.start()
    machine = Machine(own_broker, "out-handed/m/alarm")
    detector = Detector(own_broker, "handed").start()
    publisher = Publisher(detector.subscriber, plant.engine, detector.settings)
    wait_for(lambda: publisher.alarms() == set() and not unconfirmed(plant), what="confirmed")
    wait_for(lambda: len(machine.heard) >= 2, what="heard")
    detector.subscriber.stop()
    machine.stop()
    assert [said["id"] for _, said, _ in machine.heard] == [1, 2]


def test_what_the_client_could_not_take_is_tried_with_the_next_connection(own_broker):
    """A queue that is full loses no transition."""
    plant = Plant()
    detector = Detector(own_broker, "full").start()
    own_broker.stop()
    wait_for(lambda: detector.subscriber.connection.state is not ConnectionState.CONNECTED)
    client = detector.subscriber._client
    client._max_queued_messages = 1
    publisher = Publisher(detector.subscriber, plant.engine, detector.settings)
    publisher.must_repeat()
    plant.update(frame(0, [9, 0, 0]))
    publisher.alarms()
    publisher.alarms()
    client._max_queued_messages = 0
    own_broker.start()
    machine = Machine(own_broker, "out-full/m/alarm")

    def all_confirmed():
        publisher.must_repeat()
        publisher.alarms()
        return not unconfirmed(plant)

    wait_for(all_confirmed, what="confirmed")
    wait_for(lambda: len(machine.heard) >= 2, what="heard")
    detector.subscriber.stop()
    machine.stop()
    assert [said["transition"] for _, said, _ in machine.heard] == ["raised", "cleared"]
