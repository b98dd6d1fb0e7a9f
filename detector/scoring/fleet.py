"""All devices at once: each block to its device's stream, one batch of windows per model."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from detector.alignment.rules import Rules, rules_for
from detector.folding import Folding
from detector.ingest.buffer import TakenBlock
from detector.normal.level import Own
from detector.records import Frame, is_backlog_label
from detector.scoring.bundle import Bundle
from detector.scoring.front_stream import ScoringStream, stream_for
from detector.scoring.learnt import LearntModels, NoLearntModels
from detector.scoring.models import Models
from detector.scoring.rate import rate_misfit
from detector.scoring.scorer import Stretch, score_views
from detector.scoring.unscored import UnscoredStream
from detector.settings.tree import Settings

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


class Fleet:
    """Scores what was taken from the buffer.

    Args:
        settings: Rules for devices, sessions and batches.
        history: Reads back where an earlier run stopped.
        thresholds: Per device, what an operator last set.

    Attributes:
        learnt: Models of devices without one in the settings.
        owns: The own normal of each machine that is commissioned; ``renew`` applies a change.
        models: The bundles that rules name.
        streams: Of the live samples, by device.
        scoring_s: Seconds so far that went into windows.
    """

    def __init__(self, settings: Settings, history: History, thresholds: dict[str, float]) -> None:
        self._settings = settings
        self._history = history
        self._thresholds = dict(thresholds)
        self.models = Models(settings.models, settings.detector.runtime)
        self._told = Folding(MOST_LINES, LINES_EVERY_S)
        self._factor = 1
        self.learnt: LearntModels = NoLearntModels()
        self.owns: dict[str, Own] = {}
        self.streams: dict[str, Stream] = {}
        self._backlogs: dict[str, Stream] = {}  # of those sent after their time, beside them
        self._outdated: set[str] = set()  # devices whose streams wait for ``renew``
        self.scoring_s = 0.0

    def begin(self, blocks: Sequence[TakenBlock]) -> None:
        """Go on where an earlier run stopped, for devices not seen yet; reads the store."""
        for block in blocks:
            if block.device not in self.streams:
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

    def threshold_of(self, device: str) -> float:
        """In force: an operator's, else the rule's, else 1.0."""
        rule = self._settings.rule_for(device)
        own = None if rule is None else rule.threshold
        return self._thresholds.get(device, 1.0 if own is None else own)

    def set_threshold(self, device: str, threshold: float | None) -> None:
        """Judge samples of ``device`` against it from now on; None: against the settings'."""
        self._thresholds.pop(device, None)
        if threshold is not None:
            self._thresholds[device] = threshold
        self.follow_rule(device)

    def take_up(self, settings: Settings, outdated: Iterable[str]) -> None:
        """Go by other settings from the next samples on; ``outdated`` devices wait for ``renew``.

        All other streams go on as if nothing had happened.
        """
        self._settings, self._outdated = settings, set(outdated)
        for stream in (*self.streams.values(), *self._backlogs.values()):
            stream.segmenter.rules = settings.sessions
            self.follow_rule(stream.device)

    def follow_rule(self, device: str) -> None:
        """Go by the threshold and the alarm rule that hold for a device now."""
        for stream in (self.streams.get(device), self._backlogs.get(device)):
            if stream is not None and not isinstance(stream, UnscoredStream):
                stream.threshold = self.threshold_of(device)
                n = self._settings.alarms_for(device).n
                stream.thinning.look_at(stream.rule.smoothing - 1 + n)

    def renew(self, device: str) -> None:
        """Give a device a stream by its model of now, once all of its frames are stored."""
        before = self.streams.get(device)
        if before is not None:
            stream = self._new_stream(device, before.features, before, is_resumed=True)
            if isinstance(stream, UnscoredStream) and isinstance(before, UnscoredStream):
                before.reason = stream.reason  # its session goes on
            else:
                self.streams[device] = stream
        self._backlogs.pop(device, None)
        self._outdated.discard(device)

    def outlook(self, device: str, features: tuple[str, ...]) -> Bundle | str:
        """The model of a device that sends these features, or why it has none."""
        stream, bundle = self.streams.get(device), self._model_of(device)
        if stream is not None:
            return stream.reason if isinstance(stream, UnscoredStream) else stream.bundle
        reason = self._reason(device, features, bundle, None)
        return bundle if isinstance(bundle, Bundle) and reason is None else str(reason)

    def thin(self, factor: int) -> None:
        """Score one window in ``factor`` from now on, see ``Thinning``."""
        if factor == self._factor:
            return
        self._factor = factor
        for stream in (*self.streams.values(), *self._backlogs.values()):
            if not isinstance(stream, UnscoredStream):
                stream.thinning.factor = factor

    def trust_clocks(self) -> None:
        """The broker has sent again what it had to; see ``Segmenter.trust_clock``."""
        for stream in self.streams.values():
            stream.segmenter.trust_clock()

    def _score(self, waiting: Sequence[_Waiting]) -> list[Frame]:
        by_model: dict[str, list[_Waiting]] = {}
        for one in waiting:
            by_model.setdefault(str(id(one.stream.bundle)), []).append(one)
        frames = []
        for group in by_model.values():
            began, end = time.perf_counter(), 0
            views = [view for one in group for view in one.stretch.plan.views(one.stretch.windows)]
            detector = group[0].stream.bundle.detector
            scored = score_views(detector, views, self._settings.detector.chunk)
            self.scoring_s += time.perf_counter() - began
            for one in group:
                start, end = end, end + len(one.stretch.plan.chosen)
                frames.append(one.stream.finish(one.stretch, scored.part(start, end), one.arrival))
        return frames

    def alignment_of(self, device: str) -> Rules:
        """How a device's samples are joined: by its model's period and channels."""
        rules, bundle = rules_for(self._settings, device), self._model_of(device)
        if not isinstance(bundle, Bundle):
            return rules
        needed = frozenset(self._needed_by(bundle, device))
        return replace(rules, period_s=bundle.document.input_period_s, needed=needed)

    def _stream_for(self, block: TakenBlock) -> Stream:
        is_late = is_backlog_label(block.samples.session)
        streams = self._backlogs if is_late else self.streams
        stream = streams.get(block.device)
        features = block.samples.features
        if stream is not None and self._goes_on(stream, features):
            return stream
        streams[block.device] = self._new_stream(
            block.device, features, stream, is_resumed=not is_late and stream is None
        )
        return streams[block.device]

    def _goes_on(self, stream: Stream, features: tuple[str, ...]) -> bool:
        """Whether a stream takes samples of these features, if need be more than before."""
        if self._has_changed(stream):
            return False
        if stream.features == features:
            return True
        if features[: len(stream.features)] != stream.features:
            return False
        if isinstance(stream, UnscoredStream):
            bundle = self._model_of(stream.device)
            if isinstance(bundle, Bundle) and self._fits(bundle, features):
                return False  # now there is all that its model needs
        stream.widen(features)
        return True

    def _has_changed(self, stream: Stream) -> bool:
        """Whether the rate left the model's range, or came into it."""
        if stream.device in self._outdated:
            return False  # its model is not its rule's any more
        bundle = self._model_of(stream.device)
        if not isinstance(bundle, Bundle) or stream.rate.rate_hz is None:
            return False
        misfit = rate_misfit(stream.rate.rate_hz, bundle.document.input_period_s)
        is_scored = not isinstance(stream, UnscoredStream)
        return is_scored is (misfit is not None) and self._fits(bundle, stream.features)

    def _new_stream(
        self, device: str, features: tuple[str, ...], before: Stream | None, *, is_resumed: bool
    ) -> Stream:
        rules, rule = self._settings.sessions, self._settings.rule_for(device)
        bundle = self._model_of(device)
        reason = self._reason(device, features, bundle, before)
        if reason is not None or not isinstance(bundle, Bundle):
            self._say(logging.WARNING, f"stored unscored: {reason}".replace(device, "…"), device,
                      f"stored unscored: {reason}")  # fmt: skip
            return self._carry_rate(UnscoredStream(device, features, rules, str(reason)), before)
        stream = stream_for(
            device,
            features,
            bundle,
            rules,
            running=None if rule is None else rule.running,
            threshold=self.threshold_of(device),
            in_a_row=self._settings.alarms_for(device).n,
            own=self.owns.get(device),
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

    def _reason(
        self,
        device: str,
        features: tuple[str, ...],
        bundle: Bundle | str | None,
        before: Stream | None,
    ) -> str | None:
        """Why a device cannot be scored; None when it can."""
        if bundle is None:
            return self.learnt.reason(device)
        if isinstance(bundle, str):
            return bundle
        needed = self._needed_by(bundle, device)
        if not needed <= set(features):
            missing = ", ".join(sorted(needed - set(features)))
            return (
                f"{bundle.name}: needs {', '.join(sorted(needed))}; {device} sends "
                f"{', '.join(features)}; missing {missing}"
            )
        rate = None if before is None else before.rate.rate_hz
        misfit = rate_misfit(rate, bundle.document.input_period_s)
        return None if misfit is None else f"{bundle.name}: {misfit}"

    def _needed_by(self, bundle: Bundle, device: str) -> set[str]:
        """The model's channels and the running signal."""
        rule = self._settings.rule_for(device)
        signal = (None if rule is None else rule.running) or bundle.document.running
        return {*bundle.channels, *([] if signal is None else [signal.feature])}

    def _fits(self, bundle: Bundle, features: tuple[str, ...]) -> bool:
        return set(bundle.channels) <= set(features)

    def _model_of(self, device: str) -> Bundle | str | None:
        rule = self._settings.rule_for(device)
        if rule is None or rule.model is None:
            return self.learnt.model_of(device)
        return self.models.of(rule.model)
