"""Detectors and machines that end with their test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from detector.ingest import client
from tests.conftest import Broker
from tests.support.ingest.subscribing import Detector, Machine


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again ten times sooner than in earnest."""
    monkeypatch.setattr(client, "RETRY_S", (0.1, 0.2))
    monkeypatch.setattr(client, "REFUSED_S", 0.3)


@pytest.fixture
def detector(request: pytest.FixtureRequest, impatient: None) -> Iterator[Callable[..., Detector]]:
    """Make detectors that are stopped after the test."""
    made: list[Detector] = []

    def make(broker: Broker, **settings: Any) -> Detector:
        made.append(Detector(broker, request.node.name.replace("[", "-").strip("]"), **settings))
        return made[-1]

    yield make
    for one in made:
        one.subscriber.stop(0.5)


@pytest.fixture
def machine() -> Iterator[Callable[..., Machine]]:
    """Make machines that are disconnected after the test."""
    made: list[Machine] = []

    def make(broker: Broker, listen_to: str | None = None) -> Machine:
        made.append(Machine(broker, listen_to))
        return made[-1]

    yield make
    for one in made:
        one.stop()
