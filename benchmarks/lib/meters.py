"""What the pipeline benchmark reads from outside: processes, the store and the alarms."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from urllib.parse import urlsplit

import msgspec
import psutil
import sqlalchemy as sa
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy.engine import Engine

from benchmarks.lib.load import FAULT_S
from detector.store import devices
from detector.store import frames as frame_store
from detector.store.schema import frames

EARLY_S = 0.2  # an alarm may begin with a chance anomaly just before the onset
LATE_S = 2.0  # windows keep faulty samples for a while after the last


@dataclass(frozen=True)
class Reading:
    """Processes and store at one moment.

    Attributes:
        at: UTC seconds.
        cpu_s: User and system time so far, by process and whatever it has started.
        rss_mb: Resident memory in 10^6 bytes, likewise.
        newest: Number of the newest stored frame.
        thinned: One window in so many is scored.
    """

    at: float
    cpu_s: dict[str, float]
    rss_mb: dict[str, float]
    newest: int
    thinned: int


def read(processes: dict[str, psutil.Process], store: Engine) -> Reading:
    """Take a reading."""
    families = {name: [one, *one.children(recursive=True)] for name, one in processes.items()}
    times = {name: [one.cpu_times() for one in family] for name, family in families.items()}
    rss_mb = {
        name: sum(one.memory_info().rss for one in family) / 1e6
        for name, family in families.items()
    }
    with store.begin() as connection:
        newest = frame_store.newest_id(connection)
        health = devices.health(connection)
    cpu_s = {name: sum(t.user + t.system for t in each) for name, each in times.items()}
    thinned = 1 if health is None else health.counters.get("thinned", 1)
    return Reading(time.time(), cpu_s, rss_mb, newest, thinned)


def stored(store: Engine, after: int = 0, until: int | None = None) -> int:
    """Samples in the frames numbered ``after`` (exclusive) to ``until``."""
    query = sa.select(sa.func.coalesce(sa.func.sum(frames.c.n), 0)).where(frames.c.id > after)
    if until is not None:
        query = query.where(frames.c.id <= until)
    with store.begin() as connection:
        return int(connection.execute(query).scalar_one())


def cpu_us_per_sample(readings: Sequence[Reading], store: Engine) -> float | None:
    """The detector's CPU time for one stored sample.

    Counted from commit to commit, because a slow detector has much work in hand at any other
    moment; None when fewer than two commits were seen.
    """
    commits = [after for before, after in pairwise(readings) if after.newest > before.newest]
    if len(commits) < 2:
        return None
    first, last = commits[0], commits[-1]
    spent_s = last.cpu_s["detector"] - first.cpu_s["detector"]
    return spent_s / stored(store, first.newest, last.newest) * 1e6


@dataclass(frozen=True)
class Raised:
    """An alarm that was raised: by whom, its first anomaly's sample time, and its arrival here."""

    device: str
    start: float
    arrived: float


class AlarmListener:
    """Collects the alarms a detector raises, as any subscriber of ``faultline/+/alarm`` would."""

    def __init__(self, url: str) -> None:
        self.raised: list[Raised] = []
        address = urlsplit(url)
        self._client = Client(CallbackAPIVersion.VERSION2)
        self._client.on_message = self._on_message
        self._client.on_connect = lambda client, *_: client.subscribe("faultline/+/alarm", 1)
        self._client.connect(address.hostname or "", address.port or 1883)

    def __enter__(self) -> AlarmListener:
        self._client.loop_start()
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def _on_message(self, _: Client, __: object, message: MQTTMessage) -> None:
        arrived = time.time()
        content = msgspec.json.decode(message.payload)
        if content["transition"] == "raised":
            alarm = content["alarm"]
            self.raised.append(Raised(alarm["device"], alarm["start"], arrived))


@dataclass(frozen=True)
class Onset:
    """A planted fault: sample time of its first sample, and when its batch was handed over."""

    device: str
    ts: float
    handed: float

    def explains(self, alarm: Raised) -> bool:
        """Whether this fault raised that alarm."""
        since_s = alarm.start - self.ts
        return alarm.device == self.device and -EARLY_S <= since_s <= FAULT_S + LATE_S


def latencies_ms(onsets: Sequence[Onset], raised: Sequence[Raised]) -> tuple[list[float], int]:
    """Match alarms with faults.

    Returns:
        Milliseconds from handing a fault's first batch to the broker until its first alarm
        arrived, one per fault that was found; and how many alarms no fault explains.
    """
    found = []
    for onset in onsets:
        arrivals = [alarm.arrived for alarm in raised if onset.explains(alarm)]
        if arrivals:
            found.append((min(arrivals) - onset.handed) * 1000)
    unexplained = [a for a in raised if not any(onset.explains(a) for onset in onsets)]
    return found, len(unexplained)
