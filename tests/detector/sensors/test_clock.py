"""What a device's times say: jumps, repeats, wrong order, gaps, and what is only its way."""

from __future__ import annotations

import numpy as np
import pytest

from detector.sensors.clock import LEARN_S, TOLD_S, ClockWatch
from detector.text import plain
from tests.support.sensors.shaken import RATE_HZ, START, times

BEGINS_S = 30
N = round(60 * RATE_HZ)


def heard(ts: np.ndarray, arrival: np.ndarray | None = None, *, is_whole: bool = True) -> list:
    """What was said of times that arrive ten at a time, by default when they should be."""
    watch = ClockWatch()
    arrival = times(len(ts)) + 0.02 if arrival is None else arrival
    last = np.minimum(np.arange(9, len(ts) + 9, 10), len(ts) - 1)
    return [
        watch.trouble
        for at in last.tolist()
        if watch.hear(ts[at - 9 : at + 1], arrival[at], is_whole=is_whole)
    ]


def late(ts: np.ndarray) -> np.ndarray:
    """Those after the beginning, to be changed in place."""
    return ts[round(BEGINS_S * RATE_HZ) :]


def jump_forward(ts):
    """By the least that is told, and some."""
    ts += 4.6


def jump_back(ts):
    """By an hour."""
    ts -= 3600.0


def repeat(ts):
    """One in fifty has the time of the one before."""
    ts[1::50] = ts[::50]


def mix(ts):
    """Neighbours in each other's place."""
    ts[1::50], ts[::50] = ts[::50].copy(), ts[1::50].copy()


def nudge_forward(ts):
    """By little: no network brings a message sooner than ever."""
    ts += 0.25


def nudge_back(ts):
    """By as little, which a full network might do for a while."""
    ts -= 0.25


def hasten(ts):
    """Two thousandths too fast."""
    ts += 2e-3 * np.arange(len(ts)) / RATE_HZ


def lose(ts):
    """A twentieth of a second is missing every two."""
    ts += 0.05 * (np.arange(len(ts)) // 200)


@pytest.mark.parametrize("rate", [1.1, 1.5, 2.4, 50.0])
def test_a_clock_that_runs_away_is_told_while_it_does(rate):
    """Within seconds, and for as long as it runs; at last how far it went."""
    ends_s, watch = 120.0, ClockWatch()
    for begin in np.arange(0.0, 150.0, 0.1):
        arrival = START + begin + np.arange(10) / RATE_HZ
        away_s = (rate - 1) * np.clip(arrival - START - BEGINS_S, 0.0, ends_s - BEGINS_S)
        watch.hear(arrival + away_s, float(arrival[-1]) + 0.02, is_whole=True)
        if BEGINS_S + 7 < begin < ends_s:
            assert watch.trouble is not None, begin
        elif begin < BEGINS_S:
            assert watch.trouble is None
    went = f"its clock jumped forward by {plain(away_s[-1])} s against the arrival"
    assert rate == 1.1 or watch.trouble.sentence == went


@pytest.mark.parametrize(
    ("change", "rule", "words"),
    [
        (jump_forward, "jumped", "jumped forward by 4.6 s"),
        (jump_back, "jumped", "jumped back by 3,600 s"),
        (nudge_forward, "jumped", "jumped forward by 0.25 s"),
        (nudge_back, "jumped", "jumped back by 0.25 s"),
        (hasten, "skewed", "millionths fast against the arrival"),
        (repeat, "repeated", "times that are repeated"),
        (mix, "disordered", "times in the wrong order"),
        (lose, "gaps", "gaps between its samples"),
    ],
    ids=lambda one: getattr(one, "__name__", one),
)
def test_times_that_go_wrong_are_told(change, rule, words):
    """Of the device as a whole, once three have come within ten seconds, or a delay is even."""
    ts = times(3 * N)
    change(late(ts))
    said = heard(ts, ts + 0.02 if change is lose else None)[0]
    assert (said.rule, said.features) == (rule, ())
    assert words in said.sentence
    assert abs(said.since - late(ts)[0]) < 21


def test_a_jump_is_told_for_a_minute_and_order_as_long_as_it_lasts():
    """Then the clock is what it is."""
    ts = times(N * 3)
    late(ts)[:] += 10.0
    assert [one and one.rule for one in heard(ts)] == ["jumped", None]
    ts = times(N)
    late(ts)[1:500:50] = late(ts)[:500:50]
    assert [one and one.rule for one in heard(ts)] == ["repeated", None]
    assert TOLD_S == 60.0


def test_what_a_device_does_from_the_beginning_is_its_way():
    """A sender that says all twice, or leaves out samples that have not changed."""
    for change in (repeat, mix, lose):
        ts = times(N)
        change(ts)
        assert heard(ts, ts + 0.02 if change is lose else None) == []
    assert LEARN_S < BEGINS_S


def test_what_only_looks_like_a_wrong_clock_is_none():
    """Parts of one moment, a recording played back quickly, a backlog caught up, a pause."""
    ts = np.repeat(times(N // 2), 2)
    assert heard(ts, times(N), is_whole=False) == []
    assert heard(times(N), START + np.arange(N) / RATE_HZ / 8) == []
    held = times(N)
    held[3000:3600] = held[3600]  # arrive together
    assert heard(times(N), held + 0.02) == []
    pause = times(N)
    late(pause)[:] += 20.0
    assert heard(pause, pause + 0.02) == []


def test_a_slow_clock_is_told_when_it_is_far_off():
    """By ten seconds, as a drift, where it runs no worse than a quartz may."""
    arrival = START + 40 * np.arange(4000.0)
    ts = START + (arrival - START) * (1 - 8e-5)
    said = heard(ts, arrival + 0.02)
    assert said[0].rule == "drifted"
    assert "back by 10" in said[0].sentence


def test_a_network_is_no_clock():
    """Delays that scatter, a full line for twenty seconds, and a backlog that grows and goes."""
    scattered = times(5 * N) + np.random.default_rng(4).exponential(0.05, 5 * N)
    assert heard(times(5 * N), np.maximum.accumulate(scattered)) == []
    full, growing = times(2 * N) + 0.02, times(2 * N) + 0.02
    full[4000:6000] += 0.4
    growing[4000:8000] += 2.0 * np.arange(4000) / 4000
    assert heard(times(2 * N), full) == []
    assert heard(times(2 * N), np.maximum.accumulate(growing)) == []
