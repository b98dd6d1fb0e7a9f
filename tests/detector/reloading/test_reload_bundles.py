"""Bundles that change under a real detector process while samples come in."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from detector.errors import ReloadError
from detector.records import DeviceState
from detector.scoring.bundle import save_bundle
from detector.store import alarms, commands
from tests.conftest import wait_for
from tests.support.motors import live, with_fault
from tests.support.reloading import T0, joined, offline, part
from tests.support.serving import Client


def test_a_bundle_is_replaced_while_samples_come(site, client, broker, bundle, other_bundle):
    """None is lost; each is scored as in a file by the old model, or, with no warm-up, by the new.

    A device of another model goes on as if nothing had happened.
    """
    save_bundle(bundle, site.folder / "a")
    site.write(site.rule("a-*", "a") + site.rule("b-*", "kept"))
    site.reload()
    samples = {device: live(20_000, seed) for seed, device in enumerate(("a-1", "a-2", "b-1"), 70)}
    sent, is_over = [0], threading.Event()

    def send():
        with Client(broker.url) as machine:
            while not is_over.is_set():
                for device, all_of in samples.items():
                    machine.send(site.topic(device), part(all_of, sent[0], sent[0] + 10), batch=10)
                sent[0] += 10
                time.sleep(0.01)

    machines = threading.Thread(target=send, daemon=True)
    machines.start()
    wait_for(lambda: site.count("a-1") > 300, what="samples are scored")
    save_bundle(other_bundle, site.folder / "a")
    said = site.reload()
    before = sent[0]
    wait_for(lambda: sent[0] > before + 300, what="more samples")
    is_over.set()
    machines.join()

    assert said == f"{site.folder}/a loaded again for 2 devices"
    for device, all_of in samples.items():
        gone = part(all_of, 0, sent[0])
        wait_for(lambda: site.count(device) >= sent[0], what="all stored")  # noqa: B023
        found = site.frames(device)
        np.testing.assert_array_equal(joined(found, "ts"), gone.ts)
        np.testing.assert_array_equal(joined(found, "values"), gone.values)
        assert len({frame.session for frame in found}) == 1
        score, old = joined(found, "score"), offline(bundle, gone)
        if device == "b-1":
            np.testing.assert_allclose(score, old, rtol=1e-6, atol=1e-6)
            continue
        new = offline(other_bundle, gone)
        is_old = np.isclose(score, old, rtol=1e-6, atol=1e-6, equal_nan=True)
        first = int(is_old.argmin())  # of the new model
        assert 300 < first < before + 10
        np.testing.assert_allclose(score[first:], new[first:], rtol=1e-6, atol=1e-6)
        assert is_old[:first].all()
        assert not is_old[first:].all()
        card = site.status(device).model
        assert card.network == "pca"


def test_a_status_is_right_at_once_though_nothing_comes(site, client, bundle, other_bundle):
    """Model, threshold and reason; of a device heard before this run too; an operator's stays."""
    save_bundle(bundle, site.folder / "s")
    site.write(site.rule("s-*", "s"))
    site.reload()
    for device in ("s-1", "s-2", "s-3"):
        client.send(site.topic(device), live(100, 1))
    wait_for(lambda: site.status("s-3") and site.status("s-3").state is DeviceState.OK)
    wait_for(lambda: site.count("s-1") == site.count("s-2") == 100)
    site.read(commands.issue, "s-3", "threshold", {"threshold": 3.0}, "ann")
    wait_for(lambda: site.status("s-3").threshold == 3.0)
    site.stop()
    site.start()  # none of them is heard any more
    client.send(site.topic("s-1"), live(50, 2, start=T0 + 2.0))  # but one
    wait_for(lambda: site.count("s-1") == 150)

    site.write(site.rule("s-*", "s", "threshold = 1.5"))
    assert site.reload() == "1 rule changed"
    assert [site.status(f"s-{i}").threshold for i in (1, 2, 3)] == [1.5, 1.5, 3.0]
    assert site.status("s-1").state is DeviceState.OK

    save_bundle(other_bundle, site.folder / "s")
    assert site.reload() == f"{site.folder}/s loaded again for 3 devices"
    for device in ("s-1", "s-2"):
        status = site.status(device)
        assert (status.model.network, status.state) == ("pca", DeviceState.WARMING_UP)
        assert status.score is None

    site.write()
    assert site.reload().startswith("2 rules changed; s-")
    assert site.status("s-2").state is DeviceState.UNSCORED
    assert site.status("s-1").reason.startswith("learning: 0 of 10 minutes")
    assert site.status("s-1").model is None


def test_a_bundle_that_was_missing_is_taken_up(site, client, bundle):
    """A device stored unscored until then is scored from its next sample on, its session kept."""
    site.write(site.rule("w-*", "w"))
    with pytest.raises(ReloadError, match=rf"^reload: refused: nothing changed: {site.folder}/w/"):
        site.reload()
    site.stop()
    site.start()
    samples = live(400, 3)
    client.send(site.topic("w-1"), part(samples, 0, 200))
    wait_for(lambda: site.count("w-1") == 200)
    assert site.status("w-1").state is DeviceState.UNSCORED
    assert site.reload().startswith(f"nothing changed; still unusable: {site.folder}/w/bundle.json")

    save_bundle(bundle, site.folder / "w")
    assert site.reload() == f"{site.folder}/w loaded for 1 device"
    client.send(site.topic("w-1"), part(samples, 200, 400))
    wait_for(lambda: site.count("w-1") == 400)
    found = site.frames("w-1")
    assert len({frame.session for frame in found}) == 1
    score = joined(found, "score")
    np.testing.assert_allclose(score[200:], offline(bundle, samples)[200:], rtol=1e-6, atol=1e-6)


def test_an_alarm_stays_when_the_model_changes(site, client, bundle, other_bundle):
    """The new model's windows clear it; where no model is left, it ends."""
    save_bundle(bundle, site.folder / "al")
    site.write(site.rule("al-*", "al"))
    site.reload()
    faulty = with_fault(live(300, 5), 100, 300)
    for device in ("al-1", "al-2"):
        client.send(site.topic(device), faulty)
        wait_for(lambda: site.read(alarms.listed, device), what="raised")  # noqa: B023
        wait_for(lambda: site.count(device) == 300)  # noqa: B023
    save_bundle(other_bundle, site.folder / "al")
    site.reload()
    [alarm] = site.read(alarms.listed, "al-1")
    assert (alarm.state, site.status("al-1").state) == ("active", DeviceState.ALARM)

    client.send(site.topic("al-1"), live(200, 6, start=T0 + 6.0))
    wait_for(lambda: site.read(alarms.listed, "al-1")[0].state == "cleared", what="cleared")
    assert site.read(alarms.listed, "al-1")[0].end > faulty.ts[-1]
    assert len(site.read(alarms.listed, "al-1")) == 1

    site.write()
    site.reload()
    [ended] = site.read(alarms.listed, "al-2")
    assert (ended.state, ended.end) == ("cleared", faulty.ts[-1])
    assert site.status("al-2").state is DeviceState.UNSCORED
