"""When the demo has its motors commissioned, and what it does with the answer."""

import subprocess
import sys

import pytest

from simulator.demo.children import Child
from simulator.demo.commissioning import RECOVER_S, TRIES, Commissioner
from simulator.demo.machines import TICK_S, build

OFFSET = 1_700_000_000.0
EXITS = {0: "pass", 2: "import sys; sys.exit('its score reaches 5')"}


class Office:
    """Answers each request with a process that has ended with ``code``."""

    def __init__(self, folder, code=0):
        self.log, self.code = folder / "log", code
        self.asked, self.told = [], []

    def ask(self, device, start, end):
        """As `commission` would."""
        self.asked.append((device, start - OFFSET, end - OFFSET))
        with self.log.open("wb") as output:
            process = subprocess.Popen([sys.executable, "-c", EXITS[self.code]], stderr=output)
        process.wait()
        return Child("commission", process, self.log, is_lasting=False)


def play(machines, office, seconds, faulty=lambda now: None):
    """Let so much of the stream pass, with one motor faulty."""
    commissioner = Commissioner(machines, ask=office.ask, say=office.told.append)
    for tick in range(1, round(seconds / TICK_S) + 1):
        now = tick * TICK_S
        commissioner.advance(now, OFFSET, faulty(now))


@pytest.fixture
def motors():
    """Two that run for minutes, one of them heard in bursts."""
    machines = build(2, seed=7)
    assert all(machine.motor.run_left_s > 0 for machine in machines)
    return machines


def test_each_motor_is_commissioned_once_in_what_it_ran(motors, tmp_path):
    """The stretch is what was heard of it; one in bursts has to be heard for longer."""
    office = Office(tmp_path)
    play(motors, office, 130)
    assert office.asked == [("motor-600-1", 0, 40), ("motor-hf-1", 0, 110)]
    assert [line.split(":")[0] for line in office.told] == ["motor-600-1", "motor-hf-1"]


def test_a_stretch_holds_no_fault(motors, tmp_path):
    """It begins after the fault and the time to recover."""
    office = Office(tmp_path)
    play(motors[:1], office, 90, lambda now: motors[0] if 10 < now <= 30 else None)
    assert office.asked == [("motor-600-1", 30 + RECOVER_S, 30 + RECOVER_S + 39.75)]


def test_a_motor_that_stands_is_waited_for(motors, tmp_path):
    """Nothing is learnt from standing still."""
    office = Office(tmp_path)
    while motors[0].motor.run_left_s > 0:
        motors[0].batch(0.0)
    play(motors[:1], office, 60)
    assert office.asked == []


def test_a_refusal_is_tried_again_and_told_in_the_end(motors, tmp_path):
    """With another stretch each time; then it stays as it is, and the reason is told."""
    office = Office(tmp_path, code=2)
    play(motors[:1], office, 400)
    starts = [start for _, start, _ in office.asked]
    assert len(starts) == TRIES == len(set(starts))
    assert office.told == ["motor-600-1: not commissioned; its score reaches 5"]
