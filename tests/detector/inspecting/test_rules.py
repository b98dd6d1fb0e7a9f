"""Every rule: a recording that it speaks of, and one nearly like it of which it says nothing."""

from __future__ import annotations

import re

import numpy as np
import pytest

from detector.inspecting.describe import describe
from detector.inspecting.rules.table import FEATURE_RULES, RECORDING_RULES
from tests.support.serving import PROJECT
from tests.support.sessions.recorded import (
    RATE_HZ,
    START,
    noise,
    random,
    recording,
    start_and_run,
    times,
    vibration,
)

N = 6000


def one(values, **more):
    """A recording of one feature."""
    return recording({"a": values}, **more)


def with_label(faulty):
    """Labelled throughout or nowhere."""
    label = np.zeros(N, np.bool_)
    label[1000:1500] = label[3000:3100] = faulty
    return one(vibration(), label=label)


def holed(every):
    """Two features, one of which is known in every so-manieth row."""
    values = vibration()
    values[np.arange(N) % every != 0] = np.nan
    return recording({"a": values, "b": vibration(seed=1)})


def apart(samples):
    """Two features, the second of which is known only some time after the first is."""
    first, second = vibration(), vibration(seed=1)
    first[N // 2 :] = np.nan
    second[: N // 2 + samples] = np.nan
    return recording({"a": first, "b": second})


def jittered(share):
    """Times off by a normal share of the period."""
    return one(vibration(), ts=times() + share / RATE_HZ * noise(seed=3).clip(-3, 3))


def repeated(count):
    """Some times are those of the sample before."""
    ts = times()
    ts[100 : 100 + 2 * count : 2] = ts[99 : 99 + 2 * count : 2]
    return one(vibration(), ts=ts)


def back(by_s):
    """The clock is set after half of it."""
    ts = times()
    ts[N // 2 :] -= by_s
    return one(vibration(), ts=ts)


def losing(count):
    """Single samples are missing here and there."""
    keep = np.ones(N, np.bool_)
    keep[random().choice(np.arange(1, N - 1, 3), count, replace=False)] = False
    return one(vibration()[keep], ts=times()[keep])


def drifting(share):
    """Each step is a little longer than the one before."""
    steps = (1 + share * np.linspace(0, 1, N)) / RATE_HZ
    return one(vibration(), ts=START + np.cumsum(steps))


def two_rates(second_hz):
    """Another rate from the middle on."""
    steps = np.where(np.arange(N) < N // 2, 1 / RATE_HZ, 1 / second_hz)
    return one(vibration(), ts=START + np.cumsum(steps))


def at_rate(rate_hz, rpm=600.0):
    """A machine that turns all the time."""
    return recording({"a": vibration(rate_hz=rate_hz), "rpm": np.full(N, rpm)},
                     ts=times(N, rate_hz))  # fmt: skip


def running_for(share):
    """A machine that turns in the last part of the recording."""
    rpm = np.where(np.arange(N) >= N * (1 - share), 600.0, 0.0)
    return recording({"a": vibration(), "rpm": rpm})


def standing_for(share, quieter):
    """A vibration that is quieter in the first part, and no running signal."""
    return one(vibration() * np.where(np.arange(N) < share * N, quieter, 1.0))


def beside(factor, of_its_own):
    """A second feature that is a multiple of the first, and noise."""
    values = vibration()
    return recording({"a": values, "b": factor * values + 3 + of_its_own * noise(seed=5)})


def axes(quietest):
    """Three axes, one of which moves less."""
    parts = {f"acc_{axis}": vibration(seed=seed) for seed, axis in enumerate("xyz")}
    return recording({**parts, "acc_z": quietest * parts["acc_z"]})


def clipped_at(limit, lowest=-10.0):
    """Peaks cut off."""
    return one(np.clip(vibration(), lowest, limit))


def stepped(step):
    """Rounded to a step."""
    return one(np.round(vibration() / step) * step)


def filled_with(value, count=20):
    """Some samples are another number."""
    values = vibration()
    values[random().choice(N, count, replace=False)] = value
    return one(values)


def hanging(samples, base=None):
    """One value stands for a while."""
    values = vibration() if base is None else base
    values[2000 : 2000 + samples] = values[2000]
    return one(values)


def held_for(k):
    """Sampled every k samples and repeated."""
    return one(np.repeat(noise(N // k), k))


def rising(how):
    """A smooth level, and noise that is stronger towards the Nyquist frequency."""
    return one(np.cumsum(noise(N)) * 0.02 + how * np.diff(noise(N + 2, seed=2), 2))


def behind_filter(taps):
    """A machine that starts, its broadband vibration led through a filter."""
    speed = start_and_run()
    broad = np.convolve(noise(len(speed) + len(taps) - 1), taps, "valid") * (speed > 0)
    quiet = 0.02 * noise(len(speed), seed=7)
    return recording({"a": broad + quiet, "rpm": speed})


def humming(hz, size, rate_hz=400.0, rpm=None):
    """A line beside the vibration."""
    n = 12_000
    hum = size * np.sin(2 * np.pi * hz * np.arange(n) / rate_hz)
    speed = {} if rpm is None else {"rpm": np.full(n, rpm)}
    return recording({"a": vibration(n, rate_hz) + hum, **speed}, ts=times(n, rate_hz))


def two_thermometers(noise_of_b):
    """One slow trend, each with noise of its own."""
    trend = 20 * np.linspace(0, 1, N) ** 2
    return recording({"a": trend + 0.05 * noise(), "b": trend + noise_of_b * noise(seed=1)})


# rule -> a recording that it speaks of, one that it does not, a number that the sentence tells
CASES = {
    "labelled": (with_label(True), with_label(False), "600 samples (10 %) in 2 stretches"),
    "no-session": (apart(10), apart(2), "no row"),
    "no-window": (one(vibration(19), ts=times(19)), one(vibration(400), ts=times(400)),
                  "19 samples, a window needs 20"),
    "repeated-times": (repeated(5), repeated(0), "5 times"),
    "backward-times": (back(5.0), back(0.0), "back 1 time"),
    "future-times": (one(vibration(), ts=times() + 2e9), one(vibration()), "of 2087-"),
    "lost-samples": (losing(60), losing(5), "60 samples"),
    "rounded-times": (one(vibration(), ts=np.round(times(N, 41), 2)),
                      one(vibration(), ts=np.round(times(N, 41), 3)), "rounded to 0.01 s, 50 %"),
    "jitter": (jittered(0.2), jittered(0.05), "deviate by"),
    "drift": (drifting(0.01), drifting(0.0005), "grows by 0.9"),
    "changing-rate": (two_rates(50.0), two_rates(95.0), "from 50 to 100 Hz"),
    "told-rate": (one(vibration(), rate_hz=110.0), one(vibration(), rate_hz=101.0), "110 Hz"),
    "shaft-speed": (at_rate(20.0), at_rate(60.0), "2 samples a revolution"),
    "bearing-tones": (at_rate(100.0), at_rate(140.0), "54 Hz"),
    "long-revolutions": (at_rate(700.0), at_rate(500.0), "280 samples"),
    "waveform": (one(vibration(rate_hz=20_000.0), ts=times(N, 20_000.0)),
                 one(vibration(rate_hz=1000.0), ts=times(N, 1000.0)), "lasts 12 ms"),
    "little-running": (running_for(0.1), running_for(0.4), "10 % of the samples"),
    "two-levels": (standing_for(0.3, 0.1), standing_for(0.3, 0.7), "30 % of the time"),
    "copies": (beside(-2.5, 0.0), beside(-2.5, 1.0), "b is -2.5 times a"),
    "empty": (one(np.full(N, np.nan)), holed(2), "no value"),
    "mostly-missing": (holed(10), holed(1), "90 % of the rows have no value, only every 10th"),
    "constant": (one(np.full(N, 4.2)), one(np.where(np.arange(N) == 7, 4.3, 4.2)), "always 4.2"),
    "dead": (axes(0.001), axes(0.1), "smaller"),
    "clipped": (clipped_at(0.8), clipped_at(10.0), "exactly 0.8"),
    "quantised": (stepped(0.5), stepped(0.1), "steps of 0.5"),
    "offset": (one(1e6 + vibration()), one(1e3 + vibration()), "float32"),
    "filler": (filled_with(-999.0), filled_with(-4.0), "20 samples are -999"),
    "stuck": (hanging(300), hanging(5), "longest 300 samples (3 s) at 20 s"),
    "held": (held_for(10), one(vibration()), "stands 10 times: it is sampled at 10 Hz"),
    "aliased": (rising(0.5), rising(0.005), "may be aliased"),
    "unfiltered": (behind_filter([1.0]), behind_filter([0.1, 0.25, 0.3, 0.25, 0.1]), "up to 50 Hz"),
    "mains": (humming(50.0, 1.0), humming(50.0, 0.05), "one line at 50 Hz"),
}  # fmt: skip

NOT_SPOKEN_OF = {
    "copies: two slow trends": ("copies", two_thermometers(0.05)),
    "clipped: a floor at zero": ("clipped", clipped_at(10.0, lowest=0.0)),
    "clipped: a sensor with few levels": ("clipped", stepped(0.5)),
    "stuck: a coarse sensor": ("stuck", stepped(1.0)),
    "stuck: a slow thermometer": ("stuck", one(np.round(20 + np.linspace(0, 3, N), 1))),
    "stuck: while it stands": (
        "stuck",
        recording({"a": np.where(start_and_run() > 0, vibration(30_000), 0.0),
                   "rpm": start_and_run()}),
    ),
    "held: a slow ramp of a coarse sensor": ("held", one(np.floor(np.arange(N) / 50) / 10)),
    "aliased: white noise": ("aliased", one(noise())),
    "unfiltered: no running signal": ("unfiltered", one(noise())),
    "mains: the shaft turns at 3000": ("mains", humming(50.0, 1.0, rpm=3000.0)),
    "mains: another line": ("mains", humming(70.0, 1.0)),
    "two-levels: white noise": ("two-levels", one(noise())),
    "offset: milli-g on gravity": ("offset", one(1 + 0.0015 * noise())),
    "filler: it is near the others": ("filler", one(-999 + 300 * noise())),
    "rounded-times: one second at 1 Hz": ("rounded-times", one(noise(), ts=times(N, 1.0))),
    "drift: a clock that wanders": (
        "drift",
        one(vibration(), ts=START + np.cumsum(1 + 0.01 * np.sin(np.arange(N) / 300)) / RATE_HZ),
    ),
    "two-levels: a level that moves slowly": (
        "two-levels", one(noise() * np.exp(-3 * np.linspace(0, 1, N))),
    ),
    "unfiltered: some is left at the end": ("unfiltered", behind_filter([0.3, 0.4, 0.3])),
    "drift: jitter without a trend": ("drift", jittered(0.05)),
    "shaft-speed: slow channels": ("shaft-speed", at_rate(1.0)),
    "bearing-tones: slow channels": ("bearing-tones", at_rate(1.0)),
    "waveform: said by the speed already": ("waveform", at_rate(5000.0)),
    "long-revolutions: no speed": ("long-revolutions", one(vibration())),
}  # fmt: skip


def said(rule, about):
    """What one rule says of a recording."""
    return [advice.text for advice in describe(about).advice if advice.rule == rule]


def test_every_rule_has_a_case():
    """A new rule brings one."""
    assert set(CASES) == RECORDING_RULES.keys() | FEATURE_RULES.keys()


def test_every_rule_is_documented():
    """In the table that a reader finds."""
    section = (PROJECT / "docs" / "detection.md").read_text().split("## Before training")[1]
    named = set(re.findall(r"`([\w-]+)`", section.split("\n## ")[0]))
    compared = {"mixed-rates", "other-features", "too-short"}
    assert RECORDING_RULES.keys() | FEATURE_RULES.keys() | compared <= named


@pytest.mark.parametrize("rule", CASES)
def test_a_rule_speaks_of_what_it_is_for(rule):
    """Once, in one line, with the number that matters."""
    found = said(rule, CASES[rule][0])
    assert len(found) == 1
    assert CASES[rule][2] in found[0]
    assert "\n" not in found[0]


@pytest.mark.parametrize("rule", CASES)
def test_a_rule_is_silent_of_what_is_nearly_so(rule):
    """A near miss."""
    assert said(rule, CASES[rule][1]) == []


@pytest.mark.parametrize("name", NOT_SPOKEN_OF)
def test_a_rule_is_silent_of_what_only_looks_so(name):
    """Known ways to be wrong."""
    rule, about = NOT_SPOKEN_OF[name]
    assert said(rule, about) == []


def test_a_sound_recording_is_left_alone():
    """No rule speaks of a filtered vibration with even times."""
    assert describe(recording({"a": vibration(), "b": vibration(seed=1)})).advice == ()
