"""Raw waveforms: kept within bounds, written around an alarm and where somebody asks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from detector.errors import StoreError
from detector.flights.ring import Waveforms
from detector.flights.waveform_recorder import WaveformRecorder
from detector.flights.waveforms import AROUND_S, GIVEN_UP_S
from detector.store.archive import flights, waveforms
from detector.store.archive.waveforms import WaveformNote
from tests.detector.flights.conftest import START

HZ = 100.0
NOTE = WaveformNote("press-1", ("a", "b"), ("a",), ("g", ""), HZ, orders={"1x": 1.0})


def send(rings, first, last, about=NOTE, size=100):
    """A waveform whose values are its times, seconds from ``START``, in blocks."""
    for begin in np.arange(first, last, size / HZ):
        ts = START + begin + np.arange(size) / HZ
        rings.hear(about, ts, np.column_stack([ts - START, ts - START]))


def seconds(waveform):
    """First and last sample, seconds from ``START``, and how many there are."""
    ts = waveform.ts - START
    np.testing.assert_allclose(waveform.values[:, 0], ts, atol=1e-2)
    return round(float(ts[0]), 2), round(float(ts[-1]), 2), len(ts)


def test_a_ring_holds_the_newest_seconds():
    """To the sample, in blocks of any size, and no more memory than that."""
    rings = Waveforms(60.0, 512)
    send(rings, 0.0, 200.0, size=70)
    assert seconds(rings.newest("press-1"))[1:] == (pytest.approx(199.9, abs=0.8), 6000)
    assert rings.bytes == 6000 * 16
    rings.hear(NOTE, np.empty(0), np.empty((0, 2)))
    send(rings, 300.0, 400.0, size=10_000)
    assert seconds(rings.newest("press-1")) == (340.0, 399.99, 6000)


def test_many_devices_share_the_memory():
    """Each has as much as any other once all have been heard again."""
    rings = Waveforms(60.0, 0.1)  # megabytes: 6250 samples
    for _ in range(2):
        for number in range(5):
            send(rings, 0.0, 60.0, replace(NOTE, device=f"d{number}"))
    assert rings.bytes <= 100_000
    assert {len(rings.newest(f"d{n}").ts) for n in range(5)} == {1250}


def test_another_model_begins_another_ring():
    """Samples of two sets of channels are never in one waveform."""
    rings = Waveforms(60.0, 512)
    send(rings, 0.0, 10.0)
    send(rings, 10.0, 12.0, replace(NOTE, rpm=900.0))
    assert seconds(rings.newest("press-1")) == (10.0, 11.99, 200)


class Recorders:
    """As a detector has them: one of its own, one in the process beside it."""

    def __init__(self, plant, rings):
        self.waveforms = WaveformRecorder(plant.engine, plant.place, rings)
        self.flights = plant.recorder()

    def look(self, now):
        """Each in turn, and once more what the other one has finished."""
        self.waveforms.look()
        self.flights.look(now)
        self.waveforms.look()


def recorder_of(plant, rings):
    """As a detector has it."""
    return Recorders(plant, rings)


def kept(plant, alarm):
    """The waveform beside the flight record of an alarm."""
    return waveforms.around(plant.place, alarm)


def test_the_waveform_around_an_alarm_is_kept_while_it_is_still_active(plant):
    """Ten seconds before its first anomaly and after it, once they have come; then never again."""
    rings = Waveforms(60.0, 512)
    recorder, alarm = recorder_of(plant, rings), plant.alarm(100.0)
    plant.send(0.0, 110.0)
    send(rings, 0.0, 105.0)
    recorder.look(START + 105)
    assert kept(plant, alarm) is None
    send(rings, 105.0, 120.0)
    recorder.look(START + 120)
    assert seconds(kept(plant, alarm)) == (100 - AROUND_S, 100 + AROUND_S - 0.01, 2000)
    assert kept(plant, alarm).note == replace(NOTE, alarm_start=alarm.start)
    assert kept(plant, replace(alarm, start=alarm.start + 1)) is None  # of another store
    send(rings, 120.0, 130.0)
    recorder.look(START + 130)
    assert seconds(kept(plant, alarm))[1] == 109.99
    path = f"{plant.place}/{waveforms.of_alarm(alarm.id)}"
    assert pd.read_parquet(path).attrs["orders"] == {"1x": 1.0}
    flights.remove(plant.place, alarm.id)
    assert kept(plant, alarm) is None


def test_bursts_are_waited_for_and_not_for_ever(plant):
    """Of a second every half a minute, what has come after two minutes is kept."""
    rings = Waveforms(60.0, 512)
    recorder, alarm = recorder_of(plant, rings), plant.alarm(95.0)
    plant.send(0.0, 100.0)
    for first in np.arange(0.0, 95.0 + GIVEN_UP_S + 30.0, 30.0):
        send(rings, first, first + 1.0)
        recorder.look(START + first + 1)
    first, last, count = seconds(kept(plant, alarm))
    assert (first, count) == (0.0, 900)
    assert last == 240.99


def test_an_alarm_from_before_the_start_has_no_waveform(plant):
    """What was in memory is gone; its record is written all the same."""
    rings = Waveforms(60.0, 512)
    alarm = plant.alarm(100.0, 130.0)
    plant.send(0.0, 300.0)
    send(rings, 200.0, 300.0)
    recorder_of(plant, rings).look(START + 301)
    assert kept(plant, alarm) is None
    assert flights.find(plant.place, alarm.id) is not None


def test_the_newest_waveform_is_written_where_somebody_asks(plant):
    """Under a name that any device can have, and once for each time."""
    rings = Waveforms(60.0, 512)
    about = replace(NOTE, device="line/1 µ")
    send(rings, 0.0, 30.0, about)
    assert rings.ask("line/1 µ")
    assert not rings.ask("another")
    recorder_of(plant, rings).look(START)
    path = waveforms.of_device("line/1 µ")
    assert path.count("/") == 1
    assert seconds(waveforms.find(plant.place, path)) == (20.0, 29.99, 1000)
    assert rings.asked() == set()


def test_a_damaged_waveform_is_one_clear_line(plant):
    """Not a traceback on the page."""
    send(rings := Waveforms(60.0, 512), 0.0, 1.0)
    waveforms.write(plant.place, "_waveforms/x.parquet", rings.newest("press-1"))
    place = flights.place_at(plant.place)
    place.write("_waveforms/x.parquet", place.read("_waveforms/x.parquet")[:-20])
    with pytest.raises(StoreError, match=r"waveform .*x\.parquet: cannot be read"):
        waveforms.find(plant.place, "_waveforms/x.parquet")
