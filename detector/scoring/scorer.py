"""A batch of windows through a detector: residual terms and the newest reconstruction.

The result of a window does not depend on the rest of its batch: calls are made in chunks of
one fixed set of sizes, on one thread, in evaluation and inference mode.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from detector.normal.terms import TINY, joined, no_terms
from detector.records import Flags, Frame, Samples, Values, label_of
from detector.scoring.detectors import Detector, Scored
from detector.scoring.runtimes.carried import Lanes, Span
from detector.scoring.score import EVERY, Array
from detector.scoring.thinning import Plan
from detector.sessions.segments import Piece
from detector.sessions.windows import windows as windows_of

SIZE_STEP = 32  # calls have 1, 2, 4, 8, 16 or a multiple of so many windows


@dataclass(frozen=True, slots=True)
class Stretch:
    """Samples of one session waiting for the scores of their windows.

    Attributes:
        piece: The n samples.
        windows: Shape (B, L, F), scaled; they end in the last B <= n samples of the piece.
        plan: Which of the windows are scored.
        judged: Shape (n,).
        gone: Shape (n,), True where the plain rule for missing values gives the least score.
        offset: Shape (F,), what the session's baseline took off.
        flat: Shape (B, F), flatness without the repeats that filled a hole; None: none did.
        spans: What carried states go on over; none where each window is seen alone.
    """

    piece: Piece
    windows: npt.NDArray[np.float32]
    plan: Plan
    judged: Flags
    gone: Flags
    offset: Array
    flat: Array | None
    spans: tuple[Span, ...]

    @property
    def ends(self) -> npt.NDArray[np.intp]:
        """The samples that the windows end in; those before are warm-up."""
        return np.arange(len(self.piece.ts) - len(self.windows), len(self.piece.ts))


def samples_of(frame: Frame, features: tuple[str, ...]) -> Samples:
    """The samples of a frame, with these features; what it has not is missing."""
    label = label_of(frame.session)
    return Samples(frame.features, frame.ts, frame.values, label).with_features(features)


def samples_in(found: Sequence[Frame], features: tuple[str, ...]) -> Samples:
    """The samples of consecutive frames of one session, at least one frame."""
    parts = [samples_of(frame, features) for frame in found]
    ts = np.concatenate([part.ts for part in parts])
    return Samples(features, ts, np.concatenate([part.values for part in parts]), parts[0].session)


def score_stretches(detector: Detector, stretches: Sequence[Stretch], chunk: int) -> Scored:
    """Score what stretches of one model have planned, of one device or of many.

    Args:
        detector: What scores them.
        stretches: At least one; those of a device in order, each to be scored once.
        chunk: Windows per call.

    Returns:
        One row per chosen window, stretch after stretch.
    """
    views = [view for one in stretches for view in one.plan.views(one.windows)]
    if detector.carrier is None:
        return score_views(detector, views, chunk)
    codes = detector.carrier.codes([span for one in stretches for span in one.spans])
    return score_views(detector, views, chunk, codes)


def score_session(detector: Detector, session: Values, window: int, chunk: int) -> Scored:
    """Score all windows of one session, shape (n, F) in scaled units; see ``score_windows``."""
    seen = windows_of(session, window)
    if detector.carrier is None:
        return score_views(detector, [seen], chunk)
    lanes = Lanes(detector.carrier)
    lanes.extend(np.arange(len(session), dtype=np.float64))
    spans = lanes.spans(session, np.arange(window - 1, len(session)))
    return score_views(detector, [seen], chunk, detector.carrier.codes(spans))


def score_windows(detector: Detector, windows: npt.NDArray[np.float32], chunk: int) -> Scored:
    """Score windows, each seen alone.

    Args:
        detector: What scores them.
        windows: Shape (B, L, F) in scaled units; a view will do, B may be 0. NaN where a column
            of a front end could not be shown: the window is scored as if that were normal there,
            and its terms of the column are NaN.
        chunk: Windows per call.

    Returns:
        One row per window, in order.
    """
    return score_views(detector, [windows], chunk)


def score_views(
    detector: Detector,
    views: Sequence[npt.NDArray[np.float32]],
    chunk: int,
    codes: Values | None = None,
) -> Scored:
    """The same for the windows of several views, at least one; only a chunk of them is copied.

    ``codes``, shape (B, C), are those of all windows in order where states are carried.
    """
    batches = [
        _score(detector, parts, None if codes is None else codes[number * chunk :][:chunk])
        for number, parts in enumerate(_chunks(views, chunk))
    ]
    if not batches:
        width = views[0].shape[2]
        newest = np.empty((0, width), np.float32)
        return Scored(no_terms(len(detector.groups), width), newest, np.empty(0))
    return Scored(
        joined([batch.terms for batch in batches]),
        np.concatenate([batch.newest for batch in batches]),
        np.concatenate([batch.mse for batch in batches]),
    )


def _chunks(
    views: Sequence[npt.NDArray[np.float32]], chunk: int
) -> Iterator[list[npt.NDArray[np.float32]]]:
    """Parts of the views, together ``chunk`` windows each time, at the end what is left."""
    parts, room = [], chunk
    for view in views:
        start = 0
        while start < len(view):
            parts.append(view[start : start + room])
            start += len(parts[-1])
            room -= len(parts[-1])
            if not room:
                yield parts
                parts, room = [], chunk
    if parts:
        yield parts


def _score(
    detector: Detector, parts: Sequence[npt.NDArray[np.float32]], codes: Values | None
) -> Scored:
    count = sum(map(len, parts))
    padded = np.zeros((call_size(count), *parts[0].shape[1:]), np.float32)
    np.concatenate(parts, out=padded[:count])
    if codes is not None:
        codes = np.concatenate([codes, np.zeros((len(padded) - count, codes.shape[1]), "f4")])
    unknown: Flags = np.isnan(padded)
    if not unknown.any():
        return detector.examine(padded, codes).part(0, count)
    padded[unknown] = 0.0  # the column's normal
    hidden = np.asarray(unknown.any(axis=1))[:count]  # (B, F)
    return _without(detector.examine(padded, codes).part(0, count), hidden, detector.groups)


def _without(scored: Scored, hidden: Flags, groups: Sequence[int]) -> Scored:
    """The same where columns of a front end could not be shown; ``hidden`` has shape (B, F)."""
    each = [np.zeros(len(hidden), np.bool_) if g == EVERY else hidden[:, g] for g in groups]
    if not np.any(each):
        return scored
    terms = scored.terms.hiding(np.stack(each, axis=1))
    squared = np.exp(terms.log_mse[:, : hidden.shape[1]]) - TINY
    shown = ~np.isnan(squared)
    total = np.where(shown, squared, 0.0).sum(axis=1)
    return replace(scored, terms=terms, mse=total / np.maximum(shown.sum(axis=1), 1))


def call_size(count: int) -> int:
    """Windows in a call that has ``count`` to score, the rest are zeros.

    For each size of an LSTM call its library keeps buffers of about 1 MB, so there are few.
    """
    return (
        -(-count // SIZE_STEP) * SIZE_STEP if count > SIZE_STEP else 1 << (count - 1).bit_length()
    )
