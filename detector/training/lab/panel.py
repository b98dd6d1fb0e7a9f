"""A model and what stands beside it, and what they say of one session: a task of its own."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from detector.alarms.lifecycle import AlarmRule, rule_of
from detector.scoring.bundle import Bundle
from detector.training.fitting.beside import beside
from detector.training.lab.cases import Case
from detector.training.lab.commissioned import NOT_COMMISSIONED, commission_case, scored
from detector.training.lab.judging import AT_ONCE, Scores, judge
from detector.training.lab.metrics import LabelledScores


@dataclass(frozen=True, slots=True)
class Panel:
    """Who judges.

    Attributes:
        bundle: The model.
        beside: By row, what stands beside it, judged by the fleet's level.
        rule: How many windows raise and clear an alarm.
        commission_min: Minutes of its own running that each session's machine is commissioned
            in; None: it is not.
    """

    bundle: Bundle
    beside: tuple[tuple[str, Bundle], ...]
    rule: AlarmRule
    commission_min: float | None

    @property
    def name(self) -> str:
        """Of the model."""
        return self.bundle.name


@dataclass(frozen=True, slots=True)
class Heard:
    """What a panel says of a case.

    Attributes:
        own: The model's scores.
        verdicts: By row, the model's own first.
    """

    own: Scores
    verdicts: tuple[tuple[str, LabelledScores], ...]


def panel_of(bundle: Bundle, *, ablate: bool, commission_min: float | None) -> Panel:
    """A model, its floor rows, and with ``ablate`` itself with each part of the score left out."""
    fleet = [(NOT_COMMISSIONED, bundle)] if commission_min is not None else []
    others = (*fleet, *beside(bundle, ablate=ablate))
    return Panel(bundle, others, rule_of(AT_ONCE, bundle.card()), commission_min)


def hear(panel: Panel, case: Case) -> Heard:
    """Judge a case by every row that looks at it.

    Raises:
        CommissionError: If too little of it is normal to be commissioned in.
        SessionFileError: If it does not fit the model.
    """
    torch.set_num_threads(1)  # sums of several threads may differ from machine to machine
    by = commission_case(panel.bundle, case, panel.commission_min)
    own = scored(panel.bundle, case, by)
    verdicts = [(panel.name, judge(case, own, panel.rule))]
    for name, variant in panel.beside:
        verdicts.append((name, judge(case, scored(variant, case, by.without), panel.rule)))
    return Heard(own, tuple(verdicts))
