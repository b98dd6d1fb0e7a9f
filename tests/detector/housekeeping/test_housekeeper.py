"""The process beside the detector: it works, it is heard, and it ends with whoever started it."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from detector.housekeeping import housekeeper as module
from detector.housekeeping.contract import Orders
from detector.housekeeping.housekeeper import Housekeeper
from detector.service.keeping import rules_of
from detector.service.lease import Lease
from detector.settings.store import StoreSettings
from detector.store import frames as stored
from detector.store.archive import hours
from detector.store.archive.place import place_at
from detector.store.history import rolling
from detector.store.places import archive_place
from detector.store.schema import open_store
from tests.conftest import wait_for
from tests.support.stores.closing import archive
from tests.support.stores.machine import START, frames

PROJECT = Path(__file__).resolve().parents[3]
PARENT = """
import sys, time
from detector.housekeeping.contract import Orders
from detector.housekeeping.housekeeper import Housekeeper
orders = Orders(url=sys.argv[1], place=sys.argv[2], owner=sys.argv[3], log_level=20)
keeper = Housekeeper(orders, lambda: time.sleep(60))
keeper.start()
while keeper.pid is None:
    time.sleep(0.01)
print(keeper.pid, flush=True)
time.sleep(60)
"""
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


class Site:
    """A store that is held by this process, with an hour that is to be deleted."""

    def __init__(self, folder):
        self.url = f"sqlite:///{folder}/store.db"
        self.store = open_store(self.url)
        self.place = archive_place(self.store, None)
        lease = Lease(self.store)
        lease.take()
        self.owner = lease.owner
        self.settings = StoreSettings()

    def orders(self, **changes):
        """For its process."""
        said = {"url": self.url, "place": self.place, "owner": self.owner,
                "log_level": logging.INFO}  # fmt: skip
        return Orders(**(said | changes))

    def keeper(self, **changes):
        """Of it; starts at once, and again at once."""
        return Housekeeper(self.orders(**changes), lambda: rules_of(self.settings))

    def send(self, start=START):
        """Samples that nobody has counted."""
        with self.store.begin() as connection:
            stored.write(connection, frames(60, start=start))

    def waiting(self):
        """Frames that are not counted."""
        with self.store.connect() as connection:
            return rolling.waiting(connection, "press-1")


@pytest.fixture
def site(tmp_path, monkeypatch):
    """Whose process begins at once."""
    monkeypatch.setattr(module, "BEGIN_S", 0.0)
    monkeypatch.setattr(module, "RESTS_S", (0.0, 30.0))
    made = Site(tmp_path)
    yield made
    made.store.dispose()


def archived(site):
    """Files."""
    with site.store.connect() as connection:
        return hours.size(connection).files


def is_there(pid):
    """Whether a process is, and is no corpse."""
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


def test_it_works_beside_and_is_heard_and_ends_when_told(site, caplog):
    """With little memory and a low claim; what it says is in this process's log."""
    caplog.set_level(logging.INFO)
    site.send()
    assert archive(site.store, "press-1", place_at(site.place)) == 600
    Path(site.place, "device=press-1", "left-by-a-kill.parquet").touch()
    site.send(START + 3600)
    site.settings = StoreSettings(retention_days=1)
    keeper = site.keeper()
    keeper.start()
    wait_for(lambda: not site.waiting(), 20, "all frames are counted")
    wait_for(lambda: not archived(site), 20, "by the rules of this process an hour is deleted")
    pid = keeper.pid
    libraries = Path(f"/proc/{pid}/maps").read_text()
    assert not [name for name in ("torch", "pandas", "scipy") if f"/{name}/" in libraries]
    assert os.getpriority(os.PRIO_PROCESS, pid) == os.getpriority(os.PRIO_PROCESS, 0) + 5
    assert os.getsid(pid) == os.getsid(0), "in another session its low claim counts for nothing"
    assert os.getpgid(pid) == pid, "a Ctrl-C is not for it"
    keeper.stop()
    assert not is_there(pid)
    assert "1 unfinished files of the archive deleted" in caplog.text
    assert "has ended" not in caplog.text


def test_one_that_is_killed_is_followed_by_another(site, caplog):
    """Which goes on with what came since; what cannot wait is done in between."""
    done = []
    keeper = Housekeeper(site.orders(), lambda: rules_of(site.settings), lambda: done.append(1))
    keeper.start()
    first = wait_for(lambda: keeper.pid, 10, "it has begun")
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: keeper.pid not in (None, first), 10, "another has begun")
    site.send()
    wait_for(lambda: not site.waiting(), 20, "the other one counts")
    keeper.stop()
    assert "has ended (exit code -9), the next begins in 0 s" in caplog.text
    assert done == [1]


def test_it_ends_with_a_detector_that_is_killed(site):
    """Though it waits for an answer just then."""
    command = [sys.executable, "-c", PARENT, site.url, site.place, site.owner]
    parent = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE)
    pid = int(parent.stdout.readline())
    assert is_there(pid)
    parent.kill()
    parent.wait()
    wait_for(lambda: not is_there(pid), 5, "it is gone too")
    parent.stdout.close()


def test_one_that_cannot_begin_says_why_and_is_tried_again_later(site, monkeypatch, caplog):
    """In one line."""
    monkeypatch.setattr(module, "RESTS_S", (30.0,))
    keeper = site.keeper(url=f"{site.url}-gone")
    keeper.start()
    wait_for(lambda: "next begins in 30 s" in caplog.text, 20, "it gives up for a while")
    began = time.monotonic()
    keeper.stop()
    assert time.monotonic() - began < 2
    assert caplog.text.count("no such file, allowed: a store that `faultline serve` has made") == 1
    assert "has ended (exit code 2)" in caplog.text
