"""Which messages are read how: a topic finds its source, the source reads the payload."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from detector.errors import PayloadError, SettingsError
from detector.ingest.codecs.own import read_own
from detector.ingest.codecs.table import CODECS
from detector.ingest.messages.assemble import Decoded, assemble
from detector.ingest.messages.contract import Codec, Message, Reading, RefusedPayloadError
from detector.ingest.messages.payloads import MAX_BYTES, bare, too_large, unpacked
from detector.ingest.messages.values import checked_count, shown
from detector.ingest.topics import MAX_NAME, MAX_TOPIC, Named, TopicTemplate
from detector.settings.sources import SourceSettings

MOST_TOPICS = 20_000  # remembered; beyond, all are learnt anew


@dataclass(slots=True)
class Tally:
    """What came of the messages of one source; the network thread counts, any thread may read.

    Attributes:
        messages: All that were read or refused.
        samples: Read from them.
        refused: Messages by kind of reason, see ``RefusedPayloadError``.
    """

    messages: int = 0
    samples: int = 0
    refused: Counter[str] = field(default_factory=Counter)


class Source:
    """One kind of messages.

    Args:
        settings: How they are read.

    Attributes:
        settings: The same.
        template: Of its topics.
        tally: What came of its messages.
        automatic: Whether its devices may be learnt by themselves.

    Raises:
        SettingsError: If its topic template cannot be used.
    """

    def __init__(self, settings: SourceSettings) -> None:
        self.template = TopicTemplate.compile(settings.topic)
        self.tally = Tally()
        self.settings = settings
        as_told = settings.model_copy(
            update={"topic": "x", "format": "auto", "rate_hz": None, "automatic": True}
        )
        self._is_own = settings.format in ("auto", "json") and as_told == SourceSettings(topic="x")
        self.automatic = settings.automatic
        self._codecs: dict[str, Codec] = {}
        self._formats: dict[str, str] = {}  # by topic, found by auto

    def decode(self, topic: str, named: Named, payload: bytes, arrival: float) -> Decoded:
        """Read a message.

        Args:
            topic: Of the message; it fits the template.
            named: What the topic says.
            payload: At most 1 MiB, also unpacked.
            arrival: UTC seconds, the time of a sample without one.

        Raises:
            RefusedPayloadError: One line with what, where, found and allowed.
        """
        if len(payload) > MAX_BYTES:
            raise too_large(len(payload))
        if self._is_own and named.feature is None and named.device and payload[:1] in (b"{", b"["):
            blocks = read_own(payload)
            if blocks is not None:
                return Decoded([(named.device, samples) for samples in blocks], format="json")
        return self._decode(topic, named, payload, arrival)

    def read(
        self, topic: str, named: Named, payload: bytes, arrival: float
    ) -> tuple[str, Message, Reading]:
        """What stands in a message, before anything is made of it: format, message, records.

        Raises:
            RefusedPayloadError: One line with what, where, found and allowed.
        """
        content = payload if self.settings.layout else bare(unpacked(payload))
        message = Message(topic, content, arrival, named.device, named.feature)
        name = self._format_of(message)
        reading = self._codec(name).read(message, self.settings)
        self._remember(topic, name)
        return name, message, reading

    def _decode(self, topic: str, named: Named, payload: bytes, arrival: float) -> Decoded:
        if any(part.startswith("$") for part in (named.feature or "").split(".")):
            return Decoded(ignored="an attribute of its device")
        if not payload:
            return Decoded(ignored="empty payload")
        name, message, reading = self.read(topic, named, payload, arrival)
        decoded = assemble(reading, message, self.settings)
        decoded.format, decoded.births = name, reading.births
        if decoded.blocks:
            checked_count(sum(len(samples) for _, samples in decoded.blocks))
        return decoded

    def _format_of(self, message: Message) -> str:
        if self.settings.format != "auto":
            return "json" if self.settings.format == "senml" else self.settings.format
        known = self._formats.get(message.topic)
        for name in (known, *CODECS) if known else CODECS:
            if name and self._codec(name).fits(message, self.settings):
                return name
        found = shown(bytes(message.payload[:24]))
        raise RefusedPayloadError(
            "format",
            f"payload: found {found}, allowed: {', '.join(CODECS)} (`format` of the source), "
            "or one value and {feature} in its topic",
        )

    def _codec(self, name: str) -> Codec:
        if name not in self._codecs:
            self._codecs[name] = CODECS[name]()
        return self._codecs[name]

    def _remember(self, topic: str, name: str) -> None:
        if len(self._formats) >= MOST_TOPICS:
            self._formats.clear()
        self._formats[topic] = name


@dataclass(frozen=True, slots=True)
class _Routes:
    """The sources, the most specific first, and what was found for topics so far."""

    sources: tuple[Source, ...]
    known: dict[str, tuple[Source, Named]] = field(default_factory=dict)


class Sources:
    """All sources; of those whose templates fit a topic the most specific counts.

    Args:
        settings: At least one.

    Raises:
        SettingsError: If a template cannot be used, or two ask for the same topics.

    Attributes:
        manual: Devices heard of sources that shall not be learnt by themselves.
    """

    def __init__(self, settings: Sequence[SourceSettings]) -> None:
        self._routes = _routes([Source(one) for one in settings])
        self.manual: set[str] = set()

    @property
    def filters(self) -> list[str]:
        """What the broker is asked for."""
        return [source.template.filter for source in self._routes.sources]

    @property
    def settings(self) -> tuple[SourceSettings, ...]:
        """How messages are read, in no order that counts."""
        return tuple(source.settings for source in self._routes.sources)

    @property
    def tallies(self) -> dict[str, Tally]:
        """What came of the messages, by topic template."""
        return {source.template.template: source.tally for source in self._routes.sources}

    def changed(
        self, settings: Sequence[SourceSettings], births: Mapping[str, bytes] | None = None
    ) -> Sources:
        """Sources by other settings; those whose settings are the same are the same.

        Args:
            settings: At least one.
            births: What the new ones have to know, see ``recall``; None: nothing.

        Raises:
            SettingsError: See ``Sources``.
        """
        before = self._routes.sources
        made = [next((old for old in before if old.settings == one), None) or Source(one)
                for one in settings]  # fmt: skip
        found = Sources(())
        found._routes = _routes(made)
        found.recall(births or {}, besides=before)
        for source in made:
            source.tally = self.tallies.get(source.template.template, source.tally)
        return found

    def become(self, other: Sources) -> None:
        """Read as ``other`` does from the next message on; from any thread."""
        self._routes = other._routes

    def decode(self, topic: str, payload: bytes, arrival: float) -> Decoded:
        """Read a message; see ``Source.decode``.

        Raises:
            PayloadError: If no source asks for the topic, or it names a device badly.
        """
        source, named = self.find(topic)
        source.tally.messages += 1
        try:
            decoded = source.decode(topic, named, payload, arrival)
        except RefusedPayloadError as error:
            source.tally.refused[error.kind] += 1
            raise
        for device, samples in decoded.blocks:
            source.tally.samples += len(samples.ts)
            if source.automatic:
                self.manual.discard(device)
            elif len(self.manual) < MOST_TOPICS:
                self.manual.add(device)
        return decoded

    def recall(self, births: Mapping[str, bytes], besides: Sequence[Source] = ()) -> None:
        """Learn again what messages by topic said before; see ``Reading.births``.

        Args:
            births: Of an earlier run, or of other sources.
            besides: Sources that know it.
        """
        for topic, payload in births.items():
            with suppress(PayloadError):  # the settings have changed
                source, named = self.find(topic)
                if source not in besides:
                    source.decode(topic, named, payload, 0.0)

    def device_of(self, topic: str) -> str:
        """Whom a refusal is about: the device that the topic names, else the topic."""
        known = self._routes.known.get(topic)  # None where the sources have just changed
        return (known and known[1].device) or topic[:MAX_NAME]

    def find(self, topic: str) -> tuple[Source, Named]:
        """The source of a topic, and what the topic says.

        Raises:
            PayloadError: If no source asks for the topic, or it names a device badly.
        """
        routes = self._routes
        known = routes.known.get(topic)
        return _learnt(routes, topic) if known is None else known


def _routes(sources: Sequence[Source]) -> _Routes:
    """All of them in their order.

    Raises:
        SettingsError: If two ask for the same topics.
    """
    filters = [source.template.filter for source in sources]
    for one in filters:
        if filters.count(one) > 1:
            line = f"sources: found two with the topics {one!r}, allowed: each only once"
            raise SettingsError(line)
    return _Routes(tuple(sorted(sources, key=lambda source: source.template.specificity)))


def _learnt(routes: _Routes, topic: str) -> tuple[Source, Named]:
    if len(topic) > MAX_TOPIC:
        found = f"{len(topic)} characters"
        raise PayloadError(f"topic {topic[:MAX_NAME]!r}: {found}, allowed: {MAX_TOPIC}")
    source = next((one for one in routes.sources if one.template.fits(topic)), None)
    if source is None:
        allowed = ", ".join(one.template.template for one in routes.sources)
        raise PayloadError(f"topic {topic[:MAX_NAME]!r}: allowed: {allowed}")
    if len(routes.known) >= MOST_TOPICS:
        routes.known.clear()
    routes.known[topic] = source, source.template.named(topic)
    return routes.known[topic]
