"""The running detector on a real broker and a real store."""

from __future__ import annotations

import json
import signal

import numpy as np
import pytest
import sqlalchemy as sa

from detector.records import DeviceState, Samples
from detector.scoring.bundle import save_bundle
from detector.scoring.stream import DeviceStream, score_samples
from detector.service.pipeline import TICK_SAMPLES
from detector.settings.sessions import SessionSettings
from detector.store import alarms, commands, devices, frames
from detector.store.schema import frames as frames_table
from tests.conftest import wait_for
from tests.support.motors import FEATURES, live, with_fault
from tests.support.processes.programs import answer
from tests.support.serving import Client, environment, serving


@pytest.fixture
def served(tmp_path, broker, bundle):
    """A running detector whose devices ``m*`` have a model."""
    save_bundle(bundle, tmp_path / "small")
    rules = f'[[devices]]\nmatch = "m*"\nmodel = "{tmp_path}/small"\n'
    with serving(tmp_path, broker.url, rules) as made:
        yield made


def stored(served, device="m1"):
    """Samples of a device in the store."""
    query = sa.select(sa.func.sum(frames_table.c.n)).where(frames_table.c.device == device)
    return served.read(lambda connection: connection.execute(query).scalar() or 0)


def part(samples, first):
    """Samples from ``first`` on."""
    return Samples(samples.features, samples.ts[first:], samples.values[first:])


def topic(served, device="m1"):
    """Where a device publishes."""
    return f"{served.folder.name}/{device}"


def test_live_scores_equal_offline_scores(served, broker, bundle):
    """Over the wire, the buffer and the store, to 1e-6, all samples and none twice."""
    samples = with_fault(live(400, 21), 200, 260)
    with Client(broker.url) as client:
        client.send(topic(served), samples, batch=7)
    wait_for(lambda: stored(served) == 400, what="all samples stored")
    found = served.read(frames.after, ["m1"], 0)
    stream = DeviceStream("m1", (*FEATURES, "rpm"), bundle, SessionSettings())
    [offline] = score_samples(stream, samples, chunk=256, arrival=0)
    for field in ("ts", "values", "score", "mse", "reconstruction", "judged"):
        np.testing.assert_allclose(
            np.concatenate([getattr(frame, field) for frame in found]),
            getattr(offline, field), rtol=1e-6, atol=1e-6, equal_nan=True,
        )  # fmt: skip


def test_a_fault_raises_and_clears_an_alarm_everywhere(served, broker):
    """In the store, on MQTT with a unique id, in the log, and in `detector alarms --json`."""
    with Client(broker.url, f"out-{served.folder.name}/#") as client:
        client.send(topic(served), with_fault(live(400, 22), 200, 260))
        wait_for(lambda: any(a.state == "cleared" for a in served.read(alarms.listed)))
        [alarm] = served.read(alarms.listed)
        wait_for(lambda: sum(t.endswith("/alarm") for t, *_ in client.messages) == 2)
        sent = [json.loads(p) for t, p, _ in client.messages if t.endswith("m1/alarm")]
        wait_for(lambda: any(t.endswith("m1/state") for t, *_ in client.messages))
    assert 200 <= round((alarm.start - live(1, 0).ts[0]) * 50) < 215
    assert max(alarm.contributions, key=alarm.contributions.get) == "x"
    assert [message["transition"] for message in sent] == ["raised", "cleared"]
    assert len({message["id"] for message in sent}) == 2
    assert "alarm 1 raised" in served.log
    assert "alarm 1 cleared" in served.log
    printed = answer(
        "detector", "alarms", "--json", "--settings", served.settings, env=environment()
    )
    [row] = json.loads(printed.stdout)
    wanted = {"id", "device", "kind", "state", "start", "end", "peak_score", "contributions",
              "model", "threshold"}  # fmt: skip
    assert wanted <= set(row)
    assert row["device"] == "m1"


def test_nothing_is_lost_or_stored_twice_when_the_detector_is_killed(served, broker):
    """A kill -9 in the middle, published on all the while, started again."""
    samples = live(600, 23)
    half = type(samples)(samples.features, samples.ts[:300], samples.values[:300])
    rest = type(samples)(samples.features, samples.ts[300:], samples.values[300:])
    with Client(broker.url) as client:
        client.send(topic(served), half, batch=3)
        served.stop(signal.SIGKILL)
        client.send(topic(served), rest, batch=3)
        served.start()
    wait_for(lambda: stored(served) >= 600, what="all samples stored")
    found = served.read(frames.after, ["m1"], 0)
    ts = np.concatenate([frame.ts for frame in found])
    np.testing.assert_array_equal(ts, samples.ts)
    assert {frame.session for frame in found} == {found[0].session}
    assert np.isfinite(np.concatenate([frame.score for frame in found])[24:]).all()


