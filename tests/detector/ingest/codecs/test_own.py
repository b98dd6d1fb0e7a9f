"""Our own JSON form: every shape, every refusal."""

from __future__ import annotations

import json
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from detector.errors import PayloadError
from detector.ingest.messages.contract import RefusedPayloadError
from detector.ingest.messages.payloads import MAX_BYTES
from detector.ingest.sources import Sources
from detector.records import Samples
from detector.settings.sources import SourceSettings

ARRIVAL = 1_800_000_000.0
T0 = 1_700_000_000.0


def decode(payload: bytes, arrival: float) -> list[Samples]:
    """The blocks of a message of one device, by the default source."""
    sources = Sources([SourceSettings(topic="sensors/{device}")])
    return [samples for _, samples in sources.decode("sensors/m", payload, arrival).blocks]


def read(content: Any) -> list[Samples]:
    """The blocks of a message."""
    return decode(json.dumps(content).encode(), ARRIVAL)


def only(content: Any) -> Samples:
    """The one block of a message."""
    (samples,) = read(content)
    return samples


def refusal(payload: bytes) -> RefusedPayloadError:
    """What a message is refused with."""
    with pytest.raises(RefusedPayloadError) as caught:
        decode(payload, ARRIVAL)
    return caught.value


TWO_SAMPLES = {
    "list": [{"ts": T0, "a": 1, "b": 2.5}, {"ts": T0 + 1, "a": 3, "b": None}],
    "list in any order of names": [{"ts": T0, "a": 1, "b": 2.5}, {"b": None, "a": 3, "ts": T0 + 1}],
    "columns": {"ts": [T0, T0 + 1], "a": [1, 3], "b": [2.5, None]},
    "milliseconds": {"ts": [T0 * 1000, T0 * 1000 + 1000], "a": [1, 3], "b": [2.5, None]},
    "thingsboard": [
        {"ts": int(T0 * 1000), "values": {"a": 1, "b": 2.5}},
        {"ts": int(T0 * 1000) + 1000, "values": {"a": 3, "b": None}},
    ],
    "ISO 8601": {
        "ts": ["2023-11-14T22:13:20Z", "2023-11-14T23:13:21+01:00"],
        "a": [True, 3],
        "b": [2.5, None],
    },
}


@pytest.mark.parametrize("form", TWO_SAMPLES)
def test_all_forms_of_several_samples_say_the_same(form: str) -> None:
    """A list, columns and ThingsBoard give one and the same block."""
    samples = only(TWO_SAMPLES[form])
    assert samples.features == ("a", "b")
    np.testing.assert_array_equal(samples.ts, [T0, T0 + 1])
    np.testing.assert_array_equal(samples.values, np.array([[1, 2.5], [3, np.nan]], np.float32))
    assert (samples.ts.dtype, samples.values.dtype) == (np.float64, np.float32)


@pytest.mark.parametrize(
    "content",
    [
        {"ts": T0, "a": 1},
        {"ts": int(T0 * 1000), "values": {"a": 1}},
        {"ts": "2023-11-14T22:13:20", "a": True},
        {"ts": [T0], "a": [1]},
        {"ts": T0, "a": [1]},
        [{"ts": T0, "a": 1.0}],
    ],
)
def test_all_forms_of_one_sample_say_the_same(content: Any) -> None:
    """One sample may be an object, a column of one or a list of one."""
    samples = only(content)
    assert (samples.features, samples.ts.tolist(), samples.values.tolist()) == (("a",), [T0], [[1]])


@pytest.mark.parametrize("content", [{"a": 1}, [{"a": 1}], {"a": [1]}, {"values": {"a": 1}}])
def test_single_sample_without_ts_gets_its_arrival(content: Any) -> None:
    """Without ts the arrival is the time."""
    assert only(content).ts.tolist() == [ARRIVAL]


@pytest.mark.parametrize(
    "content", [[{"a": 1}, {"a": 2}], {"a": list(range(17))}, [{"ts": 1, "a": 1}, {"a": 2}]]
)
def test_several_samples_without_ts_are_refused(content: Any) -> None:
    """The spacing of several samples without ts is unknown."""
    assert refusal(json.dumps(content).encode()).kind in ("time", "rate")


def test_nested_objects_are_flattened_with_dots() -> None:
    """The names of nested features are joined by dots, a ``values`` level only for ThingsBoard."""
    content = {"ts": T0, "acc": {"x": 1, "raw": {"y": 2}}, "values": {"z": 3}}
    assert only(content).features == ("acc.x", "acc.raw.y", "values.z")


@pytest.mark.parametrize(
    ("given_as", "label"),
    [("run-7", "run-7"), (7, "7"), (7.0, "7"), (1.5, "1.5"), (None, None), ("", None)],
)
def test_session_is_text_or_number(given_as: Any, label: str | None) -> None:
    """The session label is kept as text."""
    assert only({"ts": T0, "session": given_as, "a": 1}).session == label
    assert only({"ts": [T0], "session": given_as, "a": [1]}).session == label


def test_a_change_of_features_or_session_begins_a_new_block() -> None:
    """Neighbours with the same features and session go together, in order."""
    rows = [("x", "a"), ("x", "a"), ("y", "a"), ("y", "b"), ("x", "a")]
    blocks = read([{"ts": T0 + i, "session": s, f: i} for i, (s, f) in enumerate(rows)])
    assert [(b.session, b.features, len(b)) for b in blocks] == [
        ("x", ("a",), 2), ("y", ("a",), 1), ("y", ("b",), 1), ("x", ("a",), 1),
    ]  # fmt: skip


