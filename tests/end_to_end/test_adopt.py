"""A device never seen before gets a model of its own, and that finds its fault."""

from __future__ import annotations

import json
import signal

import numpy as np
import pytest

from detector.records import Samples
from detector.settings.load import load_settings
from detector.store import alarms, frames
from tests.conftest import wait_for
from tests.support.motors import START, live, with_fault
from tests.support.processes.programs import Program, answer
from tests.support.serving import Client, environment, serving

DEVICE = "pump-7"
MINUTE = 3000  # samples at 50 Hz


def adopt(served, *more):
    """Run the command as a person would."""
    return answer(*words(served, *more), env=environment())


def words(served, *more):
    """Of the device, with a place for its model beside the store."""
    return ["detector", "adopt", DEVICE, "--settings", served.settings,
            "--out", served.folder / "models" / DEVICE, *more]  # fmt: skip


def test_a_device_is_adopted_from_what_it_sends(broker, tmp_path):
    """Learnt from the store, then watched: an alarm in its fault, none in its health."""
    whole = live(8 * MINUTE // 2, 5)
    learnt, rest = whole_part(whole, 0, 2 * MINUTE), whole_part(whole, 2 * MINUTE, 4 * MINUTE)
    rest = with_fault(rest, MINUTE // 2, MINUTE // 2 + 500)
    with serving(tmp_path, broker.url, "") as served, Client(broker.url) as client:
        topic = f"{tmp_path.name}/{DEVICE}"
        client.send(topic, learnt, batch=250)
        wait_for(lambda: served.stored() == len(learnt), what="all of it is stored")
        found = adopt(served, "--minutes", "1.5", "--json")
        assert found.returncode == 0, found.stderr
        told = json.loads(found.stdout)
        assert told["features"] == ["x", "y"]
        assert told["running_s"] == pytest.approx(90, abs=0.1)
        assert load_settings(served.settings).rule_for(DEVICE).model.name == DEVICE
        assert "the running detector has taken it up" in told["detector"]
        client.send(topic, rest, batch=250)
        wait_for(lambda: served.stored() == len(whole), what="the rest is stored")
        raised = served.read(alarms.listed, DEVICE)
        fault = (START + 2.5 * MINUTE / 50, START + (2.5 * MINUTE + 500) / 50)
        assert [fault[0] <= one.start <= fault[1] for one in raised] == [True]
        assert raised[0].state == "cleared"
        scored = served.read(frames.between, DEVICE, START + 130, START + 240)
        assert np.isfinite(np.concatenate([frame.score for frame in scored])).any()


def whole_part(samples, first, end):
    """Some of the samples."""
    return Samples(samples.features, samples.ts[first:end], samples.values[first:end])


def test_what_cannot_be_adopted_says_so_in_one_line(broker, tmp_path):
    """An unknown device, too little with no detector to receive more, and both forms at once."""
    with serving(tmp_path, broker.url, "") as served, Client(broker.url) as client:
        client.send(f"{tmp_path.name}/fan-1", live(200, 1), batch=50)
        wait_for(lambda: served.stored() == 200, what="stored")
        assert "nothing came from it, allowed: fan-1" in refused(adopt(served))
        assert "one --topic or one --device" in refused(adopt(served, "--topic", "#"))
        client.send(f"{tmp_path.name}/{DEVICE}", live(200, 1), batch=50)
        wait_for(lambda: served.stored() == 400, what="stored")
        served.stop()
        assert "start `faultline serve` first" in refused(adopt(served))


def test_whoever_stops_waiting_keeps_what_came(broker, tmp_path):
    """Ctrl-C says how much there is, and leaves no file behind."""
    with serving(tmp_path, broker.url, "") as served, Client(broker.url) as client:
        client.send(f"{tmp_path.name}/{DEVICE}", live(MINUTE, 1), batch=250)
        wait_for(lambda: served.stored() == MINUTE, what="stored")
        errors = tmp_path / "errors"
        waiting = Program(
            *words(served, "--minutes", "60"), env=environment(),
            output=tmp_path / "output", errors=errors,
        )  # fmt: skip
        wait_for(errors.read_text, 60, "it says what it waits for")
        assert errors.read_text() == "waiting: 1.0 of 60 min of running\n"
        waiting.send_signal(signal.SIGINT)
        assert waiting.wait(60) == 130
        said = errors.read_text()
        assert "1.0 of 60 min of running are stored and stay there" in said
        assert not (tmp_path / "models").exists()


def refused(found):
    """The one line of a refusal."""
    assert found.returncode == 2, found.stderr
    assert found.stderr.count("\n") == 1, found.stderr
    return found.stderr
