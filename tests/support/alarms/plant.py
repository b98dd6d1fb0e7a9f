"""A desk on a real store, with frames made by hand: one feature, one sample a second."""

from __future__ import annotations

import numpy as np

from detector.alarms.answers import answer
from detector.alarms.desk import open_desk
from detector.records import Command, DeviceState, DeviceStatus, Frame, ModelCard
from detector.settings.alarms import AlarmSettings
from detector.settings.tree import Settings
from detector.store import alarms, devices
from detector.store.schema import Engine, metadata, open_store

CARD = ModelCard("model", "lstm_ae", 1, 1.0, ("a",), ("g",), (0.0,), (1.0,))
NOTHING = float("nan")  # a window that was left out


def frame(start, scores, *, judged=True, device="m", step=1.0):
    """Scored samples, ``step`` seconds apart."""
    n = len(scores)
    column = np.zeros((n, 1), np.float32)
    return Frame(
        device, "s", ("a",), start + step * np.arange(n, dtype=float), column, column,
        np.asarray(scores, np.float32), np.zeros(n, np.float32), np.full(n, judged), 1.0,
        np.ones(1, np.float32), 0.0,
    )  # fmt: skip


class Plant:
    """A store, its desk, and an operator; time is what the test says."""

    def __init__(self, engine: Engine | None = None, **rules: object) -> None:
        self.settings = Settings(
            alarms=AlarmSettings(**{"k": 1, "n": 1, "m": 2, "on_delay_s": 0, **rules})
        )
        self.engine = engine or open_store("sqlite://")
        self.now = 1e6
        with self.engine.begin() as connection:
            for table in reversed(metadata.sorted_tables):
                connection.execute(table.delete())
            connection.exec_driver_sql("DELETE FROM sqlite_sequence")  # ids begin at 1
        self.restart()
        with self.engine.begin() as connection:
            devices.update(connection, [status("m")])

    def restart(self) -> None:
        """Another detector takes over."""
        with self.engine.begin() as connection:
            self.desk = open_desk(self.settings, connection, lambda: self.now)

    def update(self, *frames: Frame, card: ModelCard = CARD) -> None:
        """One tick with frames, committed."""
        with self.engine.begin() as connection:
            self.desk.update(connection, [(one, card) for one in frames])
        self.desk.keep()

    def report(self, kind: str, is_on: bool, ts: float = 5.0, device: str = "m") -> None:
        """One tick with a word from elsewhere."""
        with self.engine.begin() as connection:
            self.desk.update(connection, [])
            self.desk.report(connection, device, kind, is_on=is_on, ts=ts, sentence="it is so")
        self.desk.keep()

    def say(self, kind: str, *numbers: int, who: object = "Kim", device: str = "m", **value):
        """What the detector answers to an operator."""
        asked = Command(1, device, kind, {"alarms": list(numbers), **value}, who, 0.0, None, None)
        with self.engine.begin() as connection:
            self.desk.update(connection, [])
            said = answer(connection, self.desk, asked, self.now)
        self.desk.keep()
        return said

    @property
    def alarms(self):
        """All, the oldest first."""
        with self.engine.begin() as connection:
            return alarms.listed(connection)[::-1]

    @property
    def lives(self):
        """States of all, the oldest first."""
        return [alarm.life for alarm in self.alarms]

    def told(self):
        """What servers hear of since this was last asked."""
        with self.engine.begin() as connection:
            waiting = alarms.unpublished(connection)
            alarms.mark_published(connection, [number for number, *_ in waiting])
        return [(alarm.id, transition) for _, transition, _, alarm in waiting]


def status(device):
    """Of a device that was heard."""
    return DeviceStatus(device, DeviceState.OK, None, 0.5, 0.5, 1.0, 0.0, 0.0, 1.0, ("a",), CARD)
