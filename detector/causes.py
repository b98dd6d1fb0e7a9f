"""What made a score, where a front end tells more than the feature."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cause:
    """A column of a front end that made a score.

    Attributes:
        column: For example ``acc_z.order2``.
        share: Of the score, 0..1.
        away: How far the window lies from the column's normal, in its unit.
        unit: Of the column, for example ``dB``.
        words: The same as a sentence.
    """

    column: str
    share: float
    away: float
    unit: str
    words: str = ""
