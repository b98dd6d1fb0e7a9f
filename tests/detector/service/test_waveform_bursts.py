"""Bursts of a waveform over a real broker, buffer and store, with the shipped model."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np

from detector.records import Samples
from detector.scoring.bundle import load_bundle
from detector.scoring.front_stream import score_samples, stream_for
from detector.settings.sessions import SessionSettings
from detector.store import devices, frames
from simulator.demo.machines import HF, TICK_S, Machine
from simulator.live.publisher import Publisher
from simulator.machines.motor import FEATURES
from simulator.recordings.bursts import Bursts
from tests.conftest import wait_for
from tests.support.serving import PROJECT, serving

MODEL = PROJECT / "models" / "motor-waveform"
DENSE = replace(HF, bursts=Bursts(2.0, 2.25))
BURSTS = 3
SCORES = 3 * BURSTS  # blocks of 1 s at a hop of 0.5 s
SMALLER = "[buffer]\nsamples_per_device = 5000\n"  # than a burst of 25,600


class Recorder:
    """Publishes, and keeps what was sent."""

    def __init__(self, publisher):
        self._publisher = publisher
        self.sent = []

    def publish(self, device, columns, *, session=None, rate_hz=None):
        """As ``Publisher.publish``."""
        self.sent.append((session, columns))
        self._publisher.publish(device, columns, session=session, rate_hz=rate_hz)


def bursts_of(sent):
    """What was sent as samples, a burst each, as they are in a file."""
    for session in dict.fromkeys(name for name, _ in sent):
        parts = [columns for name, columns in sent if name == session]
        ts = np.concatenate([columns["ts"] for columns in parts])
        values = [np.concatenate([c[name] for c in parts]) for name in (*FEATURES, "rpm")]
        yield Samples((*FEATURES, "rpm"), ts, np.column_stack(values).astype(np.float32), session)


def test_bursts_arrive_whole_and_are_scored_as_a_file_is(tmp_path, broker):
    """As fast as they can be sent, past a buffer for a fifth of one; takes a detector's start."""
    rules = f'{SMALLER}[[devices]]\nmatch = "hf-*"\nmodel = "{MODEL}"\n'
    machine = Machine("hf-1", DENSE, seed=5)
    with serving(tmp_path, broker.url, rules) as served:
        topic = f"{tmp_path.name}/{{device}}"
        with Publisher(broker.url, topic=topic) as publisher:
            recorder, begin = Recorder(publisher), round(time.time()) - 10
            for _ in range(round(BURSTS * DENSE.bursts.every_s / TICK_S)):
                machine.publish(recorder, begin)
        wait_for(lambda: _count(served) == SCORES, what="all blocks scored")
        live = served.read(frames.after, ["hf-1"], 0)
        status = served.read(devices.one, "hf-1")

    stream = stream_for("hf-1", (*FEATURES, "rpm"), load_bundle(MODEL), SessionSettings())
    offline = [f for samples in bursts_of(recorder.sent)
               for f in score_samples(stream, samples, chunk=256, arrival=0)]  # fmt: skip
    np.testing.assert_allclose(_joined(live, "ts"), _joined(offline, "ts"), rtol=0, atol=2e-6)
    for field in ("score", "values", "judged"):
        np.testing.assert_allclose(
            _joined(live, field), _joined(offline, field), rtol=1e-6, atol=1e-6, equal_nan=True
        )
    assert np.isfinite(_joined(live, "score")).all()
    assert not status.counters.get("overrun_samples")
    assert status.counters["samples"] == sum(len(columns["ts"]) for _, columns in recorder.sent)


def _count(served):
    return sum(len(frame.ts) for frame in served.read(frames.after, ["hf-1"], 0))


def _joined(found, field):
    return np.concatenate([getattr(frame, field) for frame in found])
