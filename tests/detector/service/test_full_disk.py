"""A detector whose disk is full: samples wait at the broker, alarms go on."""

from __future__ import annotations

import json

import numpy as np
import pytest

from detector.records import Samples
from detector.scoring.bundle import save_bundle
from detector.store import alarms, devices, frames
from tests.conftest import wait_for
from tests.support.motors import live, with_fault
from tests.support.serving import Client, serving
from tests.support.stores.disk import disk


@pytest.fixture
def small(tmp_path):
    """A disk with room for a store and what is set aside beside it."""
    with disk(tmp_path / "disk", 32) as made:
        yield made


def part(samples, first, end):
    """Some of them."""
    return Samples(samples.features, samples.ts[first:end], samples.values[first:end])


def told(client, device):
    """Messages on alarms of a device, or of the detector itself."""
    found = [json.loads(p) for t, p, _ in client.messages if t.endswith("/alarm")]
    return [one for one in found if one["alarm"]["device"] == device]


def is_full(served):
    """What the detector says of itself."""
    return bool(served.read(devices.health).counters.get("disk_full"))


def test_alarms_go_on_and_nothing_is_lost_or_told_twice(tmp_path, broker, bundle, small):
    """What was judged while samples waited is stored with them; a detector's start takes time."""
    save_bundle(bundle, tmp_path / "small")
    rules = f'[[devices]]\nmatch = "m*"\nmodel = "{tmp_path}/small"\n'
    samples, name = with_fault(live(400, 22), 200, 260), tmp_path.name
    url = f"sqlite:///{small.folder}/faultline.db"
    with (
        serving(tmp_path, broker.url, rules, store_url=url) as served,
        Client(broker.url, f"out-{name}/#") as client,
    ):
        client.send(f"{name}/m1", part(samples, 0, 150), batch=10)
        wait_for(lambda: served.stored() == 150, what="stored while there is room")

        small.fill()
        client.send(f"{name}/m1", part(samples, 150, 400), batch=10)
        wait_for(lambda: len(told(client, "m1")) == 2, what="the alarm and its end are told")
        wait_for(lambda: told(client, ""), what="and why samples wait")
        assert "disk" in told(client, "")[0]["alarm"]["sentence"]
        since = served.read(devices.health).renewed_at
        wait_for(lambda: served.read(devices.health).renewed_at > since + 3, what="it lives on")
        assert is_full(served)
        assert served.stored() < 400  # what was set aside is for alarms

        small.make_room()
        wait_for(lambda: served.stored() >= 400, 20, "all is stored once there is room")
        wait_for(lambda: not is_full(served), what="it is said")
        found = served.read(frames.after, ["m1"], 0)
        np.testing.assert_array_equal(np.concatenate([one.ts for one in found]), samples.ts)
        mine = [one for one in served.read(alarms.listed) if one.device == "m1"]
        assert [one.state for one in mine] == ["cleared"]
        assert [one["transition"] for one in told(client, "m1")] == ["raised", "cleared"]