BAD = {
    b"{": "json",
    b'{"a":1} trailing': "json",
    b"\xff\xfe\x00": "format",
    b"12": "format",
    b"null": "format",
    b'"text"': "format",
    b'{"a\xff":1}': "json",
    b"[1, 2]": "type",
    b"{}": "empty",
    b"[]": "empty",
    b'{"ts": 1}': "empty",
    b'{"ts": [], "a": []}': "empty",
    b'{"ts": 1, "a": 1e999}': "non-finite",
    b'{"ts": [1], "a": [1e999]}': "non-finite",
    b'{"ts": 1, "a": 3.5e38}': "non-finite",
    b'{"ts": [1, 2], "a": [0, -1e300]}': "non-finite",
    b'{"ts": 1, "a": 1' + b"0" * 350 + b"}": "non-finite",
    b'{"ts": [1, 2], "a": [1]}': "columns",
    b'{"ts": [1, 2], "a": [1, 2], "b": 3}': "columns",
    b'{"ts": -1, "a": 1}': "time",
    b'{"ts": "yesterday", "a": 1}': "time",
    b'{"ts": "20240101", "a": 1}': "time",
    b'{"ts": "9000-01-01", "a": 1}': "time",
    b'{"ts": true, "a": 1}': "time",
    b'{"ts": null, "a": 1}': "time",
    b'{"ts": [1, null], "a": [1, 2]}': "time",
    b'{"ts": [1, -2], "a": [1, 2]}': "time",
    b'{"ts": [1, 1e17], "a": [1, 2]}': "time",
    b'{"ts": 1, "session": true, "a": 1}': "session",
    b'{"ts": [1], "session": [7], "a": [1]}': "session",
    b'{"ts": 1, "session": "a\\nb", "a": 1}': "session",
    b'{"ts": 1, "": 1}': "names",
    b'{"ts": 1, "a\\u0000": 1}': "names",
    b'{"ts": 1, "a.b": 1, "a": {"b": 2}}': "names",
    json.dumps({f"f{i}": i for i in range(513)}).encode(): "names",
    json.dumps({"x" * 201: 1}).encode(): "names",
    json.dumps([{"a": 1}] * 120_000).encode(): "size",
    b'{"a":' * 9 + b"1" + b"}" * 9: "nesting",
    b'{"a":' * 100_000: "nesting",
    b"[" * 500_000: "nesting",
    b'{"a": "' + b"x" * MAX_BYTES + b'"}': "size",
    json.dumps([{}] * 100_001, separators=(",", ":")).encode(): "samples",
}  # fmt: skip


@pytest.mark.parametrize("payload", BAD, ids=lambda payload: repr(payload[:40]))
def test_bad_payloads_are_refused_with_their_kind(payload: bytes) -> None:
    """Each refusal is of its kind and one line that says what is allowed."""
    refused = refusal(payload)
    assert refused.kind == BAD[payload]
    assert "allowed" in str(refused)
    assert "\n" not in str(refused)
    assert len(str(refused)) < 300


def test_refusal_names_the_feature_and_the_value() -> None:
    """The operator reads which feature of which kind it was."""
    line = str(refusal(b'{"ts": [1, 2], "a": [1, 2], "temp_c": [20.5]}'))
    assert "'temp_c': found 1 values" in line


@pytest.mark.parametrize(
    "payload", [b"[" * MAX_BYTES, b"9" * MAX_BYTES, b"[[]," * (MAX_BYTES // 4)]
)
def test_bombs_are_refused_quickly(payload: bytes) -> None:
    """A megabyte made to hurt costs less than a tick."""
    began = time.perf_counter()
    refusal(payload)
    assert time.perf_counter() - began < 0.5


KEYS = st.sampled_from(["ts", "session", "values", "a", "b"]) | st.text(max_size=3)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda part: st.lists(part, max_size=4) | st.dictionaries(KEYS, part, max_size=4),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200) | JSON.map(lambda content: json.dumps(content).encode()))
def test_any_bytes_are_read_or_refused(payload: bytes) -> None:
    """Nothing but PayloadError escapes, and what is read is sound."""
    try:
        blocks = decode(payload, ARRIVAL)
    except PayloadError:
        return
    for block in blocks:
        assert block.values.shape == (len(block.ts), len(block.features))
        assert len(block) >= 1
        assert block.features
        assert np.isfinite(block.ts).all()
        assert not np.isinf(block.values).any()


NAMES = st.lists(
    st.text("abcxyz_. é", min_size=1, max_size=6).filter(lambda n: n not in ("ts", "session")),
    min_size=1, max_size=4, unique=True,
)  # fmt: skip
NUMBER = st.none() | st.floats(width=32, allow_nan=False, allow_infinity=False)


@settings(max_examples=150, deadline=None)
@given(
    data=st.data(),
    names=NAMES,
    n=st.integers(1, 5),
    form=st.sampled_from(["columns", "list", "tb"]),
)
def test_what_is_encoded_is_read_back(data: Any, names: list[str], n: int, form: str) -> None:
    """Every form carries times and float32 values without a loss."""
    rows = data.draw(
        st.lists(st.lists(NUMBER, min_size=len(names), max_size=len(names)), min_size=n, max_size=n)
    )
    ts = [T0 + i / 64 for i in range(n)]
    records = [dict(zip(names, row, strict=True)) for row in rows]
    content: Any = {
        "columns": {"ts": ts, **{name: [row[i] for row in rows] for i, name in enumerate(names)}},
        "list": [{"ts": t, **record} for t, record in zip(ts, records, strict=True)],
        "tb": [{"ts": t, "values": record} for t, record in zip(ts, records, strict=True)],
    }[form]

    samples = only(content)

    assert samples.features == tuple(names)
    np.testing.assert_array_equal(samples.ts, ts)
    np.testing.assert_array_equal(samples.values, np.array(rows, dtype=np.float32))
