"""Replays of small recordings, and listeners to what they send."""

import json
import threading
import time
import uuid

import numpy as np
import paho.mqtt.client as paho

from simulator.live.publisher import Address, Publisher
from simulator.live.replay import Pace, Session, load, replay
from simulator.live.requests import LiveRequests
from simulator.recordings.recorded_faults import inject_into_file
from tests.conftest import wait_for

DEADLINE_S = 30.0
DEVICE = "replayed"
TRUTH = f"simulator/{DEVICE}/truth"
FAULT = f"simulator/{DEVICE}/fault"


class Listener:
    """Collects every message of the replayed device, across restarts of the broker too."""

    def __init__(self, url, topic=f"sensors/{DEVICE}"):
        self.messages, self._ready = [], threading.Event()
        self._client = paho.Client(
            paho.CallbackAPIVersion.VERSION2, client_id=uuid.uuid4().hex, clean_session=False
        )
        self._client.on_message = lambda _c, _u, m: self.messages.append(
            (time.time(), m.topic, json.loads(m.payload))
        )
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.on_connect = lambda client, *_: client.subscribe(topic, 1)
        self._client.connect("127.0.0.1", Address.parse(url).port)
        self._client.loop_start()
        assert self._ready.wait(DEADLINE_S)

    def column(self, name):
        """All received values of a column, in order."""
        return [value for _, _, payload in self.messages for value in payload[name]]

    def events(self):
        """All received messages without times of arrival and topics."""
        return [payload for _, _, payload in self.messages]

    def publish(self, topic, payload, **more):
        """Publish and wait until the broker has it; it may just have come back."""
        wait_for(self._client.is_connected, what="connected again")
        self._client.publish(topic, payload, qos=1, **more).wait_for_publish(DEADLINE_S)

    def close(self):
        """Leave the broker."""
        self._client.disconnect()
        self._client.loop_stop()


def session(n=1000, name="run"):
    """``n`` samples, 100 a second but for a hole of 0.5 s in the middle."""
    ts = 50.0 + np.arange(n) / 100.0
    ts[n // 2 :] += 0.5
    return Session(name, ts, {"acc_x": np.arange(n, dtype=float)})


def send(broker, sessions, requests=None, **pace):
    """Replay and wait for the broker to have everything."""
    with Publisher(broker.url, qos=pace.pop("qos", 1)) as publisher:
        stop = threading.Event()
        told = []
        speed = Pace(**pace)
        replay(
            sessions,
            publisher,
            device=DEVICE,
            pace=speed,
            stop=stop,
            advance=told.append,
            requests=requests,
        )
    return sum(told)


def recorded(folder, *faults, n=1000):
    """A file of white noise, 100 samples a second, with faults in it."""
    path = folder / "rec.csv"
    noise = np.random.default_rng(1).normal(0.0, 2.0, (n, 2))
    rows = [f"{50 + i / 100:.2f},{x:.6f},{y:.6f}" for i, (x, y) in enumerate(noise)]
    path.write_text("\n".join(["ts,acc_x,acc_y", *rows]) + "\n")
    for fault in faults:
        inject_into_file(path, path, fault)
    return path


def loaded(folder, *faults):
    """The same, ready to be sent."""
    return load(recorded(folder, *faults), features=None, limit_rows=None)


def ask(**request):
    """Requests with one waiting."""
    requests = LiveRequests()
    requests.receive(json.dumps(request).encode())
    return requests
