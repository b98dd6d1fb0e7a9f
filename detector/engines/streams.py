"""Streams of devices: each block goes to its device's, one batch of windows per model."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from detector.engines.rulings import Rulings, outlook
from detector.folding import Folding
from detector.ingest.buffer import TakenBlock
from detector.records import Frame, is_backlog_label
from detector.scoring.bundle import Bundle
from detector.scoring.front_stream import ScoringStream, stream_for
from detector.scoring.rate import RateMeter, rate_misfit
from detector.scoring.scorer import Stretch, score_stretches
from detector.scoring.unscored import UnscoredStream

logger = logging.getLogger(__name__)

MOST_LINES, LINES_EVERY_S = 5, 60.0  # of one kind

Stream: TypeAlias = ScoringStream | UnscoredStream
# device, samples of the baseline, samples to look back -> first and newest frames of its session
History: TypeAlias = Callable[[str, int, int], tuple[list[Frame], list[Frame]]]


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A stretch of a device whose windows wait for the batch."""

    stream: ScoringStream
    stretch: Stretch
    arrival: float


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a device besides its frames, where the process of its stream has gone.

    Attributes:
        rate_hz: See ``Picture``, as the others.
        counters: By name.
        trusts_clock: Nothing is sent again.
    """

    rate_hz: float | None
    counters: dict[str, int]
    trusts_clock: bool


class Streams:
    """Scores samples of the devices that come here; the same wherever that is.

    Args:
        rulings: What holds for each device.
        history: Reads back where an earlier run stopped.

    Attributes:
        live: Streams of the live samples, by device.
        known: Of devices whose streams were elsewhere; forgotten with their new stream.
        scoring_s: Seconds so far that went into windows.
    """

    def __init__(self, rulings: Rulings, history: History) -> None:
        self._rulings, self._history = rulings, history
        self._told = Folding(MOST_LINES, LINES_EVERY_S)
        self._factor = 1
        self.live: dict[str, Stream] = {}
        self._backlogs: dict[str, Stream] = {}  # of those sent after their time, beside them
        self.known: dict[str, Known] = {}
        self._outdated: set[str] = set()  # devices whose streams wait for ``renew``
        self.scoring_s = 0.0

    def begin(self, blocks: Sequence[TakenBlock]) -> None:
        """Go on where an earlier run stopped, for devices not seen yet; reads the store."""
        for block in blocks:
            if block.device not in self.live:
                self._stream_for(block)

    def score(self, blocks: Sequence[TakenBlock]) -> list[Frame]:
        """Blocks to frames, each device's in order.

        A device whose samples cannot be taken is stored unscored and stops no other.
        """
        frames: list[Frame] = []
        waiting: list[_Waiting] = []
        for block in blocks:
            stream = self._stream_for(block)
            if isinstance(stream, UnscoredStream):
                frames += stream.frames(block.samples, block.arrival, broken=block.broken)
                continue
            stretches = stream.accept(block.samples, broken=block.broken)
            waiting += [_Waiting(stream, stretch, block.arrival) for stretch in stretches]
        return frames + self._score(waiting)

    def take_up(self, outdated: Iterable[str]) -> None:
        """Rulings are others from the next samples on; ``outdated`` devices wait for ``renew``.

        All other streams go on as if nothing had happened.
        """
        self._outdated = set(outdated)
        for stream in (*self.live.values(), *self._backlogs.values()):
            stream.segmenter.rules = self._rulings.sessions
            self.follow_rule(stream.device)

    def follow_rule(self, device: str) -> None:
        """Go by the threshold and the alarm rule that hold for a device now."""
        for stream in (self.live.get(device), self._backlogs.get(device)):
            if stream is not None and not isinstance(stream, UnscoredStream):
                ruling = self._rulings.of(device)
                stream.threshold = ruling.threshold
                stream.thinning.look_at(stream.rule.smoothing - 1 + ruling.in_a_row)

    def renew(self, device: str) -> None:
        """Give a device a stream by its model of now, once all of its frames are stored."""
        before = self.live.get(device)
        if before is not None:
            stream = self._new_stream(device, before.features, before, is_resumed=True)
            if isinstance(stream, UnscoredStream) and isinstance(before, UnscoredStream):
                before.reason = stream.reason  # its session goes on
            else:
                self.live[device] = stream
        self._backlogs.pop(device, None)
        self._outdated.discard(device)

    def thin(self, factor: int) -> None:
        """Score one window in ``factor`` from now on, see ``Thinning``."""
        if factor == self._factor:
            return
        self._factor = factor
        for stream in (*self.live.values(), *self._backlogs.values()):
            if not isinstance(stream, UnscoredStream):
                stream.thinning.factor = factor

    def trust_clocks(self) -> None:
        """The broker has sent again what it had to; see ``Segmenter.trust_clock``."""
        for stream in self.live.values():
            stream.segmenter.trust_clock()

    def _score(self, waiting: Sequence[_Waiting]) -> list[Frame]:
        by_model: dict[str, list[_Waiting]] = {}
        for one in waiting:
            by_model.setdefault(str(id(one.stream.bundle)), []).append(one)
        frames = []
        for group in by_model.values():
            began, end = time.perf_counter(), 0
            detector = group[0].stream.bundle.detector
            stretches = [one.stretch for one in group]
            scored = score_stretches(detector, stretches, self._rulings.chunk)
            self.scoring_s += time.perf_counter() - began
            for one in group:
                start, end = end, end + len(one.stretch.plan.chosen)
                frames.append(one.stream.finish(one.stretch, scored.part(start, end), one.arrival))
        return frames

    def _stream_for(self, block: TakenBlock) -> Stream:
        is_late = is_backlog_label(block.samples.session)
        streams = self._backlogs if is_late else self.live
        stream = streams.get(block.device)
        features = block.samples.features
        if stream is not None and self._goes_on(stream, features):
            return stream
        is_resumed = not is_late and stream is None
        made = self._new_stream(block.device, features, stream, is_resumed=is_resumed)
        if is_resumed and (known := self.known.pop(block.device, None)) is not None:
            _restore(made, known)
        streams[block.device] = made
        return made

    def _goes_on(self, stream: Stream, features: tuple[str, ...]) -> bool:
        """Whether a stream takes samples of these features, if need be more than before."""
        if self._has_changed(stream):
            return False
        if stream.features == features:
            return True
        if features[: len(stream.features)] != stream.features:
            return False
        if isinstance(stream, UnscoredStream):
            bundle = self._rulings.model_of(stream.device)
            if isinstance(bundle, Bundle) and self._fits(bundle, features):
                return False  # now there is all that its model needs
        stream.widen(features)
        return True

    def _has_changed(self, stream: Stream) -> bool:
        """Whether the rate left the model's range, or came into it."""
        if stream.device in self._outdated:
            return False  # its model is not its rule's any more
        bundle = self._rulings.model_of(stream.device)
        if not isinstance(bundle, Bundle) or stream.rate.rate_hz is None:
            return False
        misfit = rate_misfit(stream.rate.rate_hz, bundle.document.input_period_s)
        is_scored = not isinstance(stream, UnscoredStream)
        return is_scored is (misfit is not None) and self._fits(bundle, stream.features)

    def _new_stream(
        self, device: str, features: tuple[str, ...], before: Stream | None, *, is_resumed: bool
    ) -> Stream:
        rules, bundle = self._rulings.sessions, outlook(self._rulings, device, features)
        rate_hz = self._rate_of(device) if before is None else before.rate.rate_hz
        reason = bundle if isinstance(bundle, str) else _misfit(bundle, rate_hz)
        if reason is not None or isinstance(bundle, str):
            self._say(logging.WARNING, f"stored unscored: {reason}".replace(device, "…"), device,
                      f"stored unscored: {reason}")  # fmt: skip
            return self._carry_rate(UnscoredStream(device, features, rules, str(reason)), before)
        ruling = self._rulings.of(device)
        stream = stream_for(
            device,
            features,
            bundle,
            rules,
            running=ruling.running,
            threshold=ruling.threshold,
            in_a_row=ruling.in_a_row,
            own=ruling.own,
        )
        if is_resumed:
            start, tail = self._history(device, bundle.document.baseline, stream.memory)
            if tail and set(tail[-1].features) <= set(features):
                stream.resume(start, tail)
                if before is not None and before.segmenter.trusts_clock:
                    stream.segmenter.trust_clock()
        stream.thinning.factor = self._factor
        self._say(logging.INFO, bundle.name, device, f"scored with {bundle.name}")
        return self._carry_rate(stream, before)

    def _say(self, level: int, kind: str, device: str, line: str) -> None:
        """Log what becomes of a device; a thousand of the same are a few lines."""
        tail = self._told.tail(kind)
        if tail is not None:
            logger.log(level, "%s: %s%s", device, line, tail)

    def _carry_rate(self, stream: Stream, before: Stream | None) -> Stream:
        if before is not None:
            stream.rate = before.rate
            stream.counters.update(before.counters)
        return stream

    def _rate_of(self, device: str) -> float | None:
        known = self.known.get(device)
        return None if known is None else known.rate_hz

    def _fits(self, bundle: Bundle, features: tuple[str, ...]) -> bool:
        return set(bundle.channels) <= set(features)


def _misfit(bundle: Bundle, rate_hz: float | None) -> str | None:
    """Why the rate of a device does not fit a model."""
    misfit = rate_misfit(rate_hz, bundle.document.input_period_s)
    return None if misfit is None else f"{bundle.name}: {misfit}"


def _restore(stream: Stream, known: Known) -> None:
    stream.counters.update(known.counters)
    if known.trusts_clock:
        stream.segmenter.trust_clock()
    if stream.rate.rate_hz is None and known.rate_hz is not None:
        stream.rate = RateMeter(1 / known.rate_hz)
