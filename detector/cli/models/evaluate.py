"""``evaluate``: the fault lab."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from tqdm import tqdm

from detector.scoring.bundle import Bundle, load_bundle
from detector.training.lab.evaluate import Injection, families_named, read_cases
from detector.training.lab.lab import measure
from detector.training.lab.report import as_json, as_markdown, as_text, draw, refuse_picture


def evaluate(args: argparse.Namespace) -> str:
    """Tell what models catch in sessions with known faults, beside the floor rows."""
    if args.png is not None:
        refuse_picture(args.png)
    families = families_named(args.faults)
    bundles = [load_bundle(path) for path in args.model]
    injection = _injection(args, families, bundles) if families else None
    cases = list(read_cases(args.sessions, injection))
    lab = measure(cases, bundles, ablate=args.ablate, seed=args.seed, progress=_progress)
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
    shared = [f for f in bundles[0].features if all(f in bundle.features for bundle in bundles)]
    return Injection(
        families,
        severities=tuple(args.severities),
        seeds=tuple(range(args.seed, args.seed + args.seeds)),
        features=tuple(shared),
        running=None if running is None else running.signal(),
    )


def _progress(total: int, what: str) -> tqdm[None]:
    return tqdm(
        total=total, unit="session", desc=what, leave=False, dynamic_ncols=True, disable=None
    )
