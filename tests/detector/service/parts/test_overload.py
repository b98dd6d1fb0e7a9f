"""How far scoring is thinned out: time and work are made up."""

from __future__ import annotations

import logging

import pytest

from detector.account_records import Load
from detector.scoring.thinning import MOST
from detector.service.overload import BEHIND_S, ROOM_S, Overload


class Machine:
    """A detector under a made-up load, in seconds of work for each second of samples."""

    def __init__(self, scoring: float, other: float = 0.1):
        self.scoring, self.other, self.fullness = scoring, other, 0.0
        self.network = 0.0  # seconds computed by other threads while it waits
        self.now = self.computed = self.scored_s = self.backlog = 0.0
        self.overload = Overload(lambda: self.fullness, lambda: self.now, lambda: self.computed)

    def run(self, seconds: float, tick_s: float = 0.1) -> list[int]:
        """Take what came, work on it, wait for the next tick; the factors on the way."""
        seen, end = [self.overload.factor], self.now + seconds
        while self.now < end:
            worked = tick_s * (self.other + self.scoring / self.overload.factor)
            self.scored_s += tick_s * self.scoring / self.overload.factor
            self.now += worked
            self.backlog = max(self.backlog + worked - tick_s, 0.0)
            if not self.backlog:
                with self.overload.waiting():
                    self.now += max(tick_s - worked, 0.0)
                    self.computed += tick_s * self.network
            factor = self.overload.look(self.scored_s)
            if factor != seen[-1]:
                seen.append(factor)
        return seen


def test_every_window_is_scored_while_there_is_time_to_spare():
    """At three quarters of what can be done, for as long as it lasts."""
    assert Machine(0.65).run(300) == [1]


@pytest.mark.parametrize(("scoring", "settled"), [(1.0, 2), (1.9, 4), (6.0, 16)])
def test_scoring_thins_out_until_it_keeps_up_and_stays_there(scoring, settled):
    """What waited is worked off on the way; then no flapping in ten minutes."""
    machine = Machine(scoring)
    assert machine.run(300)[-1] == settled
    assert machine.backlog == 0
    assert machine.run(600) == [settled]


def test_the_busiest_of_the_workers_counts():
    """The scoring thread only waits; one worker falls behind, the other has nothing to do."""
    now = 0.0
    overload = Overload(lambda: 0.0, lambda: now, lambda: 0.0)
    for _ in range(100):
        with overload.waiting():
            now += 0.1
        loads = [Load(0.0, 0.0), Load(0.99 * now, 0.9 * now)]
        overload.look(0.0, loads)
    assert overload.factor == 2
    for _ in range(300):
        with overload.waiting():
            now += 0.1
        overload.look(0.0, loads)
    assert overload.factor == 1


def test_it_takes_a_while_of_falling_behind():
    """A burst that is over in time changes nothing."""
    machine = Machine(3.0)
    assert machine.run(BEHIND_S - 1) == [1]
    machine.scoring = 0.1
    assert machine.run(60) == [1]


def test_a_memory_that_fills_is_answered_at_once():
    """Long before samples are lost."""
    machine = Machine(3.0)
    machine.fullness = 0.3
    assert machine.run(2.0) == [1, 2]


def test_a_full_memory_alone_changes_nothing():
    """One large message is no overload."""
    machine = Machine(0.2)
    machine.fullness = 0.9
    assert machine.run(60) == [1]


def test_it_is_taken_back_step_by_step_once_there_is_room():
    """Slowly: a pause of the load is no end of it."""
    machine = Machine(1.9)
    assert machine.run(120)[-1] == 4
    machine.scoring, began = 0.2, machine.now
    assert machine.run(ROOM_S - 2) == [4]
    assert machine.run(120) == [4, 2, 1]
    assert machine.now - began > 2 * ROOM_S


def test_a_load_that_thinning_cannot_help_is_not_thinned():
    """The store or the network is what is slow, then."""
    assert Machine(scoring=0.05, other=2.0).run(120) == [1]


def test_time_in_which_the_network_thread_computes_is_not_idle():
    """Many small messages: the scoring thread waits for them, and yet there is no time left."""
    machine = Machine(0.5)
    machine.network = 0.4
    assert machine.run(60) == [1, 2]


def test_it_ends_somewhere():
    """One window in 64 is always scored."""
    assert Machine(1000.0).run(30_000)[-1] == MOST


def test_beginning_changes_and_end_are_logged(caplog):
    """One line each."""
    caplog.set_level(logging.INFO, "detector")
    machine = Machine(1.9)
    machine.run(60)
    machine.scoring = 0.1
    machine.run(60)
    lines = [record.getMessage() for record in caplog.records]
    assert [line.split(" (")[0] for line in lines] == [
        "overloaded: one window in 2 is scored",
        "overloaded: one window in 4 is scored",
        "overloaded: one window in 2 is scored",
        "overload is over: every window is scored",
    ]
    assert "% busy, scoring" in lines[0]
