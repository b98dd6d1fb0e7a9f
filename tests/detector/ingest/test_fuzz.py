"""Whatever arrives is taken, ignored or refused for a reason; the long form is `make soak`."""

from __future__ import annotations

import itertools
import struct

import cbor2
import pytest

from benchmarks.lib.fuzzing import SOURCES, Fuzzed, Tally, stream
from benchmarks.lib.hostile import HOSTILE
from benchmarks.soak.fuzz import OUTCOMES
from detector.errors import PayloadError
from detector.ingest.codecs import sparkplug
from detector.ingest.codecs.sparkplug_messages import Payload
from detector.ingest.messages.contract import KINDS, RefusedPayloadError
from detector.ingest.messages.payloads import MAX_BYTES
from detector.ingest.sources import Sources
from detector.ingest.topics import MAX_TOPIC
from detector.ingest.unused import MAX_NAME, UnusedInventory
from detector.settings.sources import SourceSettings

ARRIVAL = 1_800_000_000.0
T0 = 1_772_366_400
MESSAGES, DOCUMENTS = 5000, 150
BIG = b"\xc2\x5a" + struct.pack(">I", 3000) + b"\xff" * 3000  # an integer of 7225 digits


def refusal(payload, /, **source):
    """The kind that a message is refused with."""
    sources = Sources([SourceSettings(**{"topic": "sensors/{device}", **source})])
    with pytest.raises(RefusedPayloadError) as caught:
        sources.decode("sensors/m", payload, ARRIVAL)
    return caught.value.kind


def taken(payload, /, **source):
    """The one block of a message."""
    sources = Sources([SourceSettings(**{"topic": "sensors/{device}", **source})])
    ((_, samples),) = sources.decode("sensors/m", payload, ARRIVAL).blocks
    return samples


def test_each_of_thousands_of_fuzzed_messages_is_counted_once():
    """Nothing is raised, every reason is a known one, and every message is acknowledged."""
    tally = Tally()
    for message in itertools.islice(stream(1, DOCUMENTS), MESSAGES):
        tally.receive(message)
    tally.take()

    outcomes = tally.outcomes()
    assert outcomes.total() == tally.receipts == MESSAGES
    assert set(outcomes) <= OUTCOMES
    assert min(outcomes[kind] for kind in ("taken", "ignored", "json", "format", "time")) > 0


@pytest.mark.parametrize("form", HOSTILE)
@pytest.mark.parametrize("size", [10, 3000])
def test_no_hostile_form_breaks_a_codec(form, size):
    """Read by every source, whatever its format."""
    tally = Tally()
    payload = HOSTILE[form](size)[:MAX_BYTES]
    for source in SOURCES:
        topic = source.topic.replace("spBv1.0/+/+/", "spBv1.0/g/DBIRTH/").replace("{device}", "m")
        tally.receive(Fuzzed(form, topic.replace("{feature}", "f").replace("+", "m"), payload))

    assert tally.outcomes().total() == len(SOURCES)


@pytest.mark.parametrize(
    ("payload", "kind"),
    [
        (b'{"ts": 1' + b"0" * 400 + b', "a": 1}', "time"),
        (b'{"ts": [1' + b"0" * 400 + b', 2], "a": [1, 2]}', "time"),
        (b"m a=1 " + b"9" * 5000, "format"),
        (b"\xa2\x62ts" + BIG + b"\x61a\x01", "time"),
        (b"\xa1" + BIG + b"\x01", "names"),
        (b"\xa2\x67session" + BIG + b"\x61a\x01", "session"),
        (b"\xa1\x61a" + BIG, "non-finite"),
        (b'{"fs": 1' + b"0" * 400 + b', "a": [1, 2]}', "non-finite"),
        (b'{"dt": 1' + b"0" * 400 + b', "a": [1, 2]}', "non-finite"),
        (b'[{"n": "a", "v": 1' + b"0" * 400 + b', "bv": 0.5}]', "non-finite"),
        (b'[{"n": "a", "v": 1, "t": -1' + b"0" * 400 + b"}]", "non-finite"),
    ],
)
def test_an_integer_beyond_a_float_is_refused_wherever_it_stands(payload, kind):
    """As a time, a key, a session, a value, or to be added to another."""
    assert refusal(payload) == kind


def test_a_device_of_thousands_of_digits_is_refused():
    """Python writes no such integer out."""
    payload = b"\xa2\x62id" + BIG + b"\x61a\x01"
    sources = Sources([SourceSettings(topic="keys", device=("id",))])
    with pytest.raises(RefusedPayloadError, match="thousands of digits") as caught:
        sources.decode("keys", payload, ARRIVAL)
    assert caught.value.kind == "names"


@pytest.mark.parametrize("key", ["fs", "dt"])
@pytest.mark.parametrize("rate", ["1e-300", "1e-320", "1e30", "-1", "0", "true"])
def test_a_rate_that_no_machine_has_is_none(key, rate):
    """It would put samples at the end of time; the array has no rate then."""
    payload = f'{{"ts": 1772366400, "{key}": {rate}, "a": [{", ".join("1" * 20)}]}}'
    assert refusal(payload.encode()) == "rate"


