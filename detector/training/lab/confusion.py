"""Samples counted by what was said and what was so, and how sure a difference of F1 is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from detector.errors import TrainingError
from detector.records import Flags


@dataclass(frozen=True, slots=True)
class Counts:
    """Samples; a rate is None where there is nothing to divide by.

    Attributes:
        tp: Faulty and flagged.
        fp: Normal and flagged.
        fn: Faulty and not flagged.
        tn: Normal and not flagged.
    """

    tp: int
    fp: int
    fn: int
    tn: int

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.tp + other.tp, self.fp + other.fp, self.fn + other.fn, self.tn + other.tn
        )

    @property
    def precision(self) -> float | None:
        """Of flagged samples, those with a fault."""
        return _ratio(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> float | None:
        """Of samples with a fault, those flagged."""
        return _ratio(self.tp, self.tp + self.fn)

    @property
    def f1(self) -> float | None:
        """None without a fault: whatever is flagged, there is no recall."""
        return _ratio(2 * self.tp, 2 * self.tp + self.fp + self.fn) if self._has_fault else None

    @property
    def f2(self) -> float | None:
        """As ``f1``, recall weighted twice."""
        return _ratio(5 * self.tp, 5 * self.tp + self.fp + 4 * self.fn) if self._has_fault else None

    @property
    def false_alarm_rate(self) -> float | None:
        """Of normal samples, those flagged (FAR)."""
        return _ratio(self.fp, self.fp + self.tn)

    @property
    def missed_alarm_rate(self) -> float | None:
        """Of samples with a fault, those not flagged (MAR)."""
        return _ratio(self.fn, self.fn + self.tp)

    @property
    def _has_fault(self) -> bool:
        return self.tp + self.fn > 0


def count(flagged: Flags, label: Flags) -> Counts:
    """Count samples, both of shape (n,)."""
    tp, fp = int((flagged & label).sum()), int((flagged & ~label).sum())
    fn = int((~flagged & label).sum())
    return Counts(tp, fp, fn, len(label) - tp - fp - fn)


@dataclass(frozen=True, slots=True)
class Difference:
    """How much better one detector is than another on the same files.

    Attributes:
        f1: Pooled F1 of the first minus that of the second.
        low: 2.5 % of the resampled differences lie below.
        high: 2.5 % lie above.
        share_better: Of the resampled differences, those above 0.
    """

    f1: float
    low: float
    high: float
    share_better: float


def paired_bootstrap(
    a: Sequence[Counts], b: Sequence[Counts], seed: int, n: int = 2000
) -> Difference:
    """Resample whole files, the same for both: samples of one file are not independent.

    Args:
        a: Counts per file.
        b: Counts of the other detector on the same files in the same order.
        seed: Same seed, same interval.
        n: Resamples.

    Raises:
        TrainingError: If the files are not the same number, or none.
    """
    if len(a) != len(b) or not a:
        raise TrainingError(
            f"bootstrap: {len(a)} and {len(b)} files, allowed: as many in both, at least 1"
        )
    drawn = np.random.default_rng(seed).integers(0, len(a), (n, len(a)))
    differences = _pooled_f1(a, drawn) - _pooled_f1(b, drawn)
    whole = np.arange(len(a))[None, :]
    low, high = np.percentile(differences, [2.5, 97.5])
    return Difference(
        float((_pooled_f1(a, whole) - _pooled_f1(b, whole))[0]),
        float(low),
        float(high),
        float((differences > 0).mean()),
    )


def _pooled_f1(files: Sequence[Counts], drawn: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """Shape (n,), F1 over each draw of files (n, files); 0 for one without a fault or a flag."""
    rows = np.array([[file.tp, file.fp, file.fn] for file in files], np.float64)
    tp, fp, fn = rows[drawn].sum(axis=1).T
    return np.asarray(2 * tp / np.maximum(2 * tp + fp + fn, 1))


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None
