"""From the arguments of ``train`` to a front end."""

from __future__ import annotations

import argparse

from detector.errors import TrainingError
from detector.frontends.plans import FrontEndPlan
from detector.scoring.bundle import Bundle, load_bundle
from detector.training.data.dataset import Dataset
from detector.training.data.front_ends import USUAL, FrontEndChoice

NONE = "none"
SPEED = "rpm"
BANDS = 5
WINDOWS = {"window": 10, "waveform": 4}  # feature samples that a model looks at together
WAVEFORM = "waveform"
OF_WAVEFORMS = {"bearing": "--bearing", "teeth": "--teeth", "machine_class": "--machine-class"}
OPTIONS = {"block": "--block", "hop": "--hop", "speed": "--speed", **OF_WAVEFORMS}


def beside_of(args: argparse.Namespace) -> tuple[str, ...]:
    """Channels to read beside the features: the speed, ``rpm`` only where there is one, conditions.

    Raises:
        BundleError: If the base cannot be loaded.
        TrainingError: If an option of a front end comes without one.
    """
    if args.base is not None:
        front = load_bundle(args.base).front
        return () if front is None else front.conditions
    if args.front_end == NONE:
        if given := _given(args, OPTIONS):
            raise TrainingError(f"{', '.join(given)} without --front-end, allowed: with one")
        return ()
    return (args.speed or SPEED, *args.conditions)


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
    _refuse_unknown("--speed", [] if args.speed is None else [speed], dataset)
    _refuse_unknown("--conditions", args.conditions, dataset)
    if args.front_end != WAVEFORM and (wrong := _given(args, OF_WAVEFORMS)):
        raise TrainingError(f"{', '.join(wrong)}: allowed with --front-end {WAVEFORM}")
    block_s, hop_s = USUAL[args.front_end]
    chosen = FrontEndChoice(
        kind=args.front_end,
        block_s=args.block or block_s,
        hop_s=args.hop or min(hop_s, args.block or hop_s),
        speed=speed if speed in dataset.features else None,
        rpm=args.rpm,
        bands=args.bands or BANDS,
        bearing=args.bearing,
        teeth=args.teeth,
        machine_class=args.machine_class,
        conditions=tuple(args.conditions),
    )
    _refuse(chosen, dataset.sampling_period_s)
    return chosen


def _refuse_unknown(option: str, wanted: list[str], dataset: Dataset) -> None:
    if unknown := [name for name in wanted if name not in dataset.features]:
        found = ", ".join(dataset.features)
        raise TrainingError(f"{option} {', '.join(unknown)}: no such column; found {found}")


def window_of(front: FrontEndChoice | FrontEndPlan, dataset: Dataset) -> int:
    """Feature samples in a window: as usual, or what the longest session has, as of bursts."""
    if not isinstance(front, FrontEndChoice):
        return WINDOWS["window"]
    longest_s = max(len(session.ts) for session in dataset.sessions) * dataset.sampling_period_s
    blocks = int((longest_s - front.block_s) / front.hop_s + 1e-6) + 1
    return max(min(WINDOWS[front.kind], blocks), 1)


def window_period(front: FrontEndChoice | FrontEndPlan | None, dataset: Dataset) -> float:
    """Seconds from one window to the next."""
    period_s = dataset.sampling_period_s
    if front is None:
        return period_s
    if isinstance(front, FrontEndChoice):
        return max(round(front.hop_s / period_s), 1) * period_s
    return front.hop * front.sampling_period_s


def _given(args: argparse.Namespace, options: dict[str, str]) -> list[str]:
    return [shown for name, shown in options.items() if getattr(args, name) is not None]


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
