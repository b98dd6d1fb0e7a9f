"""Which source reads a topic, and in which format."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import pytest

from detector.errors import PayloadError
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
