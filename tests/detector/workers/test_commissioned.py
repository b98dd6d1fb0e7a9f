"""A machine is commissioned while a worker scores it: a real detector, broker and store."""

from __future__ import annotations

import time

import numpy as np
import pytest

from detector.cli.main import main
from detector.records import Samples
from detector.scoring.bundle import save_bundle
from detector.scoring.files import score_recording
from detector.sessions.files import Recording
from detector.store import commissionings, devices, frames
from tests.conftest import wait_for
from tests.support.serving import Client, serving
from tests.support.training.machines import bundle_of_machines, machine

DEVICE, UNIT = "m1", 50
LEARNT, PART = 2000, 200  # samples before it is commissioned, and after each command


@pytest.fixture(scope="module")
def bundle():
    """With a rule for commissioned machines."""
    return bundle_of_machines()


@pytest.fixture
def served(tmp_path, broker, bundle):
    """A detector with two workers."""
    save_bundle(bundle, tmp_path / "fleet")
    rules = f'[detector]\nworkers = 2\n[[devices]]\nmatch = "m*"\nmodel = "{tmp_path}/fleet"\n'
    with serving(tmp_path, broker.url, rules) as made:
        yield made


def commission(served, *arguments):
    """The command line; returns its exit code."""
    words = ["commission", DEVICE, "--who", "Kim", *arguments]
    return main([*words, "--settings", str(served.settings)])


def status(served):
    """The latest word on the machine."""
    return served.read(devices.one, DEVICE)


def test_the_score_changes_live_and_back(served, broker, bundle, capsys):
    """Without a restart, in one session; each score is that of the file, commissioned or not."""
    whole = machine(LEARNT + 2 * PART, UNIT, start=round(time.time()) - 60.0)
    stored = 0

    def send(count):
        nonlocal stored
        rows = slice(stored, stored + count)
        part = Samples(whole.features, whole.ts[rows], whole.values[rows])
        client.send(f"{served.folder.name}/{DEVICE}", part, batch=50)
        stored += count
        wait_for(lambda: served.stored() == stored, 40, "all of it is stored")

    with Client(broker.url) as client:
        send(LEARNT)
        assert status(served).reason == "not commissioned"
        assert commission(served, "--minutes", "1") == 0
        assert "in force" in capsys.readouterr().out
        wait_for(lambda: status(served).reason is None, 10, "its status says so")
        own = served.read(commissionings.in_force, DEVICE).own
        send(PART)
        assert commission(served, "--undo") == 0
        assert "none is left; in force" in capsys.readouterr().out
        wait_for(lambda: status(served).reason == "not commissioned", 10, "its status says so")
        send(PART)
    found = served.read(frames.between, DEVICE, -np.inf, np.inf)
    scores = np.concatenate([frame.score for frame in found])
    plain, commissioned = (
        np.concatenate([frame.score for frame in score_recording(bundle, recording, own=one)])
        for recording in [Recording(DEVICE, whole, None)]
        for one in (None, own)
    )
    wanted = plain.copy()
    wanted[LEARNT : LEARNT + PART] = commissioned[LEARNT : LEARNT + PART]
    assert abs(plain - commissioned)[LEARNT : LEARNT + PART].min() > 1e-4, "they can be told apart"
    np.testing.assert_allclose(scores, wanted, rtol=1e-6, atol=1e-6)
    assert len({frame.session for frame in found}) == 1
    assert "ready after" in served.log, "workers score it"
