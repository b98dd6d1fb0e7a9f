"""The clock that what waits is timed by."""

from __future__ import annotations

from detector.service import clock
from detector.service.clock import LONGEST_STEP_S, ListeningClock


def test_it_goes_on_only_while_something_can_come(monkeypatch):
    """A second without a connection is none, and a long sleep is a short step."""
    now = 50.0
    monkeypatch.setattr(clock.time, "monotonic", lambda: now)
    listening = ListeningClock()

    now += 0.25
    assert listening.tick(is_listening=True) == 0.25
    now += 0.25
    assert listening.tick(is_listening=False) == 0.25
    now += 0.25
    assert listening.tick(is_listening=True) == 0.5
    now += 60.0
    assert listening.tick(is_listening=True) == 0.5 + LONGEST_STEP_S
