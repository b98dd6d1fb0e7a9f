"""What the detector and a worker say to each other; the same over every transport.

A worker knows nothing but what it was told: requests are made so that one that has just begun
needs no other treatment than one that has run for a week.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from logging import LogRecord
from typing import Any, TypeAlias

from detector.engines.contract import Picture
from detector.engines.rulings import Ruling
from detector.engines.streams import Known
from detector.ingest.buffer import TakenBlock
from detector.records import Frame, Samples
from detector.settings.sessions import SessionSettings

# Arrays and words alone: a dataclass costs several times as much to pack.
PackedBlock: TypeAlias = tuple[Any, ...]
PackedFrame: TypeAlias = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Word:
    """What a worker is told of one device.

    Attributes:
        model: Number of its model, or why it cannot be used; None: it has none.
        why_none: Why it has none.
        ruling: The rest of what holds.
        provisional: See ``Bundle.is_provisional``.
        note: See ``Bundle.note``.
    """

    model: int | str | None
    why_none: str
    ruling: Ruling
    provisional: bool
    note: str | None


@dataclass(frozen=True, slots=True)
class Terms:
    """What holds for all devices.

    Attributes:
        sessions: Where they end.
        chunk: Windows per call of a network.
        outdated: Devices that keep their stream until they are renewed.
    """

    sessions: SessionSettings
    chunk: int
    outdated: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Past:
    """What a new stream of a device goes on from.

    Attributes:
        start: First frames of its newest session.
        tail: Newest frames of the same.
    """

    start: Sequence[PackedFrame]
    tail: Sequence[PackedFrame]


@dataclass(slots=True)
class Request:
    """What a worker is asked for, in this order.

    Attributes:
        models: Their parcels by number, as the transport has them.
        terms: None: as before.
        words: By device, of those that are told anew.
        known: By device, of those whose worker has gone.
        pasts: By device, as was asked for.
        trusts_clocks: See ``ScoringEngine.trust_clocks``.
        factor: See ``ScoringEngine.thin``.
        renew: Devices that get another stream.
        blocks: To be scored.
    """

    models: dict[int, Any] = field(default_factory=dict)
    terms: Terms | None = None
    words: dict[str, Word] = field(default_factory=dict)
    known: dict[str, Known] = field(default_factory=dict)
    pasts: dict[str, Past] = field(default_factory=dict)
    trusts_clocks: bool = False
    factor: int = 1
    renew: tuple[str, ...] = ()
    blocks: Sequence[PackedBlock] = ()


@dataclass(slots=True)
class Answer:
    """What came of a request.

    Attributes:
        wants: By device, samples of the baseline and to look back: with these as ``pasts`` the
            same request is to come again, nothing was scored.
        frames: Of the blocks, each device's in order.
        pictures: Of all devices of the request.
        faults: See ``Done``.
        lines: For the detector's log.
        scoring_s: Seconds that went into windows.
        busy_s: Seconds from the request to the answer.
    """

    wants: dict[str, tuple[int, int]] = field(default_factory=dict)
    frames: Sequence[PackedFrame] = ()
    pictures: Sequence[Picture] = ()
    faults: int = 0
    lines: Sequence[LogRecord] = ()
    scoring_s: float = 0.0
    busy_s: float = 0.0


def packed_block(block: TakenBlock) -> PackedBlock:
    """A block as it travels."""
    samples = block.samples
    return (block.device, samples.features, samples.ts, samples.values, samples.session,
            block.arrival, block.broken)  # fmt: skip


def block_of(packed: PackedBlock) -> TakenBlock:
    """The same again."""
    device, features, ts, values, session, arrival, broken = packed
    return TakenBlock(device, Samples(features, ts, values, session), arrival, broken)


def packed_frame(frame: Frame) -> PackedFrame:
    """A frame as it travels."""
    return (frame.device, frame.session, frame.features, frame.ts, frame.values,
            frame.reconstruction, frame.score, frame.mse, frame.judged, frame.threshold,
            frame.contributions, frame.arrival, frame.frame_id, frame.causes,
            frame.due)  # fmt: skip


def frame_of(packed: PackedFrame) -> Frame:
    """The same again."""
    return Frame(*packed)
