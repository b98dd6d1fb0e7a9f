"""What viewers have seen is told by numbers, whatever a clock does."""

from __future__ import annotations

from detector.store.keeping.settling import SEEN_S, SILENT_S, Doubt, Settling


class Clock:
    """Stands where it is put."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        """Seconds."""
        return self.now


def test_a_number_settles_a_minute_after_it_was_noted():
    """What came with the start too: nobody knows when it came."""
    clock = Clock()
    settling = Settling(clock)
    assert settling.note(70).seen == 0
    clock.now += 10
    settling.note(80)
    clock.now = 1000 + SEEN_S
    assert settling.note(90).seen == 70
    clock.now += 10
    assert (settling.note(90).seen, settling.note(90).silent) == (80, 0)
    clock.now = 1000 + SILENT_S
    assert (settling.note(95).seen, settling.note(95).silent) == (80, 70)
    clock.now += 3600
    assert settling.note(99) == settling.note(99)
    assert (settling.note(99).seen, settling.note(99).silent) == (95, 95)


def test_a_clock_that_goes_forward_at_once_is_doubted_for_an_hour():
    """Not one that goes back, is set right by minutes, or was ahead at the start."""
    clock = Clock()
    doubt, now = Doubt(clock), 1e9
    assert not doubt.is_founded(now)
    for step, told, is_founded in (
        (60, 60, False), (60, 1800, False), (60, -86_400, False), (60, 7200, True),
        (3000, 3000, True), (601, 601, False), (60, 60, False),
    ):  # fmt: skip
        clock.now += step
        now += told
        assert doubt.is_founded(now) is is_founded
