"""``evaluate --limits``: how small a fault each model finds."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from tqdm import tqdm

from detector.scoring.bundle import Bundle
from detector.tasks.contract import Executor
from detector.training.lab.cases import Case
from detector.training.lab.evaluate import Injection
from detector.training.lab.limit_picture import draw
from detector.training.lab.limit_report import as_json, as_markdown, as_text
from detector.training.lab.trials import Judges, measure_limits

LEVEL_PER_DAY = 1 / 3  # one false alarm in 72 h


def limits(
    args: argparse.Namespace,
    cases: Sequence[Case],
    injection: Injection | None,
    bundles: Sequence[Bundle],
    executor: Executor,
) -> str:
    """Tell detection limits of models in sessions, beside the floor rows.

    Args:
        args: Of ``evaluate``.
        cases: The sessions as they were recorded.
        injection: What to put into the normal ones.
        bundles: The models.
        executor: Who judges.
    """
    lab = measure_limits(
        cases,
        injection,
        [
            Judges(bundle, ablate=args.ablate, seed=args.seed, commission_min=args.commission)
            for bundle in bundles
        ],
        level_per_day=args.false_alarms_per_day or LEVEL_PER_DAY,
        seed=args.seed,
        progress=_progress,
        executor=executor,
    )
    if args.png is not None:
        draw(lab, args.png)
    if args.json:
        return as_json(lab)
    return as_markdown(lab) if args.markdown else as_text(lab)


def _progress(total: int, what: str) -> tqdm[None]:
    return tqdm(total=total, unit=what, desc=f"{what}s", leave=False, dynamic_ncols=True)
