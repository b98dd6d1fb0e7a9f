"""Samples of one device to its alarms, through the parts of the running detector and no broker.

What is sent may have wrong times; it arrives when it was measured, a second of it at a time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from detector.alarms.desk import open_desk
from detector.alarms.sensing.report import report
from detector.alignment.aligner import Aligner
from detector.engines.fleet import Fleet
from detector.ingest.buffer import TakenBlock
from detector.records import Alarm, Samples, Times
from detector.sensors.devices import Sensors
from detector.sensors.normal import SensorNormal
from detector.service.status import card_of
from detector.settings.alarms import AlarmSettings
from detector.settings.devices import DeviceRule
from detector.settings.tree import Settings
from detector.store import alarms
from detector.store.schema import open_store

DEVICE = "motor"
TICK = 100  # samples
SHIPPED = AlarmSettings()


@dataclass(frozen=True, slots=True)
class Sent:
    """What a device sends.

    Attributes:
        samples: With the times it tells.
        arrival: Shape (n,), when each arrives, increasing.
    """

    samples: Samples
    arrival: Times

    def blocks(self) -> Iterator[TakenBlock]:
        """A tick's samples after the other."""
        whole = self.samples
        for start in range(0, len(whole), TICK):
            rows = slice(start, start + TICK)
            part = Samples(whole.features, whole.ts[rows], whole.values[rows], whole.session)
            yield TakenBlock(DEVICE, part, float(self.arrival[rows][-1]), False)


def alarms_of(
    sent: Sent,
    *,
    model: Path | None,
    normal: SensorNormal | None,
    rule: AlarmSettings = SHIPPED,
) -> list[Alarm]:
    """All alarms that come of a recording, the oldest first.

    Args:
        sent: The recording.
        model: Bundle that scores it; None: it is not scored.
        normal: What was learnt of its sensors; None: nothing.
        rule: How alarms come of scores; as shipped.
    """
    rules = [] if model is None else [DeviceRule(match="*", model=model)]
    settings, engine = Settings(devices=rules, alarms=rule), open_store("sqlite://")
    with engine.begin() as connection:
        desk = open_desk(settings, connection)
    fleet = Fleet(settings, lambda *_: ([], []), {})
    sensors = Sensors(lambda _: normal, lambda *_: ([], []), {})
    aligner = Aligner(fleet.alignment_of, lambda _: None, lambda *_: [])
    for block in sent.blocks():
        aligner.push(block, block.arrival)
        sensors.hear(block)
        ready = aligner.release(block.arrival)
        sensors.begin(ready)
        sensors.look(ready)
        frames = [] if model is None else fleet.score(ready)
        if not (frames or sensors.words()):
            continue
        with engine.begin() as connection:
            scored = [(frame, card_of(fleet, frame)) for frame in frames]
            desk.update(connection, [(frame, card) for frame, card in scored if card is not None])
            report(connection, desk, sensors)
        desk.keep()
    with engine.connect() as connection:
        return alarms.listed(connection)[::-1]
