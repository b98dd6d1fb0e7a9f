"""Which channels a few minutes say enough of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from detector.records import Flags, Values

MOST_MISSING = 0.2  # share of samples
FEWEST_CHANGES = 20  # of a value; of a rarer event nobody knows how often is normal
BLOCKS = 10  # of a stretch, whose means show how a channel wanders
MOST_WANDERING = 0.3  # share of the variance that lies in those means
SHORTEST = 10  # samples of a block


def too_little(values: Values, features: Sequence[str]) -> dict[str, str]:
    """Channels that say nothing, with the reason.

    Args:
        values: Shape (n, F), n > 0; missing is NaN.
        features: The F names.
    """
    return _named(features, (_too_little(column) for column in values.T))


def unsettled(
    sessions: Sequence[Values], judged: Sequence[Flags], features: Sequence[str]
) -> dict[str, str]:
    """Channels whose normal range is wider than what the stretch has seen, with the reason.

    A temperature that warms up, a level that falls and a counter leave any range learnt of them.

    Args:
        sessions: Shape (n, F) each, finite.
        judged: Shape (n,) each; only such samples count.
        features: The F names.
    """
    kept = [values[flags] for values, flags in zip(sessions, judged, strict=True)]
    slow = wandering(kept)
    return _named(features, (
        f"wanders ({share:.0%} of it slowly)" if share > MOST_WANDERING else None
        for share in slow.tolist()
    ))  # fmt: skip


def wandering(sessions: Sequence[Values]) -> npt.NDArray[np.float64]:
    """Shape (F,): share of the variance within a session that lies in means of its tenths.

    All of it where no session is long enough to tell.
    """
    width = sessions[0].shape[1]
    slow, total = np.zeros(width), np.zeros(width)
    for session in sessions:
        size = len(session) // BLOCKS
        if size < SHORTEST:
            continue
        blocks = session[: size * BLOCKS].astype(np.float64).reshape(BLOCKS, size, width)
        slow += size * BLOCKS * blocks.mean(axis=1).var(axis=0)
        total += size * BLOCKS * blocks.reshape(-1, width).var(axis=0)
    return np.divide(slow, total, out=np.ones(width), where=total > 0)


def _too_little(column: npt.NDArray[np.float32]) -> str | None:
    known = column[np.isfinite(column)]
    missing = 1 - len(known) / len(column)
    if missing > MOST_MISSING:
        return f"missing in {missing:.0%} of the samples"
    changes = int((np.diff(known) != 0).sum())
    if not changes:
        return "constant"
    return f"changes {changes} times only" if changes < FEWEST_CHANGES else None


def _named(features: Sequence[str], reasons: Iterable[str | None]) -> dict[str, str]:
    found = zip(features, reasons, strict=True)
    return {name: reason for name, reason in found if reason is not None}
