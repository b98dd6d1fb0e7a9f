"""Engines with real workers, forked from a process that has the libraries."""

from __future__ import annotations

import os
import re
import signal
import sys
from types import ModuleType

import numpy as np
import pytest

from detector.engines.fleet import Fleet
from detector.ingest.buffer import TakenBlock
from detector.scoring.bundle import save_bundle
from detector.settings.tree import Settings
from detector.workers.processes import Processes
from detector.workers.shares import worker_of
from detector.workers.spread import SpreadFleet
from tests.conftest import wait_for
from tests.support.motors import live
from tests.support.processes.programs import begin_server

WORKERS, SIZE = 2, 25
DEVICES = [f"m{i}" for i in range(4)]  # three of one worker, one of the other


class Crewed:
    """An engine with workers beside one without, given the same; a store that may fail.

    Attributes:
        stored: Frames that were committed, by device.
        refuses: What reading the store raises; None: nothing.
    """

    def __init__(self, settings, caplog, transport):
        self.caplog = caplog
        self.stored, self.refuses, self.frames, self.faults = {}, None, [], 0
        self.alone = Fleet(settings, lambda *_: ([], []), {})
        self.engine = SpreadFleet(settings, self._history, {}, transport, WORKERS)
        self.expected = []

    def _history(self, device, first, newest):
        if self.refuses is not None:
            raise self.refuses
        frames = self.stored.get(device, [])
        return frames[: first // SIZE + 1], frames[-(newest // SIZE + 1) :]

    def give(self, number, devices=DEVICES, patience_s=0.0, lot=0):
        """The block of a number of each device, to both; returns what came back."""
        blocks = [TakenBlock(device, part_of(device, number), 0.0, broken=False)
                  for device in devices]  # fmt: skip
        self.expected += self.alone.score(blocks)
        self.engine.begin(blocks)
        return self.take(self.engine.give(blocks, lot, patience_s))

    def take(self, done):
        """Keep what came back."""
        self.frames += done.frames
        self.faults += done.faults
        return done

    def come(self, seconds=30.0):
        """Wait for all that was given."""

        def has_come():
            self.engine.begin(())
            self.take(self.engine.give((), 0, 0.1))
            return self.engine.oldest_lot is None

        wait_for(has_come, seconds, "all came back")

    def commit(self):
        """All that came back is stored."""
        self.stored = {}
        for frame in self.frames:
            self.stored.setdefault(frame.device, []).append(frame)
        self.engine.committed()

    def pid_of(self, device):
        """Of the worker that has a device, once it lives."""
        number = worker_of(device, WORKERS) + 1
        pattern = rf"worker {number}: process (\d+).*, ready"
        wait_for(lambda: re.findall(pattern, self.caplog.text), 60, "a worker is ready")
        return int(re.findall(pattern, self.caplog.text)[-1])

    def kill(self, device):
        """The worker that has a device."""
        os.kill(self.pid_of(device), signal.SIGKILL)

    def assert_same(self):
        """Every sample once, scored as by one process, to 1e-6."""
        for device in DEVICES:
            found, wanted = (
                [frame for frame in frames if frame.device == device]
                for frames in (self.frames, self.expected)
            )
            for field in ("ts", "values", "score", "mse", "reconstruction", "judged"):
                np.testing.assert_allclose(
                    np.concatenate([getattr(frame, field) for frame in found]),
                    np.concatenate([getattr(frame, field) for frame in wanted]),
                    rtol=1e-6, atol=1e-6, equal_nan=True,
                )  # fmt: skip
            assert {one.session for one in found} == {one.session for one in wanted}
            assert self.engine.picture(device).counters == self.alone.picture(device).counters


def part_of(device, number):
    """Samples of a device, a block of so many."""
    whole = live(SIZE * (number + 1), int(device[1:]) + 70)
    rows = slice(SIZE * number, SIZE * (number + 1))
    return type(whole)(whole.features, whole.ts[rows], whole.values[rows])


@pytest.fixture
def crewed(tmp_path, bundle, monkeypatch, caplog):
    """Two workers and the engine of one process."""
    begin_server()
    monkeypatch.setitem(sys.modules, "__main__", ModuleType("__main__"))  # workers import it
    caplog.set_level("INFO")
    save_bundle(bundle, tmp_path / "small")
    settings = Settings(devices=[{"match": "m*", "model": tmp_path / "small"}])
    made = Crewed(settings, caplog, Processes())
    yield made
    made.engine.close()
