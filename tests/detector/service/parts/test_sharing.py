"""The work of the detector that keeps the store, begun and ended with that."""

from __future__ import annotations

import threading

from detector.service.sharing.duty import Duty
from tests.conftest import wait_for


class Holding:
    """A lease whose duty comes and goes."""

    def __init__(self):
        self.keeps = False

    def seek(self):
        """Somebody else decides."""


class Work:
    """A chore that notes what becomes of it."""

    def __init__(self):
        self.said, self.may_end = [], threading.Event()

    def start(self):
        """Begin."""
        self.said.append("start")

    def stop(self):
        """End, once it may."""
        assert self.may_end.wait(10)
        self.said.append("stop")


def test_the_work_of_the_store_is_done_by_who_keeps_it():
    """Begun anew each time, never twice at once, and no tick waits for its end."""
    made, lease = [], Holding()

    def chores():
        made.append(Work())
        return made[-1:]

    duty = Duty(lease, chores)
    duty.step()
    assert made == []
    lease.keeps = True
    duty.step()
    duty.step()
    assert [one.said for one in made] == [["start"]]
    lease.keeps = False
    duty.step()
    lease.keeps = True
    duty.step()
    assert [one.said for one in made] == [["start"]], "the first one is not over"
    made[0].may_end.set()
    wait_for(lambda: made[0].said == ["start", "stop"], what="it is over")
    wait_for(lambda: duty.step() or len(made) == 2, what="the next one begins")
    made[1].may_end.set()
    duty.stop()
    assert [one.said for one in made] == [["start", "stop"]] * 2
