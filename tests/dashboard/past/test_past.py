"""What the chart is told of a device's past: every extreme, every gap, what to compare it with."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest

from dashboard.past import asked
from dashboard.past.healthy import healthy_before
from dashboard.past.shares import shares
from dashboard.past.stretch import stretch
from tests.support.stores.machine import START


def decoded(message):
    """Header and what follows it."""
    length = int.from_bytes(message[:4], "little")
    return msgspec.json.decode(message[4 : 4 + length]), message[4 + length :]


def wanted(start, end, device="press-1", points=2000, features=()):
    """Of the machine, in seconds after its start."""
    return asked.Asked(device, START + start, START + end, points, features)


def test_a_short_stretch_comes_sample_by_sample(connection, place):
    """As a live update does, cut to what was asked, with its gap, alarm and note."""
    header, _ = decoded(stretch(connection, place, wanted(60.05, 300)))
    assert header["kind"] == "samples"
    assert sum(block["n"] for block in header["blocks"]) == 599 + 1200
    [gap] = header["gaps"]
    assert (gap["reason"], gap["detail"]) == ("silent", None)
    assert (gap["start"], gap["end"]) == pytest.approx((START + 119.9, START + 180))
    assert [one["peak_score"] for one in header["alarms"]] == [3.9]
    assert [one["value"]["why"] for one in header["notes"]] == ["belt <b>new</b>"]


def test_a_long_stretch_comes_in_buckets(connection, place):
    """From before the first sample to after the newest one: both are gaps, each with its reason."""
    header, body = decoded(stretch(connection, place, wanted(-600, 3000, points=500)))
    assert header["kind"] == "buckets"
    assert header["features"] == ["a", "b"]
    assert [gap["reason"] for gap in header["gaps"]] == ["before_first", "silent", "after_newest"]
    ts = np.frombuffer(body, "<f8", header["n"])
    assert START - 10 <= ts[0] <= START
    assert np.all(np.diff(ts) > 0)


@pytest.mark.parametrize("span", [(60, 300), (-600, 3000)], ids=["samples", "buckets"])
@pytest.mark.parametrize(("features", "sent"), [(("b",), ["b"]), (("b", "a"), ["a", "b"]),
                                                (("gone",), [])])  # fmt: skip
def test_only_what_is_drawn_is_sent(connection, place, span, features, sent):
    """With the values that all together have, and all that is told beside them."""
    whole, body = decoded(stretch(connection, place, wanted(*span)))
    header, part = decoded(stretch(connection, place, wanted(*span, features=features)))
    for told in ("anomalies", "samples", "gaps", "alarms", "notes"):
        assert header[told] == whole[told]
    if span[0] == 60:
        assert [block["features"] for block in header["blocks"]] == [sent] * len(header["blocks"])
        return
    assert (header["features"], header["n"]) == (sent, whole["n"])
    n = header["n"]
    at = 12 * n + n * 4 % 8  # times, widths and what fills up to eight bytes
    all_low = np.frombuffer(body, "<f4", 2 * n, at).reshape(2, n)
    low = np.frombuffer(part, "<f4", len(sent) * n, at).reshape(-1, n)
    assert np.array_equal(low, all_low[["ab".index(name) for name in sent]], equal_nan=True)


@pytest.mark.parametrize(
    ("device", "span"), [("nobody", (0, 300)), ("press-1", (9000, 9300)), ("press-1", (0, 0.05))]
)
def test_little_or_nothing_is_an_answer(connection, place, device, span):
    """A device that is gone, a time without data, a single sample."""
    header, _ = decoded(stretch(connection, place, wanted(*span, device=device, points=100)))
    assert header["samples"] in {0, 1}
    assert [gap["reason"] for gap in header["gaps"]] in ([], ["before_first"], ["after_newest"])


def test_shares_are_those_of_the_anomalies(connection):
    """Where there is none, of all; where no sample is, of nothing."""
    found = shares(connection, "press-1", START, START + 300)
    assert (found.of, found.shares) == ("anomalies", {"a": 0.75, "b": 0.25})
    assert shares(connection, "press-1", START, START + 60).of == "all"
    assert shares(connection, "press-1", START - 60, START - 30).of == "nothing"
    of_alarm = shares(connection, "press-1", START + 300, START + 360)
    assert (of_alarm.of, of_alarm.shares) == ("alarms", {"a": 0.5, "b": 0.5})


def test_the_healthy_stretch_lies_before_the_first_alarm(connection, place):
    """In one piece, of the same length, the newest there is; else none."""
    found = healthy_before(connection, place, "press-1", START + 250, START + 290)
    assert found == pytest.approx(START + 190, abs=2)  # ends 10 s before the alarm
    before_the_silence = healthy_before(connection, place, "press-1", START + 200, START + 300)
    assert before_the_silence == pytest.approx(START + 17, abs=4)
    assert healthy_before(connection, place, "press-1", START + 100, START + 300) is None
    assert healthy_before(connection, place, "nobody", START, START + 5) is None


@pytest.mark.parametrize(
    ("query", "line"),
    [
        ({}, "device: found nothing, allowed: the name of a machine"),
        ({"device": "m"}, "from: found nothing, allowed: ISO 8601 or UTC seconds"),
        ({"device": "m", "from": "1e999"}, "from: found 1e999, allowed"),
        ({"device": "m", "from": "0001-01-01"}, "from: found 0001-01-01, allowed"),
        ({"device": "m", "from": "\x1b[2J"}, r"from: found \x1b[2J, allowed"),
        ({"device": "m", "from": "5", "to": "nan"}, "to: found nan, allowed"),
        ({"device": "m", "from": "5", "to": "5"}, "from: not before to"),
        ({"device": "m", "from": "0", "to": "1e10"}, "from: more than 20 years"),
        ({"device": "m", "from": "5", "to": "6", "points": "²"}, "points: found ²"),
        ({"device": "m", "from": "5", "to": "6", "points": "9" * 99}, "points: found 99999"),
    ],
)
def test_what_cannot_be_asked_is_one_line(query, line):
    """What, found, allowed."""
    with pytest.raises(asked.AskedError) as refused:
        asked.read(query)
    assert str(refused.value).startswith(line)
    assert str(refused.value).isprintable()


def test_times_are_iso_or_seconds():
    """UTC unless they say."""
    query = {"device": "m", "from": "2026-03-01T21:00+09:00", "to": str(START + 1)}
    found = asked.read(query)
    assert (found.start, found.end, found.points) == (START, START + 1, asked.POINTS)
    assert math.isclose(asked.moment("from", "2026-03-01T12:00:00.250"), START + 0.25)