def test_a_moved_threshold_is_applied_and_kept(served, broker):
    """It judges the next samples, stands in the device's row, and outlives a restart."""
    with Client(broker.url) as client:
        client.send(topic(served), live(100, 24))
        wait_for(lambda: stored(served) == 100)
        served.read(commands.issue, "m1", "threshold", {"threshold": 2.5}, "ann")
        wait_for(lambda: served.read(devices.one, "m1").threshold == 2.5, 5, "applied")
        served.read(commands.issue, "m1", "threshold", {"threshold": "high"}, "ann")
        given = {"k": 1, "n": 2, "on_delay_s": 2.0, "off_delay_s": 9.0}
        for name in ("m1", "nobody"):
            served.read(commands.issue, name, "delays", {"delays": given}, "ann")
        wait_for(lambda: not served.read(commands.pending), 5, "refused")
        served.stop()
        served.start()
        client.send(topic(served), live(50, 25, start=live(1, 0).ts[0] + 2.0))
        wait_for(lambda: stored(served) == 150)
    assert served.read(frames.after, ["m1"], 0)[-1].threshold == 2.5
    assert "refused: threshold 'high', allowed: 0.01 to 1000" in served.log
    assert "refused: device nobody: was never seen" in served.log
    assert served.read(commands.delays) == {"m1": given}


def test_bad_input_is_counted_and_stops_nothing(served, broker):
    """Malformed, oversized, non-finite, wrongly typed, other features: the good device goes on."""
    bad = [b"{", b"[" * 100_000, b'{"ts":"now","x":1}', b'{"x":1e999}', b'{"ts":1,"":2}',
           b'{"ts":[1,2],"x":[1]}', b" " * (2 << 20), b"\xff\xfe", b"7"]  # fmt: skip
    with Client(broker.url) as client:
        for payload in bad:
            client.publish(topic(served, "m-bad"), payload)
        client.publish(topic(served, "m-odd"), b'{"ts": 1700000000, "z": 1}')
        client.send(topic(served), live(100, 26))
    wait_for(lambda: stored(served) == 100, what="the good device is stored")
    wait_for(lambda: stored(served, "m-odd") == 1, what="the odd device is stored unscored")
    wait_for(
        lambda: served.read(devices.health).counters["bad_payloads"] == len(bad), 5, "all counted"
    )
    odd = served.read(devices.one, "m-odd")
    assert odd.state is DeviceState.UNSCORED
    assert "m-odd sends z" in odd.reason
    assert served.read(devices.one, "m1").state is DeviceState.OK
    assert "Traceback" not in served.log


def test_a_second_detector_of_another_name_is_refused_on_sqlite(served):
    """One line that says what can do it, exit code 2, and the first goes on."""
    env = environment(FAULTLINE_DETECTOR__NAME="line 2")
    second = answer("detector", "serve", "--settings", served.settings, env=env)
    assert second.returncode == 2
    [line] = [one for one in second.stderr.splitlines() if "error:" in one]
    assert "error: store: written by another detector" in line
    assert line.endswith("allowed: one at a time in SQLite, several in PostgreSQL")
    assert served.process.poll() is None


def test_a_second_detector_of_the_same_name_waits(served, broker):
    """It says so once, ends on Ctrl-C, and goes on with what the first one leaves."""
    waits = served.begun()
    wait_for(lambda: "waiting: store: " in served.log, what="it says that it waits")
    waits.send_signal(signal.SIGINT)
    assert waits.wait(20) == 0
    assert "told to end while another detector runs" in served.log

    waits = served.begun()
    wait_for(lambda: served.log.count("waiting: store: ") == 2, what="the next one waits")
    with Client(broker.url) as client:
        client.send(topic(served), live(100, 29))
        wait_for(lambda: stored(served) == 100, what="the first one works on")
        assert served.stop() == 0
        wait_for(lambda: served.read(devices.health), what="the second one has taken over")
        served.process = waits
        client.send(topic(served), part(live(200, 29), 100))
        wait_for(lambda: stored(served) == 200, 30, "the second one works")
    assert served.log.count("waiting: store: ") == 2


def test_a_detector_that_is_asked_to_stop_says_goodbye(served, broker):
    """Exit code 0, the lease given back, offline on MQTT."""
    with Client(broker.url, f"out-{served.folder.name}/status") as client:
        wait_for(lambda: client.messages)
        assert served.stop(signal.SIGINT) == 0
        wait_for(lambda: json.loads(client.messages[-1][1])["state"] == "offline")
    assert served.read(devices.health) is None


def test_a_broker_that_is_away_is_shown_and_comes_back(tmp_path, own_broker, bundle):
    """The detector stays alive, says so in its health, and goes on by itself."""
    save_bundle(bundle, tmp_path / "small")
    rules = f'[[devices]]\nmatch = "m*"\nmodel = "{tmp_path}/small"\n'
    with serving(tmp_path, own_broker.url, rules) as served:
        own_broker.stop()
        wait_for(lambda: "trying again" in served.read(devices.health).connection, 10)
        own_broker.start()
        wait_for(lambda: served.read(devices.health).connection == "connected", 30)
        with Client(own_broker.url) as client:
            client.send(topic(served), live(50, 27))
        wait_for(lambda: stored(served) == 50)


def test_a_backlog_is_worked_off_in_parts(served, broker, bundle):
    """More than one tick takes, published while the detector is away: all stored, in order."""
    served.stop()
    samples = live(2 * TICK_SAMPLES + 500, 28)
    with Client(broker.url) as client:
        for device in ("m1", "m2"):
            client.send(topic(served, device), samples, batch=1000)
    served.start()
    for device in ("m1", "m2"):
        wait_for(lambda: stored(served, device) == len(samples), 60, "stored")  # noqa: B023
        found = served.read(frames.after, [device], 0)
        ts = np.concatenate([frame.ts for frame in found])
        np.testing.assert_array_equal(ts, samples.ts)
    assert "lease" not in served.log
