"""Several detectors on one PostgreSQL: each device once, each command once, one keeps the store."""

from __future__ import annotations

import re
import signal
import time
from dataclasses import replace

import numpy as np
import pytest

from dashboard.live import detectors as pages
from detector.errors import ReloadError
from detector.records import DetectorHealth, DeviceState, DeviceStatus, Samples
from detector.reloading.ask import ask
from detector.scoring.bundle import save_bundle
from detector.service import lease
from detector.service.lease import Lease
from detector.settings.tree import Settings
from detector.store import alarms, commands, devices, frames, unused
from detector.store.devices import LEASE_S
from detector.store.schema import open_store
from detector.store.told import detectors, facts
from tests.conftest import wait_for
from tests.support.motors import live, small_bundle, with_fault
from tests.support.serving import Client, serving


@pytest.fixture
def store(server):
    """Empty, and of its own."""
    made = open_store(server.new_schema())
    yield made
    made.dispose()


def begun(store, name):
    """A lease as of a process of its own."""
    made = Lease(store, name)
    made.owner = f"{name}:1"
    made.take()
    return made


def status(device):
    """Of a device that was heard just now."""
    return DeviceStatus(device, DeviceState.OK, None, None, None, 1.0, 0.0, 0.0, None, (), None)


def test_one_of_two_detectors_keeps_the_store(store, monkeypatch):
    """The first; when it gives that back, or is killed, the other one does."""
    monkeypatch.setattr(devices, "LEASE_S", 0.2)
    monkeypatch.setattr(lease, "RENEW_S", 0.0)
    first, second = begun(store, "line 1"), begun(store, "line 2")
    assert (first.keeps, second.keeps) == (True, False)
    second.seek()
    assert not second.keeps
    first.release()
    second.seek()
    assert second.keeps

    first = begun(store, "line 1")
    assert not first.keeps
    wait_for(lambda: first.seek() or first.keeps, what="the killed one's is free")
    with store.begin() as connection:  # it was only held up
        second.renew(connection, DetectorHealth(second.owner, 1.0, "connected", {}))
        assert {one.name for one in detectors.every(connection)} == {"line 1", "line 2"}
    assert not second.keeps


def test_a_command_is_for_one_detector(store):
    """That of its device or its alarms; what is of nobody is for the one that keeps the store."""
    first, second = begun(store, "line 1"), begun(store, "line 2")
    with store.begin() as connection:
        devices.update(connection, [status("m1")], "line 1")
        devices.update(connection, [status("m2")], "line 2")
        for device in ("m1", "m2", "m3", ""):
            commands.issue(connection, device, "x", {}, "kim")
        for hostile in ([True], [2**40], "no", [{}]):
            commands.issue(connection, "", "hostile", {"alarms": hostile}, "kim")
        mine = [one.device for one in first.pending(connection) if one.kind == "x"]
        assert mine == ["m1", "m3", ""]
        assert [one.device for one in second.pending(connection)] == ["m2"]
        assert len([one for one in first.pending(connection) if one.kind == "hostile"]) == 4


def test_what_detectors_tell_of_themselves_stands_beside_each_other(store):
    """And goes with the next start of each, or with the next of any where one is gone."""
    first, second = begun(store, "line 1"), begun(store, "line 2")
    with store.begin() as connection:
        for one in (first, second):
            unused.write(connection, {"t": []}, one.name)
            facts.write(connection, facts.SIMULATED, [], one.name)
            facts.write(connection, facts.LOG, [], one.name)
        unused.clear(connection, "line 1")
        facts.clear(connection, "line 1")
        found = {row[0] for row in connection.exec_driver_sql("SELECT name FROM facts")}
        assert found == {"log line 1", "log line 2", "simulated line 2"}
        assert connection.exec_driver_sql("SELECT detector FROM unused").all() == [("line 2",)]
        second.release()
    with store.begin() as connection:
        facts.clear(connection, "line 1")
        found = {row[0] for row in connection.exec_driver_sql("SELECT name FROM facts")}
        assert found == {"log line 1", "log line 2"}


