"""Devices that no rule knows, from their first sample to a confirmed alarm; everything is real."""

from __future__ import annotations

import json
import shutil

import pytest

from benchmarks.lib.kinds import KINDS, machine
from detector.__main__ import main
from detector.alarms.home_assistant import discovery_message
from detector.records import DeviceState, Samples
from detector.scoring.learnt import NO_RULE
from detector.store import alarms, devices
from tests.conftest import wait_for
from tests.support.home_assistant import rendered
from tests.support.reloading import Site
from tests.support.serving import Client

LEARN_S, REST_S, FAULT_S, ALL_S = 330.0, 900.0, 1000.0, 1400.0
START = 1_700_000_000.0
HEALTHY = {"motor-a": ("motor", 1), "pump-a": ("pump", 2), "compressor-a": ("compressor", 3)}
FAULTY = {"pump-b": ("pump", 4), "compressor-b": ("compressor", 5)}
KNOWN = {**HEALTHY, **FAULTY}
ASIDE = {"compressor-c": ("compressor", 6), "compressor-d": ("compressor", 7)}
SETTINGS = """
[adopt]
learn_minutes = 5
[[sources]]
topic = "{base}-by-hand/{{device}}"
automatic = false
"""


def cut(name, start_s, end_s):
    """A part of what a device sends, seconds since its first sample."""
    kind, seed = (KNOWN | ASIDE)[name]
    whole = machine(kind, seed, ALL_S, START, FAULT_S if name in FAULTY else float("inf"))
    rows = slice(*(round(at_s * KINDS[kind].rate_hz) for at_s in (start_s, end_s)))
    return Samples(whole.features, whole.ts[rows], whole.values[rows])


@pytest.fixture(scope="module")
def plant(broker, tmp_path_factory):
    """Five devices of three kinds, learnt; two of them faulty since."""
    folder = tmp_path_factory.mktemp("unknown")
    served = Site(folder, broker.url, SETTINGS.format(base=folder.name))
    served.start()
    with Client(broker.url, f"out-{folder.name}/#") as client:
        served.client = client
        for name in KNOWN:
            client.send(f"{folder.name}/{name}", cut(name, 0, LEARN_S), 500)
        client.send(f"{folder.name}-by-hand/compressor-d", cut("compressor-d", 0, LEARN_S), 500)
        models = folder / "provisional"
        wait_for(
            lambda: len(list(models.glob("*/learnt.json"))) == len(KNOWN), 60, "all are learnt"
        )
        for name in KNOWN:
            client.send(f"{folder.name}/{name}", cut(name, LEARN_S, LEARN_S + REST_S), 100)
        wait_for(lambda: set(FAULTY) <= suspects(served), 20, "the faults are seen")
        served.first_suspects = suspects(served)  # before a test confirms one of them
        served.first_alarms = served.read(alarms.listed)
        yield served
    if served.process is not None:
        served.stop()
    served.engine.dispose()


def suspects(served):
    """Devices whose provisional model is crossed now."""
    return {s.device for s in served.read(devices.every) if s.state is DeviceState.SUSPECT}


def status(served, device):
    """The latest word on it."""
    return served.read(devices.one, device)


def said_of(served, device):
    """Its newest state on the broker."""
    found = [m for t, m, _ in served.client.messages if t.endswith(f"{device}/state")]
    return json.loads(found[-1])


def test_faults_show_and_health_does_not(plant):
    """Without any rule: the two faulty devices, and nobody else."""
    assert plant.first_suspects == set(FAULTY)
    found = plant.first_alarms
    assert {alarm.device for alarm in found} == set(FAULTY)
    assert {alarm.kind for alarm in found} == {"provisional"}
    assert "provisional, learnt from" in status(plant, "motor-a").reason


def test_nobody_is_notified(plant):
    """Neither on the alarm topic, nor by what Home Assistant calls a problem."""
    device = "compressor-b"  # another test confirms the pump
    topics = {topic for topic, *_ in plant.client.messages}
    assert not [topic for topic in topics if topic.endswith(f"{device}/alarm")]
    wait_for(lambda: said_of(plant, device)["state"] == "suspect", 5, "the state is published")
    said = said_of(plant, device)
    assert (said["provisional"], said["alarm_id"] is None) == (True, False)
    assert problem(said) == "OFF"


def problem(said):
    """What Home Assistant makes of a state, by the template that it is told."""
    message = json.loads(discovery_message("pump-b", "out/pump-b/state", "out/status"))
    return rendered(message["components"]["alarm"]["value_template"], json.dumps(said))


def test_a_source_that_says_so_is_not_learnt(plant):
    """Its device has sent as much as the others."""
    assert status(plant, "compressor-d").reason == NO_RULE
    assert not list((plant.folder / "provisional").glob("compressor-d*"))


def test_a_rule_wins_and_leaves_what_was_learnt(plant):
    """By a reload, with the device publishing; when it goes, the provisional model is back."""
    learnt = next((plant.folder / "provisional").glob("compressor-a*/compressor-a-learnt-1"))
    shutil.copytree(learnt, plant.folder / "trained")
    for rules, name, is_provisional in (
        (plant.rule("compressor-a", "trained"), "trained", False),
        ("", "compressor-a-learnt-1", True),
    ):
        plant.write(rules)
        plant.reload()
        found = status(plant, "compressor-a").model
        assert (found.name, found.provisional) == (name, is_provisional)
    wait_for(lambda: said_of(plant, "compressor-a")["provisional"], 5, "the broker is told")


def confirm(served, device):
    """The command; its exit code."""
    words = ["adopt", device, "--confirm", "--who", "Kim"]
    return main([*words, "--settings", str(served.settings)])


def test_a_restart_and_a_confirmation(plant, capsys):
    """The models are there again; the confirmed one alarms as any, the other does not.

    What was half learnt is learnt to its end.
    """
    client, base = plant.client, plant.folder.name
    client.send(f"{base}/compressor-c", cut("compressor-c", 0, 200), 100)
    wait_for(lambda: plant.count("compressor-c") == 200, 10, "half of it is stored")
    plant.stop()
    plant.start()
    client.send(f"{base}/compressor-c", cut("compressor-c", 200, LEARN_S), 65)
    assert confirm(plant, "nobody") == 2
    assert "nobody has none yet" in capsys.readouterr().err
    assert confirm(plant, "pump-b") == 0
    end = LEARN_S + REST_S
    for name in FAULTY:
        client.send(f"{base}/{name}", cut(name, end, end + 120), 100)
    wait_for(lambda: status(plant, "pump-b").state is DeviceState.ALARM, 20, "a real alarm")
    wait_for(lambda: [t for t, *_ in client.messages if t.endswith("pump-b/alarm")], 10, "told")
    wait_for(lambda: problem(said_of(plant, "pump-b")) == "ON", 5, "a problem at home, too")
    assert status(plant, "compressor-b").state is DeviceState.SUSPECT
    wait_for(lambda: list(plant.folder.glob("provisional/compressor-c*/learnt.json")), 10, "learnt")
    assert [alarm.kind for alarm in plant.read(alarms.listed, "pump-b")] == ["score", "provisional"]
