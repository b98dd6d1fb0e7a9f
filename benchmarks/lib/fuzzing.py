"""An endless stream of messages to fuzz a receiver with: mutated, built and hostile ones.

All of it follows from a seed. Mutated are the realistic messages of ``messages`` and those from
the field that the tests hold; built are documents that hypothesis makes of the keys that the
envelopes look for; hostile are the forms of ``hostile``.
"""

from __future__ import annotations

import base64
import itertools
import json
import random
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from benchmarks.lib.hostile import HOSTILE
from benchmarks.lib.messages import examples
from benchmarks.lib.mutations import KEYS, NUMBERS, WORDS, encoded, mutated
from detector.ingest.buffer import Receipt, SharedBuffer
from detector.ingest.messages.payloads import GZIP, MAX_BYTES
from detector.ingest.receiver import Receiver
from detector.ingest.sources import MOST_TOPICS, Sources
from detector.records import Samples
from detector.settings.sources import SourceSettings

FIELD = Path(__file__).parents[2] / "tests/detector/ingest/codecs/cases.jsonl"
HOW = {"mutated": 0.6, "built": 0.3, "hostile": 0.1}
DEVICES = 100  # names under which each kind of topic is sent
STRANGERS = 0.05  # of messages, under a topic never seen before
USUAL_BYTES = 4096  # the hostile aim at, up to
HUGE = 0.02  # of the hostile, which aim at up to MAX_BYTES
HOME, AUTO = 0.6, 0.25  # of messages, read as their format, and as auto; others as any
DEPTH = 12  # leaves of a built document

AUTO_TOPIC = "auto/{device}"
SOURCES = [
    *{example.source.topic: example.source for example in examples()}.values(),
    SourceSettings(topic=AUTO_TOPIC),
    SourceSettings(topic="keys/+", device=("id",), time="t", missing=(-127, "none")),
    SourceSettings(topic="feature/{device}/{feature}"),
    SourceSettings(topic="open/{device}/#", include=("a*", "*x*"), exclude=("*y",), rate_hz=50.0,
                   scale={"a": 0.1}, unit={"a": "g"}, columns=("a", "b"), time_zone="Asia/Seoul"),
]  # fmt: skip
TEMPLATES = [source.topic for source in SOURCES]


@dataclass(frozen=True, slots=True)
class Fuzzed:
    """One message.

    Attributes:
        how: How it was made.
        topic: Of the message.
        payload: Its bytes.
    """

    how: str
    topic: str
    payload: bytes

    @property
    def size(self) -> int:
        """Bytes to read: unpacked, at most MAX_BYTES."""
        if not self.payload.startswith(GZIP):
            return len(self.payload)
        try:
            return len(zlib.decompressobj(wbits=31).decompress(self.payload, MAX_BYTES))
        except zlib.error:
            return len(self.payload)


@dataclass(frozen=True, slots=True)
class _Seed:
    """A payload, and the template of the source that reads it."""

    template: str
    payload: bytes


def stream(number: int, documents: int) -> Iterator[Fuzzed]:
    """Messages without an end, the same ones for the same arguments.

    Args:
        number: Seed of everything that is drawn.
        documents: How many of them hypothesis builds; they come again, mutated.
    """
    rng = random.Random(number)  # noqa: S311 -- no secrets
    seeds = [_Seed(one.source.topic, one.payload) for one in examples()] + _from_the_field()
    fresh = _documents(documents, number)
    built = [_Seed(AUTO_TOPIC, encoded(rng, document)) for document in fresh]
    forms = itertools.cycle(HOSTILE.items())
    for at in itertools.count():
        (how,) = rng.choices(list(HOW), list(HOW.values()))
        if how == "hostile":
            how, form = next(forms)
            one = _Seed(AUTO_TOPIC, form(_size(rng)))
        elif how == "built" and at < 3 * len(built):  # each about once as it is
            one = rng.choice(built)
        else:
            one = rng.choice(built if how == "built" else seeds)
            one = _Seed(one.template, mutated(rng, one.payload, rng.choice(seeds).payload))
        yield Fuzzed(how, _topic(rng, one.template), one.payload[:MAX_BYTES])


