"""A detector whose scoring is in processes beside it, with a real broker and a real store."""

from __future__ import annotations

import contextlib
import os
import re
import signal
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

from detector.scoring.bundle import save_bundle
from detector.scoring.stream import DeviceStream, score_samples
from detector.settings.sessions import SessionSettings
from detector.store import commands, devices, frames
from detector.store.schema import frames as frames_table
from detector.workers.shares import worker_of
from tests.conftest import wait_for
from tests.support.motors import FEATURES, live, with_fault
from tests.support.serving import Client, serving

WORKERS = 2
DEVICES = [f"m{i}" for i in range(6)]  # both workers have some


@pytest.fixture(scope="module")
def shared(tmp_path_factory, broker, bundle):
    """A detector with workers, begun once: its libraries are loaded twice."""
    folder = tmp_path_factory.mktemp("workers")
    save_bundle(bundle, folder / "small")
    save_bundle(bundle, folder / "other")
    rules = (
        f'[detector]\nworkers = {WORKERS}\n[[devices]]\nmatch = "m*"\nmodel = "{folder}/small"\n'
    )
    with serving(folder, broker.url, rules) as made:
        yield made
        pids = workers_of(made).values()
        assert made.process is None or made.stop(signal.SIGINT) == 0
        assert not any(map(is_alive, pids)), "workers outlive a detector that is interrupted"


@pytest.fixture
def served(shared):
    """The same, at work."""
    if shared.process is None:
        shared.start()
    wait_for(lambda: len(workers_of(shared)) == WORKERS, 60, "workers are ready")
    return shared


def workers_of(served):
    """Processes of the workers that live, by number."""
    begun = re.findall(r"worker (\d+): process (\d+), ready", served.log)
    return {int(number): int(pid) for number, pid in begun if is_alive(int(pid))}


def is_alive(pid):
    """Whether a process runs, and is not merely remembered."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state not in "ZX"


def stored(served, device):
    """Samples of a device in the store."""
    query = sa.select(sa.func.sum(frames_table.c.n)).where(frames_table.c.device == device)
    return served.read(lambda connection: connection.execute(query).scalar() or 0)


def whole(served, device, samples):
    """Wait until all of a device is stored; its frames."""
    wait_for(lambda: stored(served, device) >= len(samples), 60, f"{device} stored")
    return served.read(frames.after, [device], 0)


def test_live_scores_equal_offline_scores_whatever_dies(served, broker, bundle):
    """Workers are killed under load, eight times: each sample once, scored as from a file."""
    sent = {name: with_fault(live(600, 31 + i), 300, 360) for i, name in enumerate(DEVICES)}
    with Client(broker.url) as client:
        for start in range(0, 600, 20):
            for name, samples in sent.items():
                rows = slice(start, start + 20)
                part = type(samples)(samples.features, samples.ts[rows], samples.values[rows])
                client.send(f"{served.folder.name}/{name}", part, batch=5)
            if start % 60 == 40 and start < 540:  # one without work is missed with its next
                kill_one(served, start // 60 % WORKERS + 1)
    for name, samples in sent.items():
        found = whole(served, name, samples)
        stream = DeviceStream(name, (*FEATURES, "rpm"), bundle, SessionSettings())
        [offline] = score_samples(stream, samples, chunk=256, arrival=0)
        np.testing.assert_array_equal(np.concatenate([frame.ts for frame in found]), samples.ts)
        for field in ("values", "score", "mse", "reconstruction", "judged"):
            np.testing.assert_allclose(
                np.concatenate([getattr(frame, field) for frame in found]),
                getattr(offline, field), rtol=1e-6, atol=1e-6, equal_nan=True,
            )  # fmt: skip
    counters = wait_for(lambda: restarted(served, 8), 10, "restarts are told")
    assert (counters["workers"], counters["workers_alive"]) == (WORKERS, WORKERS)
    assert "was killed by signal 9; the next begins in 0 s" in served.log


def kill_one(served, number):
    """A worker, once it lives."""
    wait_for(lambda: number in workers_of(served), 30, "a worker is ready")
    os.kill(workers_of(served)[number], signal.SIGKILL)


def restarted(served, least):
    """The detector's counters once they tell of so many restarts, all of them alive."""
    counters = served.read(devices.health).counters
    is_whole = counters.get("workers_alive") == WORKERS
    return counters if counters["worker_restarts"] >= least and is_whole else None


