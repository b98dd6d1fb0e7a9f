"""Sessions judged by their machine's own level, learnt from some minutes of themselves."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from detector.commissioning.recorded import own_of_case
from detector.normal.level import Own
from detector.records import Flags
from detector.scoring.bundle import Bundle
from detector.training.lab.cases import Case
from detector.training.lab.judging import Scores, scores_in

NOT_COMMISSIONED = "not commissioned"  # the row of the same model by its fleet's level


@dataclass(frozen=True, slots=True)
class Commissioned:
    """What a case's machine was commissioned with.

    Attributes:
        own: Its own normal; None: it is judged by the fleet's.
        used: Shape (n,), samples that it was learnt from, which are not judged.
    """

    own: Own | None
    used: Flags

    @property
    def without(self) -> Commissioned:
        """The same samples judged by the fleet's level."""
        return replace(self, own=None)


def commission_case(bundle: Bundle, case: Case, minutes: float | None) -> Commissioned:
    """Learn from a case's first settled running without a fault.

    Args:
        bundle: The model.
        case: One session.
        minutes: Of running to learn from; None: nothing is learnt.

    Raises:
        CommissionError: If too little of it is normal.
        SessionFileError: If it does not fit the model.
    """
    if minutes is None:
        return Commissioned(None, np.zeros_like(case.label))
    return Commissioned(*own_of_case(bundle, case.recording, case.label, minutes))


def scored(bundle: Bundle, case: Case, by: Commissioned) -> Scores:
    """What a model says of a case; the samples that were learnt from are not judged."""
    scores = scores_in(bundle, case.recording, by.own)
    if not by.used.any():
        return scores
    learnt_from = np.isin(scores.ts, case.recording.samples.ts[by.used])
    return replace(scores, judged=scores.judged & ~learnt_from)
