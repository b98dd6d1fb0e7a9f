"""A broken sensor is not called a broken machine, and a machine that breaks is called one."""

from __future__ import annotations

import numpy as np

from detector.alarms.sensing.report import report, sensors_of
from detector.ingest.buffer import TakenBlock
from detector.records import Samples
from tests.support.alarms.plant import Plant, frame
from tests.support.sensors.shaken import AXES, late, no_past, nobody, samples, shaken


class Watched(Plant):
    """A plant whose feature ``a`` has a sensor."""

    def trouble(self, is_on: bool, ts: float = 5.0, said: str = "a: stuck", **shares: float):
        """One tick with a word of its sensors."""
        with self.engine.begin() as connection:
            self.desk.update(connection, [])
            self.desk.report(
                connection, "m", "sensor", is_on=is_on, ts=ts, sentence=said,
                contributions=shares or {"a": 1.0},
            )  # fmt: skip
        self.desk.keep()

    @property
    def kinds(self):
        """Of all alarms."""
        return [one.kind for one in self.alarms]


def test_a_score_that_trouble_explains_raises_no_alarm_of_the_machine():
    """Not while it lasts; a machine that is still unlike itself then is told."""
    plant = Watched()
    plant.trouble(True)
    plant.update(frame(6, [9, 9]))
    assert plant.kinds == ["sensor"]
    plant.trouble(False, ts=9.0)
    plant.update(frame(9, [9, 9]))
    assert plant.kinds == ["sensor", "score"]
    assert plant.alarms[1].start == 9.0
    assert plant.told() == [(1, "raised"), (1, "cleared"), (2, "raised")]


def test_a_score_of_other_features_is_the_machine_s():
    """Trouble of another sensor, or of the clock, explains nothing of it."""
    for shares in ({"temp": 1.0}, {}):
        plant = Watched()
        with plant.engine.begin() as connection:
            plant.desk.update(connection, [])
            plant.desk.report(connection, "m", "sensor", is_on=True, ts=5.0, sentence="it is",
                              contributions=shares)  # fmt: skip
        plant.desk.keep()
        plant.update(frame(6, [9]))
        assert plant.kinds == ["sensor", "score"]


def test_an_alarm_that_a_rule_explains_a_little_later_becomes_the_sensor_s():
    """The same alarm with the peak it had; a later one keeps its kind, and so does an old one."""
    plant = Watched()
    plant.update(frame(3, [9]))
    plant.trouble(True, ts=4.0, said="a: the same value, 0, for 1.0 s")
    [alarm] = plant.alarms
    assert (alarm.kind, alarm.sentence) == ("sensor", "a: the same value, 0, for 1.0 s")
    assert (alarm.peak_score, alarm.life) == (9.0, "unacknowledged")
    assert plant.told() == [(1, "raised"), (1, "reclassified")]
    plant.update(frame(4, [9, 0, 0, 0]))
    assert plant.lives == ["unacknowledged"]
    plant.trouble(False, ts=8.0)
    assert plant.lives == ["returned"]
    old = Watched()
    old.update(frame(3, [9]))
    old.trouble(True, ts=100.0)
    assert old.kinds == ["score", "sensor"]


def test_what_is_the_matter_is_said_anew_where_it_changes():
    """Once each, as the same alarm."""
    plant = Watched()
    plant.trouble(True, said="a: clipped")
    plant.trouble(True, said="a: clipped")
    plant.trouble(True, said="a, b: stuck", a=0.5, b=0.5)
    [alarm] = plant.alarms
    assert (alarm.sentence, alarm.contributions) == ("a, b: stuck", {"a": 0.5, "b": 0.5})
    assert plant.told() == [(1, "raised")]


def test_a_restart_keeps_what_explains():
    """The desk and the sensors as the store has them."""
    plant = Watched()
    plant.trouble(True)
    plant.update(frame(6, [9]))
    plant.restart()
    plant.update(frame(7, [9]))
    assert plant.kinds == ["sensor"]
    plant.trouble(False, ts=8.0)
    plant.restart()
    plant.update(frame(8, [9]))
    assert plant.kinds == ["sensor", "score"]


def test_sensors_are_told_at_the_desk_and_go_on_after_a_restart():
    """From samples to an alarm with its features, a restart, and its end."""
    plant, values = Plant(), shaken(90)
    late(values)[:2500, 2] *= 0.33
    whole = samples(values)
    for start in range(0, len(whole), 500):
        with plant.engine.begin() as connection:
            if start % 4000 == 0:  # another detector
                sensors = sensors_of(connection, nobody, no_past)
            plant.desk.update(connection, [])
            block = _block(whole, slice(start, start + 500))
            sensors.begin([block])
            sensors.look([block])
            report(connection, plant.desk, sensors)
        plant.desk.keep()
    [alarm] = plant.alarms
    assert (alarm.kind, alarm.contributions) == ("sensor", {"acc_z": 1.0})
    assert "reads 0.3" in alarm.sentence
    assert abs(alarm.end - whole.ts[5500] - 10) < 6


def _block(whole: Samples, rows: slice) -> TakenBlock:
    part = Samples(AXES, whole.ts[rows], np.asarray(whole.values[rows]))
    return TakenBlock("m", part, float(part.ts[-1]), False)