def test_the_pages_tell_of_every_detector(store):
    """One that has ended or was killed is named; the worst of those that live is said."""
    now = time.time()
    first, second = begun(store, "line 1"), begun(store, "line 2")
    with store.begin() as connection:
        for name in ("line 1", "line 2", "line 3"):
            devices.update(connection, [status(f"m of {name}")], name)
        word = {"messages": 2, "thinned": 3}
        first.renew(connection, DetectorHealth(first.owner, now, "connected", word))
        lost = DetectorHealth(second.owner, now, "connection lost", {"messages": 3, "thinned": 1})
        second.renew(connection, lost)
        said = pages.health(connection, now)
        assert (said["alive"], said["stopped"], said["thinned"]) == (True, ["line 3"], 3)
        assert said["connection"] == "connection lost"
        assert pages.together(connection, now).counters["messages"] == 5
        found = {one.name: one for one in pages.standings(connection, now + 2)}
        assert (found["line 1"].keeps, found["line 2"].keeps) == (True, False)
        assert (found["line 2"].age_s, found["line 3"].age_s) == (2.0, None)

        second.renew(connection, replace(lost, renewed_at=now - 9))
        said = pages.health(connection, now)
        assert (said["stopped"], said["connection"]) == (["line 2", "line 3"], "connected")
        first.renew(connection, DetectorHealth(first.owner, now - 9, "connected", {}))
        assert not pages.health(connection, now)["alive"]


def stored(served, device):
    """Times of all samples of a device, in order of commit."""
    found = served.read(frames.after, [device], 0, 10_000)
    return np.concatenate([np.empty(0), *(frame.ts for frame in found)])


def part(samples, first, last):
    """Samples ``first`` to ``last``."""
    return Samples(samples.features, samples.ts[first:last], samples.values[first:last])


def test_two_detectors_share_a_store(tmp_path, broker, server, monkeypatch):
    """Samples, alarms and commands once each; a kill -9 of the one that keeps it is made good."""
    save_bundle(small_bundle(network="pca", config={}), tmp_path / "small")
    rules = f'[[devices]]\nmatch = "m*"\nmodel = "{tmp_path}/small"\n'
    url, samples = server.new_schema(), with_fault(live(600, 31), 200, 260)
    monkeypatch.setenv("FAULTLINE_STORE__ARCHIVE", str(tmp_path / "archive"))
    monkeypatch.setenv("FAULTLINE_STORE__RETENTION_DAYS", "3650")  # the samples are old
    folders = [tmp_path / f"{tmp_path.name}-{number}" for number in (1, 2)]
    for folder in folders:
        folder.mkdir()
    with (
        serving(folders[0], broker.url, rules, url) as first,
        serving(folders[1], broker.url, rules, url) as second,
        Client(broker.url, f"out-{tmp_path.name}-1/+/alarm") as ours,
        Client(broker.url, f"out-{tmp_path.name}-2/+/alarm") as theirs,
    ):
        for served, device in ((first, "m1"), (second, "m2")):
            ours.send(f"{served.folder.name}/{device}", part(samples, 0, 400))
        wait_for(lambda: len([a for a in first.read(alarms.listed) if a.end]) == 2, 20, "alarms")
        wait_for(lambda: len(ours.messages) == len(theirs.messages) == 2, what="they are told")
        assert {topic.split("/")[1] for topic, *_ in ours.messages} == {"m1"}
        found = {alarm.device: alarm for alarm in first.read(alarms.listed)}
        assert {d: a.detector for d, a in found.items()} == {"m1": first.name, "m2": second.name}
        heard = first.read(devices.heard_by)
        assert {d: name for d, (name, _) in heard.items()} == {d: a.detector for d, a in
                                                               found.items()}  # fmt: skip
        asked = [
            first.read(commands.issue, "m1", "threshold", {"threshold": 2.0}, "kim"),
            first.read(commands.issue, "m2", "threshold", {"threshold": 3.0}, "kim"),
            first.read(commands.issue, "", "ack", {"alarms": [found["m2"].id]}, "kim"),
            first.read(commands.issue, "", commands.RELOAD, {}, "kim"),
        ]  # fmt: skip
        wait_for(lambda: all(first.read(commands.one, n).outcome for n in asked), what="answers")
        said = [first.read(commands.one, number).outcome for number in asked]
        assert said[:3] == ["applied"] * 3, said
        assert said[3].startswith("applied: ")
        assert [first.log.count(words) for words in ("m1: threshold", "m2: threshold")] == [1, 0]
        assert [second.log.count(words) for words in ("m1: threshold", "m2: threshold")] == [0, 1]
        assert ("reload applied" in first.log, "reload applied" in second.log) == (True, False)

        names, whole = (first.name, second.name), second.settings.read_text()
        assert ask(Settings(store={"url": url})) == "; ".join(
            f"{name}: nothing changed" for name in names
        )
        second.settings.write_text("[nothing]")
        refused = f"{first.name}: nothing changed; {second.name}: refused: nothing changed: "
        with pytest.raises(ReloadError, match=re.escape(refused)):
            ask(Settings(store={"url": url}))
        second.settings.write_text(whole)

        assert first.read(devices.health).owner.endswith(f":{first.process.pid}")
        first.stop(signal.SIGKILL)
        mine = f":{second.process.pid}"
        wait_for(
            lambda: second.read(devices.health).owner.endswith(mine), LEASE_S + 3, "takes over"
        )
        assert "store: kept by this detector from now on" in second.log
        ours.send(f"{second.folder.name}/m2", part(samples, 400, 600))
        ours.send(f"{first.folder.name}/m1", part(samples, 400, 600))
        wait_for(lambda: len(stored(second, "m2")) == 600, 20, "the other one works on")
        first.start()
        wait_for(lambda: len(stored(first, "m1")) == 600, 30, "nothing of the killed one is lost")
        for device in ("m1", "m2"):
            np.testing.assert_array_equal(stored(first, device), samples.ts)
        assert not [a for a in first.read(alarms.listed) if a.device == "m2" and not a.end]
        assert first.read(devices.health).owner.endswith(mine)
        assert (first.stop(), second.stop()) == (0, 0)
    assert "Traceback" not in first.log + second.log


