"""``train``: from sessions to a bundle."""

from __future__ import annotations

import argparse
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from detector.cli.models.steps import progress_bar
from detector.cli.models.train_arguments import AUTO, RESUME, read_dataset, read_options, say
from detector.cli.reading_options import hints_of
from detector.errors import TrainingError
from detector.networks.base import NETWORKS
from detector.networks.places import choose_device, in_words
from detector.scoring.bundle import Bundle, save_bundle
from detector.tasks.choice import executor_for
from detector.training import train as training
from detector.training.data.dataset import Dataset
from detector.training.fitting.plan import TrainOptions


def train(args: argparse.Namespace) -> str:
    """Train a bundle and write it."""
    if args.out.exists() and not args.out.is_dir():
        raise TrainingError(f"--out {args.out}: a file, allowed: a folder")
    _refuse_apart(args)
    place = choose_device(args.device)
    dataset = read_dataset(args)
    options = read_options(args, dataset)
    if options.recipe.name in NETWORKS or args.network == AUTO:
        say(f"networks are trained on {in_words(place)}")
    if args.network == AUTO:
        options = _chosen(args, dataset, options, place.type)
    bundle = training.train(dataset, options, args.out.name)
    if args.threshold == "f2":
        from detector.training.lab.labelled import place_f2

        bundle = place_f2(
            bundle, args.labelled, options.conditioning.threshold_rule, hints_of(args)
        )
    save_bundle(bundle, args.out)
    _forget_checkpoints(args.out)
    return "\n".join([*_told(bundle), f"written: {args.out} ({_size_kb(args.out):.0f} kB)"])


def _refuse_apart(args: argparse.Namespace) -> None:
    given = (args.workers, args.engine, args.address)
    if args.network != AUTO and any(one is not None for one in given):
        raise TrainingError(
            "--workers, --engine or --address with one network: one training is one process, "
            "allowed: with --network auto"
        )


def _chosen(
    args: argparse.Namespace, dataset: Dataset, options: TrainOptions, device: str
) -> TrainOptions:
    """The options with the best of the candidates, the comparison told.

    Args:
        args: Of ``train``.
        dataset: Normal sessions.
        options: For all candidates.
        device: Kind that this machine trains on; no other machine takes another one.
    """
    from detector.training.select import choose_network

    if args.engine == "ray" and device != "cpu":
        raise TrainingError(
            f"--engine ray, --device {args.device}: candidates get a CPU of the cluster and no "
            "GPU, allowed: --device cpu"
        )
    options = replace(options, recipe=replace(options.recipe, device=device))
    with (
        closing(executor_for(args.workers, args.engine, args.address)) as executor,
        progress_bar() as tell,
    ):
        options, told = choose_network(dataset, options, args.candidates, tell, executor)
    say(told)
    return options


def _told(bundle: Bundle) -> list[str]:
    metrics = bundle.document.metrics
    lines = [bundle.card().provenance]
    if "held_out_mse" in metrics:
        beside = ""
        if "pca_held_out_mse_of_block_1" in metrics:
            beside = (
                f" (block 1: {metrics['held_out_mse_of_block_1']:.4f}; PCA with as many "
                f"components {metrics['pca_held_out_mse_of_block_1']:.4f})"
            )
        lines.insert(0, f"held-out MSE {metrics['held_out_mse']:.4f}{beside}")
    return lines


def _forget_checkpoints(out: Path) -> None:
    folder = out / RESUME
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


def _size_kb(folder: Path) -> float:
    return sum(file.stat().st_size for file in folder.iterdir() if file.is_file()) / 1000