def test_what_operators_and_settings_say_reaches_the_workers(served, broker):
    """A threshold at once; a reload gives another model, and what comes next goes by it."""
    samples = live(300, 50)
    parts = [
        type(samples)(samples.features, samples.ts[i : i + 100], samples.values[i : i + 100])
        for i in (0, 100, 200)
    ]
    with Client(broker.url) as client:
        topic = f"{served.folder.name}/m-told"
        client.send(topic, parts[0])
        wait_for(lambda: stored(served, "m-told") == 100, what="the first part")
        served.read(commands.issue, "m-told", "threshold", {"threshold": 2.5}, "ann")
        wait_for(lambda: served.read(devices.one, "m-told").threshold == 2.5, 5, "applied")
        client.send(topic, parts[1])
        wait_for(lambda: stored(served, "m-told") == 200, what="the second part")
        text = served.settings.read_text()
        served.settings.write_text(text.replace("/small", "/other"))
        served.read(commands.issue, "", "reload", {}, "ann")
        wait_for(lambda: not served.read(commands.pending), 20, "reloaded")
        client.send(topic, parts[2])
        wait_for(lambda: stored(served, "m-told") == 300, what="the third part")
        served.settings.write_text(text)
    found = served.read(frames.after, ["m-told"], 0)
    thresholds = np.concatenate([np.full(len(frame.ts), frame.threshold) for frame in found])
    np.testing.assert_array_equal(thresholds, np.repeat([1.0, 2.5, 2.5], 100))
    assert np.isfinite(np.concatenate([frame.score for frame in found])[24:]).all()
    assert served.read(devices.one, "m-told").model.name == "other"


def test_a_worker_that_stands_still_keeps_nobody_elses_samples_from_the_store(served, broker):
    """Its own wait, unacknowledged, and are stored once it goes on."""
    slow, quick = (next(f"m-{n}" for n in range(99) if worker_of(f"m-{n}", WORKERS) == worker)
                   for worker in range(WORKERS))  # fmt: skip
    sent = {slow: live(400, 61), quick: live(400, 62)}
    pid = workers_of(served)[worker_of(slow, WORKERS) + 1]
    with Client(broker.url) as client:
        _send_rows(client, served, sent, 0, 100)
        for name in sent:
            wait_for(lambda device=name: stored(served, device) == 100, 30, "the first part")
        os.kill(pid, signal.SIGSTOP)
        try:
            for start in range(100, 400, 50):
                _send_rows(client, served, sent, start, start + 50)
                wait_for(lambda n=start + 50: stored(served, quick) == n, 20, "committed meanwhile")
            assert stored(served, slow) == 100
        finally:
            os.kill(pid, signal.SIGCONT)
    for name, samples in sent.items():
        found = whole(served, name, samples)
        np.testing.assert_array_equal(np.concatenate([frame.ts for frame in found]), samples.ts)
        assert np.isfinite(np.concatenate([frame.score for frame in found])[24:]).all()
    assert workers_of(served)[worker_of(slow, WORKERS) + 1] == pid, "it was not replaced"


def _send_rows(client, served, sent, start, end):
    """A part of the samples of each device, in one message each."""
    for name, samples in sent.items():
        part = type(samples)(samples.features, samples.ts[start:end], samples.values[start:end])
        client.send(f"{served.folder.name}/{name}", part, batch=end - start)


def test_no_worker_outlives_a_detector_that_is_killed(served):
    """Nobody told them."""
    pids = list(workers_of(served).values())
    with contextlib.suppress(ProcessLookupError):
        served.stop(signal.SIGKILL)
    assert len(pids) == WORKERS
    wait_for(lambda: not any(is_alive(pid) for pid in pids), 10, "workers are gone")