def test_a_device_that_two_detectors_hear_belongs_to_the_first(
    tmp_path, broker, server, monkeypatch
):
    """Stored once; when the first one ends, the other one has it, with its threshold."""
    save_bundle(small_bundle(network="pca", config={}), tmp_path / "small")
    rules = f'[[devices]]\nmatch = "m*"\nmodel = "{tmp_path}/small"\n'
    url, samples = server.new_schema(), live(300, 32)
    monkeypatch.setenv("FAULTLINE_STORE__ARCHIVE", str(tmp_path / "archive"))
    monkeypatch.setenv("FAULTLINE_STORE__RETENTION_DAYS", "3650")
    other = tmp_path / f"{tmp_path.name}-other"
    other.mkdir()
    with serving(tmp_path, broker.url, rules, url) as first, Client(broker.url) as client:
        topic = f"{tmp_path.name}/m1"
        client.send(topic, part(samples, 0, 100))
        wait_for(lambda: len(stored(first, "m1")) == 100, what="the first one has it")
        number = first.read(commands.issue, "m1", "threshold", {"threshold": 2.5}, "kim")
        wait_for(lambda: first.read(commands.one, number).outcome, what="it has a threshold")
        monkeypatch.setenv("FAULTLINE_MQTT__TOPIC", f"{tmp_path.name}/{{device}}")
        with serving(other, broker.url, rules, url) as second:
            client.send(topic, part(samples, 100, 150))
            wait_for(lambda: "m1: heard by " in second.log, what="it is told")
            client.send(topic, part(samples, 150, 200))
            wait_for(lambda: len(stored(first, "m1")) == 200, what="the first one goes on")
            assert first.stop() == 0
            client.send(topic, part(samples, 200, 300))
            wait_for(lambda: len(stored(second, "m1")) == 300, what="the other one takes it over")
            assert f"m1: taken over from {first.name}" in second.log
            np.testing.assert_array_equal(stored(second, "m1"), samples.ts)
            assert second.read(devices.one, "m1").threshold == 2.5
