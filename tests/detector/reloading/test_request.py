"""A flag that signal handlers may set."""

from __future__ import annotations

import signal

from detector.reloading.request import Request


def test_many_at_once_are_one_and_none_is_forgotten():
    """One that comes while another is taken counts."""
    request = Request()
    assert not request.take()
    request.make()
    request.make()
    assert request.take()
    assert not request.take()


def test_a_handler_may_interrupt_whoever_takes_it():
    """Thousands of signals between and inside ``take``: it ends, and the last one counts."""
    request = Request()
    before = signal.signal(signal.SIGUSR1, lambda *_: request.make())
    try:
        for _ in range(2000):
            signal.raise_signal(signal.SIGUSR1)
            assert request.take()
    finally:
        signal.signal(signal.SIGUSR1, before)
