"""The seam: an engine takes blocks of samples of devices and gives frames back.

Where it scores them is its own affair: in the scoring thread (``Fleet``) or in other processes
(``SpreadFleet``). Everything else of the detector, the store above all, knows only this.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from detector.account_records import Crew
from detector.alignment.rules import Rules
from detector.engines.rulings import SettingsRulings
from detector.ingest.buffer import TakenBlock
from detector.normal.level import Own
from detector.records import Frame, ModelCard
from detector.scoring.bundle import Bundle
from detector.scoring.front_stream import ScoringStream
from detector.scoring.learnt import LearntModels
from detector.scoring.models import Models
from detector.scoring.unscored import UnscoredStream
from detector.settings.tree import Settings


@dataclass(frozen=True, slots=True)
class Picture:
    """How the stream of a device stands.

    Attributes:
        device: Name of the machine.
        features: The columns that it stores.
        card: Of the model that judges it; None: it is stored unscored.
        said: Why it is unscored, or what is said beside its state.
        rate_hz: Samples per second; None before it is known.
        counters: What was late, repeated, missing or filled, by name.
        is_warm: Its session has had a window.
        factor: One window in so many is scored.
        trusts_clock: See ``Segmenter.trusts_clock``.
    """

    device: str
    features: tuple[str, ...]
    card: ModelCard | None
    said: str | None
    rate_hz: float | None
    counters: dict[str, int]
    is_warm: bool
    factor: int
    trusts_clock: bool


def picture_of(stream: ScoringStream | UnscoredStream) -> Picture:
    """How it stands now."""
    return Picture(
        device=stream.device,
        features=stream.features,
        card=card_by(stream),
        said=stream.reason if isinstance(stream, UnscoredStream) else stream.note,
        rate_hz=stream.rate.rate_hz,
        counters=dict(stream.counters),
        is_warm=not isinstance(stream, UnscoredStream) and stream.thinning.has_begun,
        factor=1 if isinstance(stream, UnscoredStream) else stream.thinning.factor,
        trusts_clock=stream.segmenter.trusts_clock,
    )


def card_by(stream: ScoringStream | UnscoredStream | None) -> ModelCard | None:
    """Of the model that judges a stream."""
    if stream is None or isinstance(stream, UnscoredStream):
        return None
    return stream.own_card or stream.bundle.card()


@dataclass(frozen=True, slots=True)
class Done:
    """What is scored.

    Attributes:
        blocks: Each device's in order.
        frames: Of these blocks, each device's in order.
        faults: Times that a fault lost blocks; the log tells of each.
    """

    blocks: Sequence[TakenBlock] = ()
    frames: Sequence[Frame] = ()
    faults: int = 0


class ScoringEngine(ABC):
    """Scores what was taken from the buffer; for the scoring thread.

    Args:
        settings: Rules for devices, sessions and batches.
        thresholds: Per device, what an operator last set.

    Attributes:
        rulings: What holds for each device.
    """

    def __init__(self, settings: Settings, thresholds: dict[str, float]) -> None:
        self.rulings = SettingsRulings(settings, thresholds)

    @abstractmethod
    def begin(self, blocks: Sequence[TakenBlock]) -> None:
        """Go on where an earlier run stopped, for devices not seen yet; reads the store.

        Raises:
            StoreFailure: If that cannot be read: nothing has happened.
        """

    @abstractmethod
    def give(self, blocks: Sequence[TakenBlock], lot: int, patience_s: float = 0.0) -> Done:
        """Score blocks, after ``begin``.

        Args:
            blocks: Each device's in order.
            lot: None of them came with an earlier lot of messages.
            patience_s: To wait for those that take long; 0: there is more to do meanwhile.

        Returns:
            What is ready, of these blocks or of earlier ones.
        """

    @abstractmethod
    def renew(self, device: str) -> None:
        """Give a device a stream by its model of now, once all of its frames are stored."""

    @abstractmethod
    def take_up(self, settings: Settings, outdated: Iterable[str]) -> None:
        """Go by other settings from the next samples on; ``outdated`` devices wait for ``renew``.

        All other streams go on as if nothing had happened.
        """

    @abstractmethod
    def follow_rule(self, device: str) -> None:
        """Go by the threshold and the alarm rule that hold for a device now."""

    @abstractmethod
    def thin(self, factor: int) -> None:
        """Score one window in ``factor`` from now on, see ``Thinning``."""

    @abstractmethod
    def trust_clocks(self) -> None:
        """The broker has sent again what it had to; see ``Segmenter.trust_clock``."""

    @property
    @abstractmethod
    def devices(self) -> Sequence[str]:
        """Those with live samples so far."""

    @abstractmethod
    def picture(self, device: str) -> Picture | None:
        """How a device stands after what was last given back; None: it was not heard."""

    @abstractmethod
    def card_of(self, device: str) -> ModelCard | None:
        """Of the model that judges a device; None: none does."""

    @abstractmethod
    def bundle_of(self, device: str) -> Bundle | None:
        """The model that judges a device, or will once it is heard; None: none does."""

    @abstractmethod
    def explain(self, device: str, reason: str) -> None:
        """Say why a device is unscored, where that is so."""

    @abstractmethod
    def outlook(self, device: str, features: tuple[str, ...]) -> Bundle | str:
        """The model of a device that sends these features, or why it has none."""

    @property
    @abstractmethod
    def scoring_s(self) -> float:
        """Seconds so far that the scoring thread put into windows."""

    @property
    def has_room(self) -> bool:
        """Whether more may be given."""
        return True

    @property
    def oldest_lot(self) -> int | None:
        """The oldest lot of what was given and has not come back; None: all has."""
        return None

    def committed(self) -> None:  # noqa: B027 -- most have nothing to do
        """All frames given back are in the store."""

    def settle(self) -> None:  # noqa: B027
        """With the next ``give``, wait for all that was given."""

    def crew(self) -> Crew:
        """The processes that score; for any thread."""
        return Crew()

    def close(self) -> None:  # noqa: B027
        """End what was begun; what was given and has not come back is lost."""

    @property
    def learnt(self) -> LearntModels:
        """Models of devices without one in the settings."""
        return self.rulings.learnt

    @learnt.setter
    def learnt(self, models: LearntModels) -> None:
        self.rulings.learnt = models

    @property
    def owns(self) -> dict[str, Own]:
        """The own normal of each machine that is commissioned; ``renew`` applies a change."""
        return self.rulings.owns

    @owns.setter
    def owns(self, owns: dict[str, Own]) -> None:
        self.rulings.owns = owns

    @property
    def models(self) -> Models:
        """The bundles that rules name."""
        return self.rulings.models

    def threshold_of(self, device: str) -> float:
        """In force: an operator's, else the rule's, else 1.0."""
        return self.rulings.threshold_of(device)

    def set_threshold(self, device: str, threshold: float | None) -> None:
        """Judge samples of ``device`` against it from now on; None: against the settings'."""
        self.rulings.thresholds.pop(device, None)
        if threshold is not None:
            self.rulings.thresholds[device] = threshold
        self.follow_rule(device)

    def alignment_of(self, device: str) -> Rules:
        """How a device's samples are joined: by its model's period and channels."""
        return self.rulings.alignment_of(device)
