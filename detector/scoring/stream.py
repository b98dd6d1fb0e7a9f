"""Samples of one device in, frames out: the way from the buffer to the store.

Recorded files and live devices both go through ``DeviceStream``; that is why the live score of
a sample equals the offline one. It takes three steps so that one batch can hold the windows of
many devices: ``accept`` samples, ``score_stretches`` for all of them, ``finish`` into frames.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from detector.normal.level import Own
from detector.normal.terms import no_terms
from detector.records import Flags, Frame, Samples, Values
from detector.scoring.bundle import Bundle
from detector.scoring.detectors import Scored
from detector.scoring.judging import Judging
from detector.scoring.rate import RateMeter
from detector.scoring.runtimes.carried import Lanes
from detector.scoring.score import Array, worst_contributions
from detector.scoring.scorer import Stretch, samples_in, samples_of, score_stretches
from detector.scoring.thinning import RunningScores, Thinning
from detector.sessions.baseline import Baseline
from detector.sessions.missing import MISSING_HOLD_S, MISSING_SCORE, MissingRule
from detector.sessions.operating import LEVEL_REACH, running_flags
from detector.sessions.scaling import scale, unscale
from detector.sessions.segments import Piece, Segmenter, filled_parts
from detector.sessions.windows import flatness, windows
from detector.settings.devices import RunningSignal
from detector.settings.sessions import SessionSettings

if TYPE_CHECKING:
    from detector.scoring.front_stream import ScoringStream


class DeviceStream:
    """One device with its model: remembers just enough of the session to score the next sample.

    Args:
        device: Name of the machine.
        features: The columns of its samples.
        bundle: A model whose features are among them.
        rules: Where sessions end.
        running: Running signal instead of the bundle's own.
        threshold: Score above which a judged sample is an anomaly.
        in_a_row: Scores that the alarm rule looks at together.
        own: The machine's own normal, if it is commissioned.

    Attributes:
        uncommissioned: Why it is not judged by its own normal; None where it is, or never could be.
        rule: How its terms become a score.
        own_card: Of the bundle by that rule; None: the bundle's own.
        smoothed: Terms of the windows that were scored last.
        thinning: Which windows are scored.
        follows: What its conditions do to its normal.
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
        self.device, self.features, self.bundle = device, features, bundle
        self._rules = rules
        self.threshold = threshold
        self.rate = RateMeter()
        document = bundle.document
        self._judging = Judging(bundle, features, running or document.running_signal)
        self._columns = [features.index(name) for name in bundle.features]
        signal = self._judging.signal
        # A column of a front end that cannot be shown is no hole.
        whole = bundle.channels if bundle.front is None else document.condition_names
        self._needed = np.isin(features, [*whole, *([signal.feature] if signal else [])])
        self.segmenter = Segmenter(rules, document.sampling_period_s, self._needed)
        self._baseline = Baseline(document.baseline, len(self._columns))
        self._tail = np.empty((0, len(features)), np.float32)
        self._heard = self._tail  # the same samples as received, holes and all
        self._times = np.empty(0)  # of the same samples
        self._lanes = Lanes(bundle.detector.carrier)
        self._missing = MissingRule(self._columns, len(features))
        self.uncommissioned = bundle.accepts(own)
        own = own if self.uncommissioned is None else None
        self.follows = bundle.followed(features, own)
        self.rule, self._centre = bundle.rule(own), bundle.centre(own)
        self.own_card = None if own is None else bundle.card_by(self.rule)
        columns, width = len(bundle.detector.groups), len(self._columns)
        self._scores = RunningScores(self.rule, columns, width, document.window)
        self.smoothed = no_terms(columns, width)
        self.thinning = Thinning(device, self.rule.smoothing - 1 + in_a_row)

    @property
    def counters(self) -> Counter[str]:
        """What was late, repeated, missing or filled, by name."""
        return self.segmenter.counters

    @property
    def note(self) -> str | None:
        """What is said beside its state."""
        said = [self.bundle.note or self.uncommissioned, self.follows.outside]
        return "; ".join(one for one in said if one) or None

    @property
    def memory(self) -> int:
        """Samples before the next one that its score can depend on, the baseline aside."""
        document = self.bundle.document
        levels = LEVEL_REACH * document.window if document.lowest_log_rms is not None else 0
        held = math.ceil(MISSING_HOLD_S / document.sampling_period_s) + self._lanes.reach
        overlap = document.window if self.rule.scales else 0
        return max(self.bundle.settling, levels) + self.rule.reach + overlap + held

    def widen(self, features: tuple[str, ...]) -> None:
        """Go on with more features, to the right of those there are; the model needs none."""
        more = len(features) - len(self.features)
        self.features = self._judging.features = features
        self.segmenter.widen(more)
        self._missing.widen(more)
        room = np.full((len(self._tail), more), np.nan, np.float32)
        self._tail = np.hstack([self._tail, room])
        self._heard = np.hstack([self._heard, room])
        self._needed = np.append(self._needed, np.zeros(more, np.bool_))

    def accept(self, samples: Samples, *, broken: bool = False) -> list[Stretch]:
        """Cut samples into sessions and lay out their windows.

        Args:
            samples: The next ones in order of arrival.
            broken: Samples were lost before these.

        Returns:
            Stretches in order, to be given to ``finish`` with their scores.
        """
        pieces = self.segmenter.push(samples, broken=broken)
        for piece in pieces:
            self.rate.add(piece.ts)
        return [self.lay_out(piece) for piece in pieces]

    def finish(self, stretch: Stretch, scored: Scored, arrival: float) -> Frame:
        """Make the frame of a stretch from the scores of its windows.

        Args:
            stretch: From ``accept``, in the same order.
            scored: One row per window of the stretch that its plan has chosen.
            arrival: When the newest sample arrived, detector clock.
        """
        piece = stretch.piece
        n = len(piece.ts)
        at = stretch.ends[stretch.plan.chosen]  # the sample that each scored window ends in
        terms = scored.terms
        if stretch.flat is not None:
            terms = replace(terms, flat=stretch.flat[stretch.plan.chosen])
        self.smoothed, whole = self._scores.smooth(terms, stretch.plan)
        scores = self._scores.score(self.smoothed, whole, stretch.plan, stretch.judged[at])[whole]
        score, mse = np.full((2, n), np.nan, np.float32)
        score[at[whole]] = self.rule.scores(scores)
        held = stretch.gone
        score[held] = np.fmax(score[held], MISSING_SCORE)
        shares = self._contributions(scores, stretch.judged[at[whole]])
        if held.any() and score.max(initial=0.0, where=held) <= MISSING_SCORE:
            shares = self._missing.shares(piece)
        mse[at] = scored.mse
        reconstruction = np.full(piece.values.shape, np.nan, np.float32)
        newest = self._in_units(scored.newest, piece.filled[at]) + stretch.offset
        reconstruction[at[:, None], self._columns] = newest
        self.follows.look(piece.values)
        return Frame(
            device=self.device,
            session=piece.session,
            features=self.features,
            ts=piece.ts,
            values=piece.values,
            reconstruction=reconstruction,
            score=score,
            mse=mse,
            judged=stretch.judged,
            threshold=self.threshold,
            contributions=shares,
            arrival=arrival,
        )

    def resume(self, start: Sequence[Frame], tail: Sequence[Frame]) -> None:
        """Go on where an earlier run stopped.

        Args:
            start: The first frames of the newest session, as many as the baseline needs.
            tail: Its newest frames, at least ``memory`` samples where there are so many; they
                are scored again so that everything remembered is as it was.
        """
        if not tail:
            return
        session = tail[-1].session
        if start and start[-1].ts[-1] >= tail[0].ts[0]:  # they overlap: all of it is there
            tail = [*start, *(frame for frame in tail if frame.ts[0] > start[-1].ts[-1])]
        else:
            first = [samples_of(frame, self.features) for frame in start]
            period_s = self.bundle.document.sampling_period_s
            parts = filled_parts(first, Segmenter(self._rules, period_s, self._needed))
            self._baseline.inherit([part[:, self._columns] for part in parts])
        self.replays(session)
        has_scored = any(np.isfinite(frame.score).any() for frame in [*start, *tail])
        again = samples_in(tail, self.features)  # at once: a frame has but a few
        score_samples(self, again, chunk=256, arrival=tail[-1].arrival)
        self.was_whole(session, has_scored=has_scored)
        self.segmenter.resume(session, stored_until=float(tail[-1].ts[-1]))
        self.counters.clear()

    def replays(self, session: str) -> None:
        """Until ``was_whole``: a replay names the session otherwise, and its start with it."""
        self._judging.replayed = session

    def was_whole(self, session: str, *, has_scored: bool) -> None:
        """The replay is over; of a long session it is only the end."""
        self._judging.replayed = None
        if has_scored or self._missing.knows_a_session:
            self._missing.complete(session)

    def lay_out(self, piece: Piece) -> Stretch:
        """Lay out the windows that end in the next samples, cut from the others already."""
        document = self.bundle.document
        if piece.starts or not piece.usable:
            self._tail = self._heard = self._tail[:0]
            self._times = self._times[:0]
            self._baseline.restart()
            self._lanes.restart()
            self.thinning.restart()
        joined = np.concatenate([self._tail, piece.filled])
        heard = np.concatenate([self._heard, piece.values])
        times = np.concatenate([self._times, piece.ts])
        known = self._baseline.learn(piece.filled[:, self._columns]) if piece.usable else 0
        count = min(known, max(len(joined) - document.window + 1, 0))
        scaled = self._scaled(joined if known else joined[:0])
        seen = windows(scaled, document.window)
        runs = running_flags(piece.values, self.features, self._judging.signal)
        gone = self._missing.gone(piece, runs)
        judged = gone & runs
        if count:
            judged[-count:] |= self._judging.windows(joined, scaled)[-count:]
            judged[-count:] &= self._judging.fits_rate(times)[-count:]
        judged &= self._judging.has_started(piece)
        if piece.usable:
            self._lanes.extend(self._judging.ages(piece))
            self._tail, self._heard = joined[-self.memory :], heard[-self.memory :]
            self._times = times[-self.memory :]
            self._missing.complete(piece.session)
        flat = self._flat(heard, count)
        plan = self.thinning.plan(count)
        if len(plan.chosen) < count:
            self.counters["thinned_out"] += count - len(plan.chosen)
        seen = seen[len(seen) - count :]
        learnt = self._judging.learnt(joined, scaled) if self._lanes.reach else scaled
        spans = self._lanes.spans(learnt, len(joined) - count + plan.chosen)
        return Stretch(piece, seen, plan, judged, gone, self._baseline.offset, flat, spans)

    def _flat(self, heard: Values, count: int) -> Array | None:
        """Of the last ``count`` windows, where a hole in them was filled with repeats."""
        window = self.bundle.document.window
        samples = heard[max(len(heard) - count - window + 1, 0) :]
        has_hole = self.bundle.front is None and np.isnan(samples[:, self._columns]).any()
        if not count or not has_hole:
            return None
        return flatness(windows(self._scaled(samples), window))

    def _scaled(self, filled: Values) -> Values:
        scaling = self.bundle.document.scaling
        centred = filled[:, self._columns].astype(np.float64) - self._baseline.offset
        spread = self.follows.width(filled) * np.asarray(scaling.scale)
        return scale(centred - self.follows.centre(filled), self._centre, spread)

    def _in_units(self, newest: Values, filled: Values) -> Array:
        spread = self.follows.width(filled) * np.asarray(self.bundle.document.scaling.scale)
        return unscale(newest, self._centre, spread) + self.follows.centre(filled)

    def _contributions(self, scores: Array, judged: Flags) -> Values:
        shares = np.zeros(len(self.features), np.float32)
        groups = self.rule.groups(self.bundle.detector.groups)
        shares[self._columns] = worst_contributions(scores, judged, groups, len(self._columns))
        return shares


def score_samples(
    stream: ScoringStream, samples: Samples, *, chunk: int, arrival: float
) -> list[Frame]:
    """Samples of one device to frames at once, as a recorded file is scored."""
    return [
        stream.finish(stretch, score_stretches(stream.bundle.detector, [stretch], chunk), arrival)
        for stretch in stream.accept(samples)
    ]