class Tally:
    """A receiver of all sources under fuzz, and what became of each message.

    Attributes:
        receiver: The receiver.
        taken: Messages whose samples reached the buffer.
        receipts: Messages whose receipt did.
        answers: Messages that the receiver wanted to publish.
    """

    def __init__(self) -> None:
        self.sources = Sources(SOURCES)
        self._buffer = _Counting(samples_per_device=2000, max_devices=200)
        self.answers = 0
        self.receiver = Receiver(self.sources, self._buffer, self._answer)

    def receive(self, message: Fuzzed) -> None:
        """Hand over one message; whatever this raises is a crash."""
        receipt = Receipt(1, self.receiver.counters["messages"])
        self.receiver.receive(message.topic, message.payload, is_retained=False, receipt=receipt)

    def fill(self) -> None:
        """Fill every table that remembers topics or devices to its end."""
        payload = b'{"ts": 1772366400, "a": 1, "left": "out"}'
        for number in range(MOST_TOPICS - DEVICES):
            self.receive(Fuzzed("", f"auto/filling-{number}", payload))
            self.receive(Fuzzed("", f"auto/refused-{number}", b"{"))
            self.take()

    def take(self) -> None:
        """What the scoring thread would do."""
        self._buffer.receipts += len(self._buffer.take().receipts)

    def outcomes(self) -> Counter[str]:
        """Messages by what became of them; those refused by kind of reason."""
        kinds: Counter[str] = Counter()
        for counts in self.receiver.refusals.counts().values():
            kinds.update(counts)
        return kinds + Counter(taken=self._buffer.taken, ignored=self.receiver.counters["ignored"])

    @property
    def receipts(self) -> int:
        """Messages whose receipt was taken."""
        return self._buffer.receipts

    def _answer(self, _: str, __: bytes) -> None:
        self.answers += 1


class _Counting(SharedBuffer):
    """A buffer that counts the messages whose samples it got."""

    taken = receipts = 0

    def append(
        self, device: str, samples: Samples, arrival: float, receipt: Receipt | None
    ) -> bool:
        """As usual; a message's last samples come with its receipt."""
        is_held = super().append(device, samples, arrival, receipt)
        self.taken += receipt is not None
        return is_held


def _from_the_field() -> list[_Seed]:
    cases = [json.loads(line) for line in FIELD.read_text().splitlines()]
    return [
        _Seed(
            "spBv1.0/+/+/+/{device}" if case["topic"].startswith("spBv1.0") else AUTO_TOPIC,
            case["text"].encode() if "text" in case else base64.b64decode(case["base64"]),
        )
        for case in cases
    ]


def _documents(count: int, number: int) -> list[Any]:
    leaves = st.one_of(
        st.sampled_from(NUMBERS), st.sampled_from(WORDS), st.floats(), st.integers(),
        st.text(max_size=8), st.none(), st.booleans(),
    )  # fmt: skip
    trees = st.recursive(
        leaves,
        lambda inner: (
            st.lists(inner, max_size=5)
            | st.dictionaries(st.sampled_from(KEYS), inner, min_size=1, max_size=6)
        ),
        max_leaves=DEPTH,
    )
    objects = st.dictionaries(st.sampled_from(KEYS), trees, min_size=1, max_size=6)
    found: list[Any] = []

    @seed(number)
    @settings(max_examples=count, database=None, deadline=None, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(objects | st.lists(objects, min_size=1, max_size=4) | trees)
    def collect(document: object) -> None:
        found.append(document)

    collect()
    return found


def _size(rng: random.Random) -> int:
    """Bytes that a hostile form aims at, small ones as often as large ones."""
    largest = MAX_BYTES if rng.random() < HUGE else USUAL_BYTES
    return round(16 * (largest / 16) ** rng.random())


def _topic(rng: random.Random, home: str) -> str:
    draw = rng.random()
    template = home if draw < HOME else AUTO_TOPIC if draw < HOME + AUTO else rng.choice(TEMPLATES)
    is_strange = rng.random() < STRANGERS
    device = f"{rng.getrandbits(64):x}" if is_strange else f"m{rng.randrange(DEVICES)}"
    if template.startswith("spBv1.0"):
        kind = rng.choice(("DDATA", "DDATA", "NBIRTH", "DBIRTH", "NDEATH", "STATE"))
        return f"spBv1.0/plant/{kind}/e{device}/{device}"
    topic = template.replace("{device}", device).replace("{feature}", rng.choice(("a", "$x", "b")))
    return topic.replace("+", device).replace("#", "a/b")
