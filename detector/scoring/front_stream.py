"""The way of a sample through a front end: samples in, blocks described, frames out.

What is described is the sample of an ordinary ``DeviceStream``, whose features are the columns.
Sessions are cut from what the device sends, and where samples are kept a score stands at the
sample that its block ends with.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from detector.causes import Cause
from detector.frontends.blocks import Blocks, first_of
from detector.frontends.causes import by_input, causes_of
from detector.normal.level import Own
from detector.normal.terms import Terms
from detector.records import Flags, Frame, ModelCard, Samples, Values
from detector.scoring.bundle import Bundle
from detector.scoring.detectors import Scored
from detector.scoring.rate import TOLERANCE, RateMeter
from detector.scoring.score import ScoreRule
from detector.scoring.scorer import Stretch, samples_of
from detector.scoring.stream import DeviceStream, score_samples
from detector.scoring.thinning import MOST, Thinning
from detector.sessions.operating import running_flags
from detector.sessions.segments import Piece, Segmenter
from detector.settings.devices import RunningSignal
from detector.settings.sessions import SessionSettings

RUNS = "running"  # column beside the described ones: the machine ran all through the block
RAN = RunningSignal(feature=RUNS, min=0.5)


@dataclass(frozen=True, slots=True)
class BlockStretch(Stretch):
    """Feature samples laid out as windows, and the samples they describe.

    Attributes:
        samples: The n samples as they came.
        at: Shape (m,), which of them each feature sample is of.
        held: Shape (n,), as judged as the block before.
    """

    samples: Piece
    at: npt.NDArray[np.intp]
    held: Flags


class FrontEndStream:
    """One device whose model sees feature samples; used as a ``DeviceStream`` is.

    Args:
        device: Name of the machine.
        features: The columns of its samples.
        bundle: A model with a front end whose channels are among them.
        rules: Where sessions end.
        running: Running signal instead of the bundle's own.
        threshold: Score above which a judged sample is an anomaly.
        in_a_row: Scores that the alarm rule looks at together.
        own: The machine's own normal, by its columns, if it is commissioned.
    """

    def __init__(
        self,
        device: str,
        features: tuple[str, ...],
        bundle: Bundle,
        rules: SessionSettings,
        *,
        running: RunningSignal | None = None,
        threshold: float = 1.0,
        in_a_row: int = 1,
        own: Own | None = None,
    ) -> None:
        assert bundle.front is not None, bundle.name
        self.device, self.features, self.bundle = device, features, bundle
        self._front, self.rate = bundle.front, RateMeter()
        document = bundle.document
        self._signal = running or document.running_signal
        self._channels = [features.index(name) for name in bundle.channels]
        needed = [*bundle.channels, *([self._signal.feature] if self._signal else [])]
        self.segmenter = Segmenter(rules, document.input_period_s, np.isin(features, needed))
        self._blocks = Blocks(self._front)
        self._beside = [name for name in self._front.conditions if name != RUNS]
        described = (*self._front.columns, *self._beside, RUNS)
        self._described = DeviceStream(
            device, described, bundle, rules, running=RAN, threshold=threshold, in_a_row=in_a_row,
            own=own,
        )  # fmt: skip
        self._described.segmenter.counters = self.segmenter.counters
        self.follows, self._row = self._described.follows, self.rule.smoothing - 1 + in_a_row
        self._usable, self._wait, self._judged = True, 0, False

    @property
    def threshold(self) -> float:
        """Score above which a judged sample is an anomaly."""
        return self._described.threshold

    @threshold.setter
    def threshold(self, value: float) -> None:
        self._described.threshold = value

    @property
    def thinning(self) -> Thinning:
        """Which windows are scored."""
        return self._described.thinning

    @property
    def rule(self) -> ScoreRule:
        """How its terms become a score."""
        return self._described.rule

    @property
    def own_card(self) -> ModelCard | None:
        """Of the bundle by the rule of this machine; None: the bundle's own."""
        return self._described.own_card

    @property
    def note(self) -> str | None:
        """What is said beside its state."""
        return self._blocks.note or self._described.note

    @property
    def smoothed(self) -> Terms:
        """Terms of the windows that were scored last."""
        return self._described.smoothed

    @property
    def counters(self) -> Counter[str]:
        """What was late, repeated, missing or filled, by name."""
        return self.segmenter.counters

    @property
    def memory(self) -> int:
        """Stored samples to look back: those of a score, and to where one surely is."""
        if self._front.keeps == "columns":
            return 1  # the newest, see ``resume``
        return self._needed + MOST * self._row * self._front.hop

    @property
    def _needed(self) -> int:
        """Samples before the next one that its score can depend on."""
        return self._front.block + self._described.memory * self._front.hop

    def widen(self, features: tuple[str, ...]) -> None:
        """Go on with more features, to the right of those there are; the model needs none."""
        self.segmenter.widen(len(features) - len(self.features))
        self.features = features

    def accept(self, samples: Samples, *, broken: bool = False) -> list[BlockStretch]:
        """See ``DeviceStream.accept``."""
        pieces = self.segmenter.push(samples, broken=broken)
        for piece in pieces:
            self.rate.add(piece.ts)
        stretches = [self._lay_out(piece) for piece in pieces]
        return [one for one in stretches if len(one.at) or self._front.keeps == "samples"]

    def finish(self, stretch: Stretch, scored: Scored, arrival: float) -> Frame:
        """See ``DeviceStream.finish``."""
        assert isinstance(stretch, BlockStretch), stretch
        frame = self._described.finish(stretch, scored, arrival)
        frame = replace(frame, causes=self._causes(frame, stretch.windows))
        if self._front.keeps == "samples":
            return self._on_samples(frame, stretch)
        if stretch.samples.usable:
            return frame
        return replace(frame, values=np.full_like(frame.values, np.nan))

    def resume(self, start: Sequence[Frame], tail: Sequence[Frame]) -> None:
        """Go on where an earlier run stopped.

        Columns alone do not bring back the block that was begun: a new session starts then.

        Args:
            start: The first frames of the newest session.
            tail: Its newest frames, at least ``memory`` samples where there are so many.
        """
        if not tail:
            return
        session, until = tail[-1].session, float(tail[-1].ts[-1])
        if self._front.keeps == "samples":
            self._described.replays(session)
            self._described.was_whole(session, has_scored=self._replay(tail))
        self.segmenter.resume(session, stored_until=until)
        self.counters.clear()

    def _replay(self, tail: Sequence[Frame]) -> bool:
        """Score the newest samples again, from where a block begins; returns if any was before."""
        scores = np.concatenate([frame.score for frame in tail])
        known = np.flatnonzero(np.isfinite(scores))
        skipped = first_of(len(scores), known, self._front, self._needed)
        for frame in tail:
            samples = samples_of(frame, self.features)
            samples = replace(samples, ts=samples.ts[skipped:], values=samples.values[skipped:])
            skipped = max(skipped - len(frame.ts), 0)
            score_samples(self, samples, chunk=256, arrival=frame.arrival)
        return bool(np.isfinite(scores).any())

    def _lay_out(self, piece: Piece) -> BlockStretch:
        if piece.starts or piece.usable != self._usable:
            self._blocks.restart()
            self._usable, self._wait, self._judged = piece.usable, 0, False
        described, at = self._blocks_of(piece) if piece.usable else self._gone(piece)
        laid_out = self._described.lay_out(described)
        known = np.concatenate([[self._judged], laid_out.judged])
        held = known[np.searchsorted(at, np.arange(len(piece.ts)), side="right")]
        self._judged = bool(known[-1])
        parts = {part.name: getattr(laid_out, part.name) for part in fields(laid_out)}
        return BlockStretch(**parts, samples=piece, at=at, held=held)

    def _blocks_of(self, piece: Piece) -> tuple[Piece, npt.NDArray[np.intp]]:
        """The feature samples of whole samples."""
        runs = running_flags(piece.values, self.features, self._signal)
        found = self._blocks.push(piece.ts, piece.filled[:, self._channels], runs)
        span_s = (self._front.block - 1) * self._front.sampling_period_s
        runs = found.runs & (np.abs(found.spans_s - span_s) <= TOLERANCE * span_s)
        return self._piece(piece, found.at, found.columns, found.conditions, runs), found.at

    def _gone(self, piece: Piece) -> tuple[Piece, npt.NDArray[np.intp]]:
        """Feature samples of samples with missing values: their columns are missing as well."""
        hop, n = self._front.hop, len(piece.ts)
        at = np.arange(self._wait, n, hop)
        self._wait = self._wait + len(at) * hop - n
        seen = piece.values[at][:, self._channels]
        inputs = len(self._front.inputs)
        columns = np.where(np.isnan(seen[:, :inputs]), np.nan, 0.0)[:, list(self._front.groups)]
        runs = running_flags(piece.values[at], self.features, self._signal)
        return self._piece(piece, at, columns, seen[:, inputs:], runs), at

    def _piece(
        self,
        piece: Piece,
        at: npt.NDArray[np.intp],
        columns: Values,
        conditions: Values,
        runs: Flags,
    ) -> Piece:
        kept = [self._front.conditions.index(name) for name in self._beside]
        values = np.column_stack([columns, conditions[:, kept], runs]).astype(np.float32)
        return Piece(piece.session, piece.starts, piece.usable, piece.ts[at], values, values)

    def _on_samples(self, frame: Frame, stretch: BlockStretch) -> Frame:
        """The samples with what was said of their blocks, each where its block ends."""
        piece, at = stretch.samples, stretch.at
        score, mse = np.full((2, len(piece.ts)), np.nan, np.float32)
        score[at], mse[at] = frame.score, frame.mse
        due = np.zeros(len(piece.ts), np.bool_)
        due[at] = True
        return replace(
            frame,
            features=self.features,
            ts=piece.ts,
            values=piece.values,
            reconstruction=np.full(piece.values.shape, np.nan, np.float32),
            score=score,
            mse=mse,
            judged=stretch.held,
            contributions=self._by_feature(frame.contributions),
            due=due,
        )

    def _by_feature(self, shares: Values) -> Values:
        found = np.zeros(len(self.features), np.float32)
        inputs = len(self._front.inputs)
        found[self._channels[:inputs]] = by_input(self._front, shares[: len(self._front.columns)])
        return found

    def _causes(self, frame: Frame, windows: Values) -> tuple[Cause, ...]:
        """The columns behind the largest score, of those judged if there are any."""
        judged = np.where(frame.judged, frame.score, np.nan)
        scores = judged if np.isfinite(judged).any() else frame.score
        if not np.isfinite(scores).any():
            return ()
        row = int(np.nanargmax(scores))
        at = row - (len(frame.ts) - len(windows))
        window = windows[at] if at >= 0 else np.empty((0, len(self._front.columns)), np.float32)
        width = self.follows.width(frame.values[row : row + 1])
        scale = np.ravel(width * np.array(self.bundle.document.scaling.scale))
        return causes_of(self._front, frame.contributions, window, scale.tolist())


ScoringStream: TypeAlias = DeviceStream | FrontEndStream


def stream_for(
    device: str,
    features: tuple[str, ...],
    bundle: Bundle,
    rules: SessionSettings,
    **options: Any,  # noqa: ANN401 -- those of both streams
) -> ScoringStream:
    """The stream of a device by its model; arguments as of ``DeviceStream``."""
    kind = DeviceStream if bundle.front is None else FrontEndStream
    return kind(device, features, bundle, rules, **options)
