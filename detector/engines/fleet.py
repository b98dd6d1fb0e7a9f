"""The engine of one process: all devices at once, in the scoring thread."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from detector.engines.contract import Done, Picture, ScoringEngine, card_by, picture_of
from detector.engines.rulings import outlook
from detector.engines.streams import History, Stream, Streams
from detector.ingest.buffer import TakenBlock
from detector.records import Frame, ModelCard
from detector.scoring.bundle import Bundle
from detector.scoring.unscored import UnscoredStream
from detector.settings.tree import Settings


class Fleet(ScoringEngine):
    """See ``ScoringEngine``.

    Args:
        settings: Rules for devices, sessions and batches.
        history: Reads back where an earlier run stopped.
        thresholds: Per device, what an operator last set.
    """

    def __init__(self, settings: Settings, history: History, thresholds: dict[str, float]) -> None:
        super().__init__(settings, thresholds)
        self._streams = Streams(self.rulings, history)

    @property
    def streams(self) -> dict[str, Stream]:
        """Of the live samples, by device."""
        return self._streams.live

    def begin(self, blocks: Sequence[TakenBlock]) -> None:
        """See ``ScoringEngine``."""
        self._streams.begin(blocks)

    def give(self, blocks: Sequence[TakenBlock], lot: int, patience_s: float = 0.0) -> Done:
        """See ``ScoringEngine``: all of them, at once."""
        return Done(blocks, self.score(blocks))

    def score(self, blocks: Sequence[TakenBlock]) -> list[Frame]:
        """Blocks to frames, each device's in order."""
        return self._streams.score(blocks)

    def renew(self, device: str) -> None:
        """See ``ScoringEngine``."""
        self._streams.renew(device)

    def take_up(self, settings: Settings, outdated: Iterable[str]) -> None:
        """See ``ScoringEngine``."""
        self.rulings.settings = settings
        self._streams.take_up(outdated)

    def follow_rule(self, device: str) -> None:
        """See ``ScoringEngine``."""
        self._streams.follow_rule(device)

    def thin(self, factor: int) -> None:
        """See ``ScoringEngine``."""
        self._streams.thin(factor)

    def trust_clocks(self) -> None:
        """See ``ScoringEngine``."""
        self._streams.trust_clocks()

    @property
    def devices(self) -> Sequence[str]:
        """See ``ScoringEngine``."""
        return list(self.streams)

    def picture(self, device: str) -> Picture | None:
        """See ``ScoringEngine``."""
        stream = self.streams.get(device)
        return None if stream is None else picture_of(stream)

    def card_of(self, device: str) -> ModelCard | None:
        """See ``ScoringEngine``."""
        return card_by(self.streams.get(device))

    def bundle_of(self, device: str) -> Bundle | None:
        """See ``ScoringEngine``."""
        stream = self.streams.get(device)
        return None if stream is None or isinstance(stream, UnscoredStream) else stream.bundle

    def explain(self, device: str, reason: str) -> None:
        """See ``ScoringEngine``."""
        stream = self.streams.get(device)
        if isinstance(stream, UnscoredStream):
            stream.reason = reason

    def outlook(self, device: str, features: tuple[str, ...]) -> Bundle | str:
        """See ``ScoringEngine``."""
        stream = self.streams.get(device)
        if stream is None:
            return outlook(self.rulings, device, features)
        return stream.reason if isinstance(stream, UnscoredStream) else stream.bundle

    @property
    def scoring_s(self) -> float:
        """See ``ScoringEngine``."""
        return self._streams.scoring_s
