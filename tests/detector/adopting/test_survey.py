"""What is said of what was heard, and the settings that come of it."""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from detector.adopting import recording as bounds
from detector.adopting.advice import device_blocks, proven
from detector.adopting.recording import Heard, Recording
from detector.adopting.survey import survey
from detector.adopting.timing import Pace, timing_of
from detector.cli.discover.adopt_report import as_object, as_text
from detector.cli.tables import as_json
from detector.errors import AdoptError
from detector.ingest.sources import Sources
from detector.settings.sources import SourceSettings
from detector.settings.tree import Settings
from tests.support.heard import T0, surveyed, templates


def iso(now, hours=0):
    """A local time without a zone, as Tasmota tells it."""
    return datetime.fromtimestamp(now + hours * 3600, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")


def settings_of(found):
    """The proposed sources, as TOML has them."""
    return tomllib.loads(found.settings)["sources"]


def test_channels_have_range_unit_and_rate():
    """Of each device, from its own clock."""
    found = surveyed({"plant/fan-1": lambda i, now: [
        {"n": "temp", "u": "Cel", "v": 20 + i, "t": now}, {"n": "load", "v": 1, "t": now},
    ]}, n=20)  # fmt: skip
    [device] = found.sources[0].devices
    temp = device.channels["temp"]
    assert (temp.unit, temp.low, temp.high, temp.samples) == ("Cel", 20, 39, 20)
    assert temp.timing.pace is Pace.PERIODIC
    assert temp.timing.rate_hz == pytest.approx(10, rel=1e-3)


@pytest.mark.parametrize(
    ("payload", "time"),
    [
        (lambda _, now: {"ts": int(now * 1000), "x": 1}, ("ts", "ms")),
        (lambda _, now: {"head": {"Time": now}, "x": 1}, ("Time", "s")),
        (lambda _, now: {"t": str(int(now * 1e6)), "x": 1}, ("t", "µs")),
        (lambda _, now: {"timestamp": iso(now) + "Z", "x": 1}, ("timestamp", "ISO 8601")),
        (lambda _, now: f"m v=1 {int(now * 1e9)}", ("the payload", "ns")),
        ({"x": 1}, ("arrival", "")),
    ],
)
def test_where_the_time_comes_from(payload, time):
    """The key and the unit, or the arrival."""
    [source] = surveyed({"plant/fan-1": payload}).sources
    assert list(source.found.clock.origins) == [time]


def test_a_clock_off_by_whole_hours_is_a_time_zone():
    """Where its times name none; the zone to set is named."""
    found = surveyed({"tele/plug/SENSOR": lambda _, now: {"Time": iso(now, 9), "P": 1}})
    assert found.sources[0].found.clock.offset_s == pytest.approx(-9 * 3600)
    assert "ISO 8601 without zone, read as UTC; 9 h after arrival" in as_text(found)
    [line] = found.sources[0].careful
    assert '"Etc/GMT-9"' in line
    source = SourceSettings(topic="tele/{device}/SENSOR", time_zone="Etc/GMT-9")
    payload = json.dumps({"Time": iso(T0, 9), "P": 1}).encode()
    [(_, block)] = Sources([source]).decode("tele/plug/SENSOR", payload, T0).blocks
    assert block.ts[0] == T0


def test_times_too_coarse_for_the_rate_are_told():
    """The detector drops samples with the time of another."""
    [source] = surveyed({"plant/fan-1": lambda _, now: {"ts": int(now), "x": 1}}, n=50).sources
    assert any("90 % of the samples of fan-1" in line for line in source.careful)


@pytest.mark.parametrize(
    ("times", "pace", "rate_hz", "gaps"),
    [
        (np.arange(20) * 0.1, Pace.PERIODIC, 10, 0),
        (np.delete(np.arange(40) * 0.1, slice(10, 16)), Pace.PERIODIC, 10, 1),
        (np.cumsum([1, 7, 0.5, 22, 3, 0.2, 9, 41.0]), Pace.ON_CHANGE, 7 / 82.7, 0),
        (np.arange(3.0), Pace.FEW, None, 0),
        (np.array([]), Pace.FEW, None, 0),
    ],
)
def test_the_pace_of_samples(times, pace, rate_hz, gaps):
    """Periodic, with gaps, on change, or too few to say."""
    found = timing_of(T0 + times)
    assert (found.pace, found.gaps) == (pace, gaps)
    assert found.rate_hz == (None if rate_hz is None else pytest.approx(rate_hz, rel=1e-3))


@pytest.mark.parametrize(
    ("topic", "payload", "needed"),
    [
        ("a/m-1", lambda i, now: f"{now:.1f};{i};2", {"columns": ["ts", "c1", "c2"]}),
        ("a/m-1", "1,2,3", {"columns": ["c1", "c2", "c3"]}),
        ("a/m-1", {"x": [0.5] * 32}, {"rate_hz": 320.0}),
        ("a/m-1", lambda _, now: {"ts": now, "x": [0.5] * 64}, {"rate_hz": 640.0}),
        ("a/m-1", lambda _, now: {"zeit": int(now * 1000), "x": 1}, {"time": "zeit"}),
        ("a/b", lambda i, _: {"dev_id": f"m{i % 2}", "x": 1}, {"device": ["dev_id"]}),
        ("a/b", lambda i, _: {"model": "A", "id": i % 2, "x": 1}, {"device": ["model", "id"]}),
    ],
)
def test_settings_without_which_it_is_not_read(topic, payload, needed):
    """Columns, a rate, the key of the time or of the device; only where they are needed."""
    [source] = settings_of(surveyed({topic: payload}))
    assert {key: value for key, value in source.items() if key != "topic"} == needed


def test_counted_rates_are_one_setting():
    """The middle of what each device was counted with."""
    burst = {"x": [0.5] * 32}
    found = surveyed({"imu/a": burst, "imu/b": burst, "imu/c": {"x": [0.5] * 40}})
    assert settings_of(found) == [{"topic": "imu/{device}", "rate_hz": 320.0}]
    assert "counted of 320 to 400 from what arrived" in " ".join(found.sources[0].proposal.why)


def test_keys_that_look_like_devices_or_times_are_left_alone():
    """A counter called id, a constant serial number, the time of the last start."""
    found = surveyed({"a/m-1": lambda i, _: {"id": i, "sn": "7", "boot": iso(T0 - 60), "x": 1}})
    assert settings_of(found) == [{"topic": "a/{device}"}]


def test_what_is_not_used_has_a_reason():
    """Words, asides, bytes; and nothing of it in the sources."""
    found = surveyed({"plant/fan-1": {"x": 1}, "plant/fan-1/lwt": "Online", "cam/1": b"\xff\xd8",
                      "tele/plug/STATE": {"Heap": 9}, "rpm": "9"})  # fmt: skip
    assert {topic: reason.partition(":")[0] for topic, reason in found.unused.items()} == {
        "plant/fan-1/lwt": "no numbers",
        "cam/1": "payload",
        "tele/plug/STATE": "left aside",
        "rpm": "numbers, but no level of the topic is left to name the device",
    }


def test_an_aside_that_was_asked_for_is_taken():
    """Where nothing else was heard."""
    assert templates(surveyed({"tele/plug/STATE": {"Heap": 9}})) == ["tele/{device}/STATE"]


@pytest.mark.parametrize(
    ("messages", "line"),
    [
        ({}, "nothing was heard"),
        ({"cam/1": b"\xff\xd8"}, "8 messages on 1 topic, none usable: cam"),
    ],
)
def test_nothing_usable_is_one_line(messages, line):
    """With what was heard and what to do."""
    with pytest.raises(AdoptError, match=line) as caught:
        surveyed(messages)
    assert "\n" not in str(caught.value)


def test_sources_that_the_settings_have_are_comments():
    """Pasted again they would be refused."""
    known = Settings(sources=(SourceSettings(topic="plant/{device}"),))
    found = surveyed({"plant/fan-1": {"x": 1}, "hall/m/rpm": "3"}, settings=known)
    assert settings_of(found) == [{"topic": "hall/{device}/{feature}"}]
    assert '# topic = "plant/{device}"' in found.settings


def test_two_sources_for_one_channel_are_told():
    """They would be mixed."""
    found = surveyed({"plant/fan-1": {"x": 1}, "hall/fan-1/x": "3"})
    [line] = found.careful
    assert "x of fan-1 is read from hall/{device}/{feature}, plant/{device}" in line


def test_settings_that_read_something_else_are_told():
    """Another device than the proposal has it, in a line that names both."""
    found = surveyed({"plant/fan-1": {"x": 1}})
    [proposal] = [source.proposal for source in found.sources]
    blocks = '[[sources]]\ntopic = "{device}/+"'
    told = proven(blocks, found.recording.kept, [proposal]).differences
    assert told == ["plant/fan-1: expected 8 of x of fan-1; read 8 of x of plant"]
    assert "careful, read with them it is not as above" in as_text(replace(found, differences=told))


def test_devices_alike_share_a_rule():
    """Names before patterns, each device with the rule that is for it."""
    names = ("fan-1", "fan-2", "m1", "m2", "motor", "odd[1]*")
    text = device_blocks({name: frozenset("x") for name in names})
    rules = Settings(devices=tomllib.loads(text)["devices"])
    assert [rule.match for rule in rules.devices] == [
        "motor", "odd[[]1][*]", "fan-*", "m[0-9]*"
    ]  # fmt: skip
    assert [rules.rule_for(name).match for name in names] == [
        "fan-*", "fan-*", "m[0-9]*", "m[0-9]*", "motor", "odd[[]1][*]"
    ]  # fmt: skip
    assert 'match = "*"' in device_blocks({f"{i}a": frozenset("x") for i in range(40)})


def test_what_was_sent_is_inert_where_it_is_shown():
    """Escapes of a terminal, marks of TOML, names that cannot be printed."""
    found = surveyed({'a/"\\fan\x7f': {"x": 1}, 'a/"\\fan': {"x": 1, "\x1b[31m": "red"},
                      "a/\u202eb": {"x": 1}})  # fmt: skip
    for text in (as_text(found), as_json(as_object(found))):
        assert text.replace("\n", "").isprintable()
    assert tomllib.loads(found.settings)["devices"][0]["match"] == '"\\fan'


def test_a_recording_is_bounded(monkeypatch):
    """Further messages and topics are counted and not kept; what is ours and what is old too."""
    monkeypatch.setattr(bounds, "KEPT_PER_TOPIC", 3)
    monkeypatch.setattr(bounds, "KEPT_TOPICS", 2)
    recording = Recording("#", "faultline/")
    for topic in ("a/1", "a/2", "a/3", "faultline/m/state"):
        for _ in range(5):
            recording.add(Heard(topic, b"1", T0), is_retained=False)
    recording.add(Heard("a/1", b"1", T0), is_retained=True)
    assert (len(recording.kept), recording.n_live, recording.n_own) == (6, 15, 5)
    assert recording.retained == {"a/1": 1}
    assert survey(recording, Settings()).recording.n_beyond == 5
