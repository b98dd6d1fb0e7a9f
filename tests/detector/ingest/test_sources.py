"""Which source reads a topic, and in which format."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest

from detector.errors import PayloadError, SettingsError
from detector.ingest.sources import Sources
from detector.settings.sources import SourceSettings
from tests.support.ingest.decoding import ARRIVAL, T0, read, told


def test_the_most_specific_source_reads_a_topic():
    """Templates may overlap; a word counts more than a wildcard."""
    sources = Sources([
        SourceSettings(topic="plant/#", device=("id",)),
        SourceSettings(topic="plant/{device}/fast", scale=2.0),
    ])  # fmt: skip
    fast = told(sources.decode("plant/p/fast", b'{"ts": 1772366400, "a": 1}', ARRIVAL))
    slow = told(sources.decode("plant/p/slow", b'{"ts": 1772366400, "id": 9, "a": 1}', ARRIVAL))
    assert (fast, slow) == ([("p", [T0], {"a": [2]})], [("9", [T0], {"a": [1]})])


def test_a_topic_may_change_its_format():
    """`auto` remembers a format by topic, and looks again when it does not fit."""
    sources = Sources([SourceSettings(topic="sensors/{device}")])
    forms = [b'{"a": "1"}', msgspec.msgpack.encode({"a": 1}), b'{"a": "1"}']
    assert [sources.decode("sensors/p", form, ARRIVAL).format for form in forms] == [
        "json", "messagepack", "json",
    ]  # fmt: skip


def test_columns_are_float32():
    """As everywhere in the detector."""
    ((_, samples),) = read("sensors/p", b'{"ts": 1772366400, "a": "0.1"}').blocks
    assert (samples.values.dtype, samples.ts.dtype) == (np.float32, np.float64)


def test_a_time_that_is_none_is_refused_wherever_it_stands():
    """A NaN among plain numbers compares with none of them."""
    sources = Sources([SourceSettings(topic="sensors/{device}")])
    for at in range(3):
        ts = [T0, T0 + 1, T0 + 2]
        ts[at] = math.nan
        with pytest.raises(PayloadError, match="time: found nan"):
            sources.decode("sensors/p", msgspec.msgpack.encode({"ts": ts, "a": [1, 2, 3]}), ARRIVAL)


KEPT, GONE = SourceSettings(topic="k/{device}"), SourceSettings(topic="g/{device}")
SCALED = SourceSettings(topic="k/{device}", scale=2.0)
PAYLOAD = b'{"ts": 1772366400, "a": 1}'


def test_sources_that_change_keep_what_stays_the_same():
    """What a source has learnt and counted; others begin, and what went is refused."""
    sources = Sources([KEPT, GONE])
    for topic in ("k/p", "g/p"):
        sources.decode(topic, PAYLOAD, ARRIVAL)
    kept = sources.find("k/p")[0]

    sources.become(sources.changed([KEPT, SourceSettings(topic="n/{device}")]))

    assert sources.find("k/p")[0] is kept
    assert sources.tallies["k/{device}"].messages == 1
    assert sorted(sources.filters) == ["k/+", "n/+"]
    assert sources.decode("n/p", PAYLOAD, ARRIVAL).blocks
    with pytest.raises(PayloadError, match=r"allowed: k/\{device\}, n/\{device\}"):
        sources.decode("g/p", PAYLOAD, ARRIVAL)
    assert sources.device_of("g/p") == "g/p"


def test_a_source_that_reads_otherwise_counts_on():
    """By its topic; until the change is taken up nothing is read otherwise."""
    sources = Sources([KEPT])
    sources.decode("k/p", PAYLOAD, ARRIVAL)
    changed = sources.changed([SCALED])
    assert told(sources.decode("k/p", PAYLOAD, ARRIVAL)) == [("p", [T0], {"a": [1]})]
    sources.become(changed)
    assert told(sources.decode("k/p", PAYLOAD, ARRIVAL)) == [("p", [T0], {"a": [2]})]
    assert sources.tallies["k/{device}"].messages == 3


def test_sources_that_cannot_be_used_change_nothing():
    """Two for one topic are refused, and those there are go on."""
    sources = Sources([KEPT])
    with pytest.raises(SettingsError, match="found two with the topics"):
        sources.changed([KEPT, SCALED])
    assert sources.decode("k/p", PAYLOAD, ARRIVAL).blocks
