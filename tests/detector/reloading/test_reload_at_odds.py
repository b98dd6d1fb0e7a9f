"""Reloads at the wrong moment: many at once, a locked store, a backlog, models still loading."""

from __future__ import annotations

import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from detector.scoring.bundle import save_bundle
from detector.store import commands
from tests.conftest import wait_for
from tests.support.motors import live
from tests.support.reloading import NO_RULES, joined, offline, part


def test_many_at_once_are_all_answered(site, bundle):
    """Commands and signals by the hundred; files changed behind the first are taken up too."""
    save_bundle(bundle, site.folder / "q")
    site.write(site.rule("q-*", "q", "threshold = 1.5"))
    with ThreadPoolExecutor(6) as pool:
        asking = [pool.submit(site.reload) for _ in range(6)]
        for _ in range(300):
            site.process.send_signal(signal.SIGHUP)
        site.write(site.rule("q-*", "q", "threshold = 1.75"))
        last = site.reload()
        answers = [one.result() for one in asking]
    assert any("changed" in one for one in [*answers, last])
    assert site.reload() == "nothing changed"
    assert site.process.poll() is None
    assert not site.read(commands.pending)
    assert "Traceback" not in site.log


def test_a_reload_waits_for_a_locked_store(site, client, bundle, other_bundle):
    """A signal that comes meanwhile is taken up once the store is free; no sample is lost."""
    save_bundle(bundle, site.folder / "l")
    site.write(site.rule("l-*", "l"))
    site.reload()
    samples = live(300, 8)
    client.send(site.topic("l-1"), part(samples, 0, 100))
    wait_for(lambda: site.count("l-1") == 100)
    save_bundle(other_bundle, site.folder / "l")
    with site.engine.connect() as locking:
        locking.exec_driver_sql("BEGIN IMMEDIATE")
        client.send(site.topic("l-1"), part(samples, 100, 200))
        site.process.send_signal(signal.SIGHUP)
        time.sleep(1.5)
        locking.exec_driver_sql("ROLLBACK")
    wait_for(lambda: "l loaded again for 1 device" in site.log, what="taken up")
    client.send(site.topic("l-1"), part(samples, 200, 300))
    wait_for(lambda: site.count("l-1") == 300)
    found = site.frames("l-1")
    np.testing.assert_array_equal(joined(found, "ts"), samples.ts)
    score = joined(found, "score")
    new = offline(other_bundle, samples)
    np.testing.assert_allclose(score[200:], new[200:], rtol=1e-6, atol=1e-6)


def test_a_backlog_is_worked_off_around_a_reload(site, client, bundle, other_bundle):
    """More than a tick takes; the change comes in the middle of it, the session goes on."""
    save_bundle(bundle, site.folder / "k")
    site.write(site.rule("k-*", "k"))
    site.reload()
    site.stop()
    samples = live(15_000, 9)
    client.send(site.topic("k-1"), samples, batch=1000)
    site.start()
    wait_for(lambda: site.count("k-1") > 0)
    save_bundle(other_bundle, site.folder / "k")
    said = site.reload()
    wait_for(lambda: site.count("k-1") == 15_000, 60, "all stored")
    assert said == f"{site.folder}/k loaded again for 1 device"
    found = site.frames("k-1")
    np.testing.assert_array_equal(joined(found, "ts"), samples.ts)
    assert len({frame.session for frame in found}) == 1
    assert np.isfinite(joined(found, "score")[24:]).all()


def test_what_is_asked_for_while_models_load_is_done_behind(site):
    """The signal and the command both; the detector has read its settings long before."""
    site.write()
    site.stop()
    starting = threading.Thread(target=site.start, kwargs={"anew": True})
    text = site.log
    starting.start()
    wait_for(lambda: "subscription to" in site.log.removeprefix(text))
    site.process.send_signal(signal.SIGHUP)
    site.write(f"{NO_RULES}[detector]\nchunk = 128\n")
    said = site.reload()
    starting.join()
    assert said in ("detector.chunk changed", "nothing changed")
    assert ("applied", "detector.chunk changed") in site.said()
