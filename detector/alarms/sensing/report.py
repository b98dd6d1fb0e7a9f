"""What is wrong with sensors, told at the desk and kept over a restart."""

from __future__ import annotations

from collections.abc import Container

from detector.alarms.desk import AlarmDesk
from detector.alarms.states import SENSOR
from detector.sensors.devices import History, NormalOf, Sensors, Word
from detector.store import holds as kept
from detector.store.schema import Connection


def sensors_of(
    connection: Connection, normal_of: NormalOf, history: History, besides: Container[str] = ()
) -> Sensors:
    """The sensors as an earlier run left them, those of some devices aside."""
    memories = kept.memories(connection, besides).items()
    stored = {device: memory for (device, kind), memory in memories if kind == SENSOR}
    return Sensors(normal_of, history, stored)


def report(connection: Connection, desk: AlarmDesk, sensors: Sensors) -> None:
    """Say at the desk what is wrong, and what is not any more.

    Args:
        connection: Inside the transaction of the desk's ``update``, after it.
        desk: Where.
        sensors: Of all devices.
    """
    for word in sensors.words():
        _report(connection, desk, word)
    changed = sensors.memories()
    if changed:
        kept.remember(connection, {(device, SENSOR): one for device, one in changed.items()})
    sensors.said()


def _report(connection: Connection, desk: AlarmDesk, word: Word) -> None:
    trouble = word.trouble
    if trouble is None:
        desk.report(connection, word.device, SENSOR, is_on=False, ts=word.ts, sentence="")
        return
    share = round(1.0 / max(len(trouble.features), 1), 4)
    desk.report(
        connection, word.device, SENSOR, is_on=True, ts=trouble.since, sentence=trouble.sentence,
        contributions=dict.fromkeys(trouble.features, share),
    )  # fmt: skip
