"""``evaluate``: the fault lab."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from tqdm import tqdm

from detector.cli.models.limits import limits
from detector.cli.models.progress import ProgressFile, ToldBar
from detector.cli.reading_options import hints_of
from detector.errors import TrainingError
from detector.scoring.bundle import Bundle, load_bundle
from detector.tasks.choice import executor_for
from detector.training.lab.evaluate import SEVERITIES, Injection, families_named, read_cases
from detector.training.lab.lab import measure
from detector.training.lab.limits import LIMIT_SEVERITIES
from detector.training.lab.report import as_json, as_markdown, as_text, draw, refuse_picture

LIMIT_SEEDS = 3  # cases of each family and severity behind a limit


def evaluate(args: argparse.Namespace) -> str:
    """Tell what models catch in sessions with known faults, beside the floor rows.

    Raises:
        CommissionError: If a session or a model cannot be commissioned.
        SettingsError: If who is to judge cannot.
        TrainingError: If an option is refused, or there is nothing to judge.
    """
    if args.png is not None:
        refuse_picture(args.png)
    if args.false_alarms_per_day is not None and not args.limits:
        raise TrainingError("--false-alarms-per-day without --limits, allowed: both, or neither")
    families = families_named(args.faults)
    bundles = [load_bundle(path) for path in args.model]
    to_put_in = _injection(args, families, bundles) if families else None
    injection = None if args.limits else to_put_in  # limits need the sessions as they are, too
    cases = list(read_cases(args.sessions, injection, hints_of(args)))
    with closing(executor_for(args.workers, args.engine, args.address)) as executor:
        if args.limits:
            return limits(args, cases, to_put_in, bundles, executor)
        lab = measure(
            cases, bundles, ablate=args.ablate, seed=args.seed,
            progress=_progress_to(args.progress), commission_min=args.commission,
            executor=executor,
        )  # fmt: skip
    if args.png is not None:
        draw(lab, args.png)
    if args.json:
        return as_json(lab)
    return as_markdown(lab) if args.markdown else as_text(lab)


def _injection(
    args: argparse.Namespace, families: tuple[str, ...], bundles: Sequence[Bundle]
) -> Injection:
    """Faults in features that every model sees, while the machine runs as the first one has it."""
    running = bundles[0].document.running
    shared = [f for f in bundles[0].inputs if all(f in bundle.inputs for bundle in bundles)]
    severities = LIMIT_SEVERITIES if args.limits else SEVERITIES
    count = args.seeds or (LIMIT_SEEDS if args.limits else 1)
    return Injection(
        families,
        severities=tuple(args.severities or severities),
        seeds=tuple(range(args.seed, args.seed + count)),
        features=tuple(shared),
        running=None if running is None else running.signal(),
    )


def _progress_to(path: Path | None) -> Callable[[int, str], ToldBar]:
    file = ProgressFile(path)

    def bar(total: int, what: str) -> ToldBar:
        shown = tqdm(total=total, unit="session", desc=what, leave=False, dynamic_ncols=True,
                     disable=not sys.stderr.isatty())  # fmt: skip
        return ToldBar(file, shown, what, total)

    return bar
