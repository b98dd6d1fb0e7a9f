"""A real detector on a real PostgreSQL: what comes is there, whatever happens to either."""

from __future__ import annotations

import numpy as np

from detector.records import Samples
from detector.scoring.bundle import save_bundle
from detector.store import alarms, frames
from detector.store.archive import flights
from tests.conftest import wait_for
from tests.support.motors import live, small_bundle, with_fault
from tests.support.serving import Client, serving
from tests.support.stores.postgres import PASSWORD


def part(samples, first, last):
    """Samples ``first`` to ``last``."""
    return Samples(samples.features, samples.ts[first:last], samples.values[first:last])


def stored(served):
    """Times of all samples of the device, in order of commit."""
    found = served.read(frames.after, ["m1"], 0, 10_000)
    return np.concatenate([np.empty(0), *(frame.ts for frame in found)])


def test_a_detector_loses_nothing_on_postgresql(tmp_path, broker, server, monkeypatch):
    """Samples, alarms, a restart, the server away for a while: one store goes through all of it."""
    save_bundle(small_bundle(network="pca", config={}), tmp_path / "small")
    rules = f'[[devices]]\nmatch = "m*"\nmodel = "{tmp_path}/small"\n'
    samples, topic = with_fault(live(4200, 31), 200, 260), f"{tmp_path.name}/m1"
    url = server.new_schema()
    monkeypatch.setenv("FAULTLINE_STORE__ARCHIVE", str(tmp_path / "archive"))
    monkeypatch.setenv("FAULTLINE_STORE__RETENTION_DAYS", "3650")  # the samples are old
    with serving(tmp_path, broker.url, rules, url) as served, Client(broker.url) as client:
        client.send(topic, part(samples, 0, 400))
        wait_for(lambda: [a for a in served.read(alarms.listed) if a.end], 20, "an alarm")
        assert served.stop() == 0
        client.send(topic, part(samples, 400, 500))
        served.start()
        wait_for(lambda: len(stored(served)) == 500, 30, "all is stored after a restart")

        server.stop()
        client.send(topic, part(samples, 500, 600))
        wait_for(lambda: "cannot be written" in served.log, 20, "it is told")
        client.send(topic, part(samples, 600, 700))
        server.start()
        client.send(topic, part(samples, 700, 4200), batch=500)
        wait_for(lambda: len(stored(served)) == 4200, 40, "all is stored after the server was away")
        np.testing.assert_array_equal(stored(served), samples.ts)

        *_, alarm = served.read(alarms.listed)
        place = str(tmp_path / "archive")
        flight = wait_for(lambda: flights.find(place, alarm.id), 30, "a flight record")
        assert flight.note.end == alarm.end
        assert served.stop() == 0
    lines = served.log.splitlines()
    assert len([line for line in lines if "cannot be written" in line]) == 1
    assert not [line for line in lines if "Traceback" in line or PASSWORD in line]
    assert all(line[:4].isdigit() for line in lines), "each begins with its time"