def test_a_burst_ends_before_the_year_2200():
    """A slow rate that the source gives makes no times out of range either."""
    payload = b'{"ts": 7258118000, "a": [%s]}' % b", ".join([b"1"] * 500)
    assert refusal(payload, rate_hz=1.0) == "rate"
    assert len(taken(payload, rate_hz=100.0)) == 500


def test_values_that_refer_to_others_are_refused_in_cbor():
    """A few hundred bytes would stand for millions of values."""
    itself, text = [], "x" * 50
    itself.append(itself)
    for payload in (
        cbor2.dumps({"a": itself}, value_sharing=True),
        cbor2.dumps({"a": [text, text]}, string_referencing=True),
    ):
        assert refusal(payload, format="cbor") == "format"


def test_patterns_mails_and_fractions_in_cbor_are_words():
    """To make them costs far more than to read them; beside them the samples are taken."""
    payload = cbor2.dumps({"ts": T0, "p": cbor2.CBORTag(35, "(a*"), "m": cbor2.CBORTag(36, "A:"),
                           "r": cbor2.CBORTag(30, [1, 0]), "a": 1})  # fmt: skip
    samples = taken(payload)
    assert (samples.features, samples.ts.tolist()) == (("a",), [T0])


def test_cbor_may_say_that_it_is_cbor():
    """The tag at the beginning means nothing more."""
    samples = taken(b"\xd9\xd9\xf7" + cbor2.dumps({"ts": T0, "a": 1}))
    assert (samples.features, samples.ts.tolist()) == (("a",), [T0])


@pytest.mark.parametrize("form", ["an array and many constants", "a table of mostly nothing"])
def test_a_message_makes_no_larger_table_than_its_bytes_can_tell(form):
    """A value that holds for a burst, or a channel that is missing, costs no bytes to send."""
    assert refusal(HOSTILE[form](300_000)) == "samples"


def test_a_constant_holds_for_all_of_a_burst():
    """And is read once."""
    samples = taken(b'{"ts": 1772366400, "fs": 2, "rpm": "600", "x": [1, 2, 3], "n": null}')
    assert samples.features == ("rpm", "x", "n")
    assert samples.values[:, :2].tolist() == [[600, 1], [600, 2], [600, 3]]


def test_a_line_is_read_up_to_a_length():
    """In every format of lines."""
    line = b"m a=1" + b" " * 70_000 + b"1"
    assert refusal(line, format="line-protocol") == "size"
    assert refusal(b"1," * 40_000, format="csv", columns=("a", "b")) == "size"


def test_a_tag_with_a_quote_is_read_whole():
    """Quotes mean nothing in tags; what is left of one was searched again from every character."""
    samples = taken(b'm,a=x"y,c=z b=1 1772366400')
    assert samples.features == ('m.x"y.z.b',)


def births(reader, device, metrics, name="m"):
    """Let a codec hear a birth; returns what data of an alias say after it."""
    payload = Payload()
    for alias in range(metrics):
        payload.metrics.add(name=f"{name}{alias}", alias=alias, datatype=10, double_value=1)
    reader.decode(f"spBv1.0/g/DBIRTH/e/{device}", payload.SerializeToString(), ARRIVAL)


def test_births_are_remembered_up_to_a_weight(monkeypatch):
    """The oldest are forgotten, and asked for when data of them come."""
    monkeypatch.setattr(sparkplug, "MOST_WEIGHT", 5000)
    sources = Sources([SourceSettings(topic="spBv1.0/+/+/+/{device}")])
    data = Payload()
    data.metrics.add(alias=0, datatype=10, double_value=2)
    for device in ("old", "mid", "new"):
        births(sources, device, 20)

    with pytest.raises(RefusedPayloadError, match="birth"):
        sources.decode("spBv1.0/g/DDATA/e/old", data.SerializeToString(), ARRIVAL)
    ((device, _),) = sources.decode(
        "spBv1.0/g/DDATA/e/new", data.SerializeToString(), ARRIVAL
    ).blocks
    assert device == "new"


def test_a_topic_is_read_up_to_a_length():
    """Topics are remembered by the thousand."""
    sources = Sources([SourceSettings(topic="a/{device}/#")])
    with pytest.raises(PayloadError, match=f"allowed: {MAX_TOPIC}"):
        sources.decode("a/m/" + "x" * MAX_TOPIC, b'{"a": 1}', ARRIVAL)


def test_of_a_long_name_the_beginning_is_remembered():
    """In the inventory of what is not used."""
    unused = UnusedInventory()
    unused.left_out("t", {"n" * 100_000: "why"}, ARRIVAL)
    [entry] = unused.changed(1)["t"]
    assert (entry.channel, entry.reason) == ("n" * MAX_NAME, "why")


def test_the_reasons_are_those_that_the_code_gives():
    """A new reason is added to the list of them."""
    with pytest.raises(RefusedPayloadError) as caught:
        Sources([SourceSettings(topic="t/{device}")]).decode("t/m", b"{", ARRIVAL)
    assert caught.value.kind in KINDS
