"""From the arguments of ``train`` to a front end."""

from __future__ import annotations

import argparse

from detector.errors import TrainingError
from detector.frontends.plans import FrontEndPlan
from detector.scoring.bundle import Bundle, load_bundle
from detector.training.data.dataset import Dataset
from detector.training.data.front_ends import BLOCK_S, HOP_S, FrontEndChoice

NONE = "none"
SPEED = "rpm"
BANDS = 5
WINDOW = 10  # feature samples that a model looks at together
OPTIONS = {"block": "--block", "hop": "--hop", "speed": "--speed"}


def beside_of(args: argparse.Namespace) -> tuple[str, ...]:
    """Channels to read beside the features: the speed, ``rpm`` only where there is one.

    Raises:
        BundleError: If the base cannot be loaded.
        TrainingError: If an option of a front end comes without one.
    """
    if args.base is not None:
        front = load_bundle(args.base).front
        return () if front is None else front.conditions
    if args.front_end == NONE:
        if given := [shown for name, shown in OPTIONS.items() if getattr(args, name) is not None]:
            raise TrainingError(f"{', '.join(given)} without --front-end, allowed: with one")
        return ()
    return (args.speed or SPEED,)


def front_end_of(
    args: argparse.Namespace, dataset: Dataset, base: Bundle | None
) -> FrontEndChoice | FrontEndPlan | None:
    """What was asked for; the base's own where there is one.

    Raises:
        TrainingError: If it does not fit the sessions.
    """
    if base is not None:
        return base.document.front_end
    if args.front_end == NONE:
        return None
    speed = args.speed or SPEED
    if args.speed is not None and speed not in dataset.features:
        found = ", ".join(dataset.features)
        raise TrainingError(f"--speed {speed}: no such column; found {found}")
    chosen = FrontEndChoice(
        kind=args.front_end,
        block_s=args.block or BLOCK_S,
        hop_s=args.hop or HOP_S,
        speed=speed if speed in dataset.features else None,
        rpm=args.rpm,
        bands=args.bands or BANDS,
    )
    _refuse(chosen, dataset.sampling_period_s)
    return chosen


def default_network(args: argparse.Namespace) -> str:
    """What is trained where none is named."""
    return "lstm_ae" if args.front_end == NONE else "pca"


def _refuse(chosen: FrontEndChoice, period_s: float) -> None:
    if chosen.hop_s < period_s * 0.999:
        raise TrainingError(
            f"--hop {chosen.hop_s:g} s: samples come every {period_s:g} s, allowed: no less"
        )
    if chosen.hop_s > chosen.block_s:
        raise TrainingError(
            f"--hop {chosen.hop_s:g} s: blocks of {chosen.block_s:g} s would leave samples out, "
            "allowed: no longer than a block"
        )
