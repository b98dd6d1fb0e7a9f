"""Devices in formats of their own, side by side, from the first message to the alarm."""

from __future__ import annotations

import json

import numpy as np
import pytest

from detector.ingest.codecs.sparkplug_messages import Payload
from detector.scoring.bundle import save_bundle
from detector.store import alarms, devices, frames
from tests.conftest import wait_for
from tests.support.motors import live, with_fault
from tests.support.serving import Client, Served

N, FAULT, BATCH = 700, 500, 10
DEVICES = ("press", "mill", "fan")
NAMES = ("vibration.x", "vibration.y", "vibration.rpm")
FLOAT = 9  # Sparkplug's number of the type


@pytest.fixture(scope="module")
def model(bundle, tmp_path_factory):
    """Of two vibrations at 50 Hz, judged by rpm; named as line protocol does."""
    folder = tmp_path_factory.mktemp("model") / "small"
    save_bundle(bundle, folder)
    file = folder / "bundle.json"
    named = file.read_text()
    for name, full in zip(("x", "y", "rpm"), NAMES, strict=True):
        named = named.replace(f'"{name}"', f'"{full}"')
    file.write_text(named)
    return folder


@pytest.fixture
def served(model, broker, tmp_path):
    """A detector that listens to three kinds of devices."""
    base = tmp_path.name
    sources = f"""
[[sources]]
topic = "spBv1.0/{base}/+/+/{{device}}"

[[sources]]
topic = "{base}/telegraf"
device = ["machine"]

[[sources]]
topic = "{base}/io/{{device}}/{{feature}}/{{feature}}"

[[devices]]
match = "*"
model = "{model}"
"""
    made = Served(tmp_path, broker.url, sources)
    made.start()
    yield made
    if made.process is not None:
        made.stop()
    made.engine.dispose()


def sparkplug(base, samples):
    """A birth with aliases, then data of ten moments each."""
    names = NAMES
    birth = Payload(timestamp=round(samples.ts[0] * 1000) - 20, seq=0)
    for alias, name in enumerate(names):
        birth.metrics.add(name=name, alias=alias, datatype=FLOAT, is_null=True)
    yield f"spBv1.0/{base}/DBIRTH/edge/press", birth.SerializeToString()
    for start in range(0, len(samples), BATCH):
        data = Payload(timestamp=round(samples.ts[start] * 1000))
        for i in range(start, start + BATCH):
            for alias in range(len(names)):
                data.metrics.add(
                    alias=alias,
                    timestamp=round(samples.ts[i] * 1000),
                    float_value=samples.values[i, alias],
                )
        yield f"spBv1.0/{base}/DDATA/edge/press", data.SerializeToString()


def line_protocol(base, samples):
    """Ten lines a message, times in nanoseconds."""
    for start in range(0, len(samples), BATCH):
        lines = []
        for i in range(start, start + BATCH):
            fields = ",".join(
                f"{name}={value}"
                for name, value in zip(samples.features, samples.values[i], strict=True)
            )
            lines.append(f"vibration,machine=mill {fields} {round(samples.ts[i] * 1e3)}000000")
        yield f"{base}/telegraf", "\n".join(lines).encode()


def topic_per_channel(base, samples):
    """Each value in a message of its own; the speed only when it changes."""
    known = {}
    for i, t in enumerate(samples.ts.tolist()):
        for name, value in zip(samples.features, samples.values[i].tolist(), strict=True):
            if name == "rpm" and known.get(name) == value and i % 500:
                continue
            known[name] = value
            text = json.dumps({"value": value, "time": round(t * 1000)})
            yield f"{base}/io/fan/vibration/{name}", text.encode()


def test_three_foreign_formats_are_watched_side_by_side(served, broker):
    """Each is scored from first to last, and its fault is an alarm; before it there was none."""
    sent = {name: with_fault(live(N, seed), FAULT, N) for seed, name in enumerate(DEVICES, 1)}
    base = served.folder.name
    messages = [
        list(sparkplug(base, sent["press"])),
        list(line_protocol(base, sent["mill"])),
        list(topic_per_channel(base, sent["fan"])),
    ]
    with Client(broker.url) as client:
        for step in range(70):
            for mine in messages:
                n = len(mine)
                for topic, payload in mine[step * n // 70 : (step + 1) * n // 70]:
                    client.publish(topic, payload)

    def raised():
        return {alarm.device: alarm for alarm in served.read(alarms.listed, None, 20)}

    wait_for(lambda: set(raised()) == set(DEVICES), 40, "an alarm of each")
    onset = {name: sent[name].ts[FAULT] for name in DEVICES}
    for name, alarm in raised().items():
        assert onset[name] <= alarm.start < onset[name] + 1.0
        assert alarm.contributions["vibration.x"] > 0.5
    assert {status.device for status in served.read(devices.every)} == set(DEVICES)
    wait_for(lambda: served.stored() >= 3 * N - 10, 20, "all is stored")
    for name in DEVICES:
        held = served.read(frames.between, name, 0.0, 1e12)
        assert len({frame.session for frame in held}) == 1
        ts = np.concatenate([frame.ts for frame in held])
        np.testing.assert_allclose(np.diff(ts), 0.02, atol=2e-3)
        values = np.concatenate([frame.values for frame in held])
        first = np.searchsorted(ts, sent[name].ts[30])
        x = values[first : first + 100, held[-1].features.index("vibration.x")]
        np.testing.assert_allclose(x, sent[name].values[30:130, 0], atol=1e-5)
