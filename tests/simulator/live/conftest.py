"""Listeners that leave the broker with their test."""

import pytest

from tests.support.simulator.replaying import TRUTH, Listener


@pytest.fixture
def listener(broker):
    """A listener that was subscribed before anything is sent."""
    listening = Listener(broker.url)
    yield listening
    listening.close()


@pytest.fixture
def truth_listener(broker):
    """A listener to the ground truth of the replayed device."""
    listening = Listener(broker.url, TRUTH)
    yield listening
    listening.close()
